import { Alert, Table, Tag, Typography } from "antd";
import { Digest } from "../../parts/copy.tsx";
import { Bytes } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import type { ComparedLayer, SettingDifference } from "./compare-images.ts";

const COLOURS = { both: "default", left: "warning", right: "success" } as const;

/** The layers of two images, and which of them has each. */
export function ComparedLayers({ layers }: { readonly layers: readonly ComparedLayer[] }) {
  const t = useTexts("artifacts");
  return (
    <section>
      <Typography.Title level={2} style={{ fontSize: 17 }}>
        {t("tab.layers")}
      </Typography.Title>
      <Table
        aria-label={t("tab.layers")}
        size="small"
        rowKey="digest"
        pagination={false}
        scroll={{ x: "max-content" }}
        dataSource={[...layers]}
        columns={[
          {
            title: t("compare.where"),
            filters: (["both", "left", "right"] as const).map((side) => ({
              text: t(`side.${side}`),
              value: side,
            })),
            onFilter: (side, layer) => layer.side === side,
            render: (_, { side }) => <Tag color={COLOURS[side]}>{t(`side.${side}`)}</Tag>,
          },
          {
            title: t("layers.command"),
            render: (_, { command }) => (
              <code className="step">{command ?? t("layers.unknown")}</code>
            ),
          },
          { title: t("size"), align: "right", render: (_, { size }) => <Bytes value={size} /> },
          { title: t("digest"), render: (_, { digest }) => <Digest value={digest} /> },
        ]}
      />
    </section>
  );
}

/** How two images are run differently. */
export function ComparedSettings({
  settings,
}: {
  readonly settings: readonly SettingDifference[];
}) {
  const t = useTexts("artifacts");
  const side = (value: string | null) =>
    value === null ? "–" : <span className="code broken">{value || '""'}</span>;
  return (
    <section>
      <Typography.Title level={2} style={{ fontSize: 17 }}>
        {t("compare.settings")}
      </Typography.Title>
      {settings.length === 0 ? (
        <Alert type="success" title={t("compare.same")} />
      ) : (
        <Table
          aria-label={t("compare.settings")}
          size="small"
          rowKey="name"
          pagination={false}
          dataSource={[...settings]}
          columns={[
            { title: t("compare.setting"), render: (_, { name }) => <strong>{name}</strong> },
            { title: t("compare.left"), render: (_, { left }) => side(left) },
            { title: t("compare.right"), render: (_, { right }) => side(right) },
          ]}
        />
      )}
    </section>
  );
}
