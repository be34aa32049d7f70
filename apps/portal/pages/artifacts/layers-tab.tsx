import { Table, Typography } from "antd";
import { Digest } from "../../parts/copy.tsx";
import { Bytes, Count } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import type { ImageContent } from "./image-content.ts";

/** Layers with their sizes, beside the steps of the build that made them. */
export function LayersTab({ content: { steps, layers } }: { readonly content: ImageContent }) {
  const t = useTexts("artifacts");
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  const rows = steps.map((step, n) => ({ ...step, n: n + 1 }));
  return (
    <>
      <Typography.Paragraph type="secondary">
        {t("layers.sum", { count: layers.length })} <Bytes value={total} />
      </Typography.Paragraph>
      <Table
        aria-label={t("tab.layers")}
        size="small"
        rowKey="n"
        pagination={false}
        scroll={{ x: "max-content" }}
        dataSource={rows}
        columns={[
          { title: "#", align: "right", render: (_, { n }) => <Count value={n} /> },
          {
            title: t("layers.command"),
            render: (_, { command }) => (
              <code className="step">{command ?? t("layers.unknown")}</code>
            ),
          },
          {
            title: t("size"),
            align: "right",
            render: (_, step) =>
              "size" in step ? <Share size={step.size} of={total} /> : t("layers.empty"),
          },
          {
            title: t("digest"),
            render: (_, step) => ("digest" in step ? <Digest value={step.digest} /> : "–"),
          },
        ]}
      />
    </>
  );
}

/** A size with a bar of what part of the whole it is. */
function Share({ size, of }: { readonly size: number; readonly of: number }) {
  return (
    <div style={{ minWidth: 110 }}>
      <Bytes value={size} />
      <div className="share" style={{ width: `${of > 0 ? (size / of) * 100 : 0}%` }} />
    </div>
  );
}
