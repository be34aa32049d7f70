import { Descriptions, Flex } from "antd";
import { Digest } from "../../parts/copy.tsx";
import { Bytes } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { RawText } from "./raw-text.tsx";
import type { LoadedArtifact } from "./use-artifact.ts";

/** The manifest as it was pushed, with its annotations. */
export function ManifestTab({ loaded: { raw, content } }: { readonly loaded: LoadedArtifact }) {
  const t = useTexts("artifacts");
  const annotations = Object.entries(content.annotations);
  return (
    <Flex vertical gap={16}>
      <Descriptions
        size="small"
        column={{ xs: 1, md: 3 }}
        items={[
          { key: "digest", label: t("digest"), children: <Digest value={raw.digest} /> },
          {
            key: "type",
            label: t("mediaType"),
            children: <span className="code broken">{raw.media_type}</span>,
          },
          { key: "size", label: t("size"), children: <Bytes value={raw.size} /> },
        ]}
      />
      {annotations.length > 0 && (
        <Descriptions
          bordered
          size="small"
          column={1}
          title={t("annotations")}
          items={annotations.map(([name, value]) => ({
            key: name,
            label: <span className="code broken">{name}</span>,
            children: <span className="broken">{value}</span>,
          }))}
        />
      )}
      <RawText title={t("manifest.raw")} text={raw.manifest} open />
    </Flex>
  );
}
