import { Alert, Descriptions, Flex, Typography } from "antd";
import { useTexts } from "../../texts.ts";
import { RawText } from "./raw-text.tsx";
import type { LoadedArtifact } from "./use-artifact.ts";

/** How an image is run: command, variables, ports, labels; and the config as it is. */
export function ConfigTab({ loaded: { raw, content } }: { readonly loaded: LoadedArtifact }) {
  const t = useTexts("artifacts");
  const settings = Object.entries(content.run).filter(([, value]) => !isEmpty(value));
  return (
    <Flex vertical gap={16}>
      {settings.length > 0 && (
        <Descriptions
          bordered
          size="small"
          column={1}
          items={settings.map(([name, value]) => ({
            key: name,
            label: name,
            children: <Value value={value} />,
          }))}
        />
      )}
      {raw.config?.text == null ? (
        <Alert
          type="info"
          title={t("config.none", { type: raw.config?.media_type ?? raw.media_type })}
        />
      ) : (
        <RawText title={t("config.raw")} text={raw.config.text} open={settings.length === 0} />
      )}
    </Flex>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (Array.isArray(value)) return value.map((item, n) => <Line key={n} text={String(item)} />);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).map(([key, item]) => (
      <Line key={key} text={isEmpty(item) ? key : `${key}=${textOf(item)}`} />
    ));
  }
  return <Line text={textOf(value)} />;
}

function Line({ text }: { readonly text: string }) {
  return (
    <div>
      <Typography.Text className="code broken">{text}</Typography.Text>
    </div>
  );
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === "" ||
  value === false ||
  (typeof value === "object" && Object.keys(value).length === 0);
