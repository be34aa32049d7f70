import type { BackupSnapshot, BackupTarget } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Empty, Table, Tag } from "antd";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { Bytes, Count, When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";

/** What a target holds: snapshots, each with the changes after it. */
export function Snapshots({ target }: { readonly target: BackupTarget }) {
  const t = useTexts("recovery");
  const { data, error, refetch } = useQuery({
    queryKey: ["backups", "snapshots", target.id, target.newest?.seq],
    queryFn: async () => (await api.backups.snapshots({ params: { id: target.id } })).body,
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  return (
    <Table<BackupSnapshot>
      aria-label={t("target.snapshots")}
      size="middle"
      loading={data === undefined}
      dataSource={data?.toReversed() ?? []}
      rowKey={({ id }) => id}
      pagination={false}
      scroll={{ x: "max-content" }}
      locale={{ emptyText: <Empty description={t("target.noSnapshots")} /> }}
      columns={[
        { title: t("snapshot.id"), dataIndex: "id", className: "code" },
        { title: t("snapshot.from"), render: (_, { from }) => <When time={from?.at} /> },
        { title: t("snapshot.to"), render: (_, { to }) => <When time={to?.at} /> },
        { title: t("snapshot.segments"), render: (_, row) => <Count value={row.segments} /> },
        { title: t("snapshot.blobs"), render: (_, row) => <Count value={row.blobs} /> },
        { title: t("snapshot.bytes"), render: (_, row) => <Bytes value={row.bytes} /> },
        {
          title: t("snapshot.problems"),
          render: (_, { problems }) =>
            problems.length === 0 ? (
              <Tag color="success">{t("snapshot.whole")}</Tag>
            ) : (
              problems.map((text) => (
                <Tag key={text} color="error">
                  {text}
                </Tag>
              ))
            ),
        },
      ]}
    />
  );
}
