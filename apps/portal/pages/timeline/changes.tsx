import type { HistoryEntry } from "@entrepot/api";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Checkbox, Empty, Flex, Input, Table, type TableColumnsType, Tag } from "antd";
import { useState } from "react";
import { useDoing } from "../../parts/ask.tsx";
import { Digest } from "../../parts/copy.tsx";
import { Failure } from "../../parts/failure.tsx";
import { KindName } from "../../parts/kind-name.tsx";
import { When } from "../../parts/units.tsx";
import { useRestoring } from "../../parts/use-restoring.ts";
import { type Text, useTexts } from "../../texts.ts";
import { More } from "./more.tsx";
import type { Past } from "./past.ts";

const COLOURS = { create: "success", update: "processing", repeat: "default", delete: "error" };

/** What changed up to the moment (null: until now), newest first: by whom, and through what. */
export function Changes({
  past,
  at,
  show,
}: {
  readonly past: Past;
  readonly at: string | null;
  readonly show: (moment: string) => void;
}) {
  const t = useTexts("timeline");
  const [deletions, setDeletions] = useState(false);
  const [username, setUsername] = useState("");
  const query = {
    ...(at !== null && { until: at }),
    ...(deletions && { deletions: true }),
    ...(username && { username }),
  };
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...past.key, "list", query],
    queryFn: ({ pageParam }) =>
      past.list({ ...query, ...(pageParam > 0 && { older_than: pageParam }) }),
    initialPageParam: 0,
    getNextPageParam: ({ next, body }) => (next === null ? undefined : body.at(-1)?.seq),
  });
  if (error) return <Failure error={error} />;
  return (
    <>
      <Flex gap={16} wrap align="center" style={{ marginBottom: 12 }}>
        <Input.Search
          allowClear
          aria-label={t("changes.by")}
          placeholder={t("changes.by")}
          style={{ maxWidth: 260 }}
          onSearch={setUsername}
        />
        <Checkbox checked={deletions} onChange={({ target }) => setDeletions(target.checked)}>
          {t("changes.deletions")}
        </Checkbox>
      </Flex>
      <Table<HistoryEntry>
        aria-label={t("tab.changes")}
        size="middle"
        loading={data === undefined}
        dataSource={data?.pages.flatMap(({ body }) => body) ?? []}
        rowKey={({ seq }) => seq}
        columns={useColumns(t, show)}
        pagination={false}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: <Empty description={t("changes.none")} /> }}
      />
      <More has={hasNextPage} busy={isFetchingNextPage} more={() => void fetchNextPage()} />
    </>
  );
}

function useColumns(t: Text, show: (moment: string) => void): TableColumnsType<HistoryEntry> {
  const { run } = useDoing();
  const { prepare } = useRestoring();
  return [
    { title: t("column.seq"), dataIndex: "seq" },
    { title: t("column.when"), render: (_, { op_time }) => <When time={op_time} /> },
    {
      title: t("column.what"),
      render: (_, { operation, resource_type, resource }) => (
        <div style={{ maxWidth: 380, whiteSpace: "normal", overflowWrap: "anywhere" }}>
          <Tag color={COLOURS[operation]} style={{ marginInlineEnd: 6 }}>
            {t(`change.${operation}`)}
          </Tag>
          <KindName kind={resource_type} name={resource} />
        </div>
      ),
    },
    { title: t("column.before"), render: (_, row) => <Digest value={row.from_digest} /> },
    { title: t("column.after"), render: (_, row) => <Digest value={row.to_digest} /> },
    { title: t("column.who"), dataIndex: "username" },
    {
      title: t("column.cause"),
      render: (_, { cause }) => (
        <code title={cause}>{cause.length > 12 ? `${cause.slice(0, 12)}…` : cause}</code>
      ),
    },
    {
      title: t("column.action"),
      render: (_, { seq, cause }) => (
        <Flex gap={4}>
          <Button size="small" disabled={seq < 1} onClick={() => show(`seq:${seq - 1}`)}>
            {t("changes.before")}
          </Button>
          <Button size="small" onClick={() => void run(() => prepare({ cause }))}>
            {t("changes.undo")}
          </Button>
        </Flex>
      ),
    },
  ];
}
