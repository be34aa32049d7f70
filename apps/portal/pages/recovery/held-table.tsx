import type { Held } from "@entrepot/api";
import { Link } from "@tanstack/react-router";
import { Empty, Table } from "antd";
import { Bytes, Count, When } from "../../parts/units.tsx";
import { type Text, useTexts } from "../../texts.ts";

/** What nothing can pull any more and something keeps: by what, how much, and until when. */
export function HeldTable({ held, at }: { readonly held: readonly Held[]; readonly at?: string }) {
  const t = useTexts("recovery");
  const asOf = () => (
    <>
      {t("garbage.heldBy")} {at !== undefined && <When time={at} />}
    </>
  );
  return (
    <div className="sideways" tabIndex={0} role="region" aria-label={t("garbage.heldBy")}>
      <Table<Held>
        aria-label={t("garbage.heldBy")}
        title={asOf}
        size="middle"
        dataSource={held}
        rowKey={({ holder }) => holder}
        pagination={false}
        locale={{ emptyText: <Empty description={t("garbage.nothingHeld")} /> }}
        columns={[
          { title: t("garbage.holder"), render: (_, one) => holderOf(one, t) },
          { title: t("garbage.blobs"), render: (_, { blobs }) => <Count value={blobs} /> },
          { title: t("garbage.bytes"), render: (_, { bytes }) => <Bytes value={bytes} /> },
          { title: t("garbage.until"), render: (_, { until }) => <When time={until} /> },
        ]}
      />
    </div>
  );
}

/** Whoever holds something back, with the way to it. */
function holderOf({ holder, name }: Held, t: Text) {
  const [, kind = "", id] = /^(backup|restore):(\d+)$/.exec(holder) ?? [];
  if (kind === "backup") {
    const text = t("holder.backup", { name: name ?? id });
    return <Link to={`/recovery/backups/${id}` as string}>{text}</Link>;
  }
  if (kind === "restore") return t("holder.restore", { id });
  if (holder === "history") return <Link to="/recovery/bin">{t("holder.history")}</Link>;
  if (holder === "grace") return t("holder.grace");
  return holder === "uploads" ? t("holder.uploads") : holder;
}
