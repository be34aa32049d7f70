import type { HistoryDiff, HistoryDifference } from "@entrepot/api";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Empty, Flex, Table, type TableColumnsType, Tag } from "antd";
import { useDoing } from "../../parts/ask.tsx";
import { Digest } from "../../parts/copy.tsx";
import { KindName } from "../../parts/kind-name.tsx";
import { Count } from "../../parts/units.tsx";
import { useRestoring } from "../../parts/use-restoring.ts";
import { useTexts } from "../../texts.ts";
import { More } from "./more.tsx";
import type { Past } from "./past.ts";

const COLOURS = { created: "success", gone: "error", moved: "processing", changed: "warning" };
type Operation = HistoryDifference["operation"];
const OPERATIONS = Object.keys(COLOURS) as Operation[];

/** What is otherwise now than it was at the moment: what came, went and moved. */
export function Difference({
  past,
  at,
  first,
}: {
  readonly past: Past;
  readonly at: string;
  /** The first page, which tells the counts. */
  readonly first: HistoryDiff | undefined;
}) {
  const t = useTexts("timeline");
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...past.key, "diff", at, "rest"],
    queryFn: async ({ pageParam }) => (await past.diff(at, pageParam)).body,
    initialPageParam: first?.next ?? "",
    getNextPageParam: ({ next }) => next ?? undefined,
    enabled: first?.next != null,
  });
  const rows = [first, ...(data?.pages ?? [])].flatMap((page) => page?.differences ?? []);
  return (
    <>
      {first?.counts && (
        <Flex gap={4} wrap style={{ marginBottom: 12 }}>
          {OPERATIONS.filter((name) => first.counts![name] > 0).map((name) => (
            <Tag key={name} color={COLOURS[name]}>
              {t(`operation.${name}`)} <Count value={first.counts![name]} />
            </Tag>
          ))}
        </Flex>
      )}
      <Table<HistoryDifference>
        aria-label={t("tab.difference")}
        size="middle"
        loading={first === undefined}
        dataSource={rows}
        rowKey={({ resource_type, resource }) => `${resource_type} ${resource}`}
        columns={useColumns(at)}
        pagination={false}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: <Empty description={t("difference.none")} /> }}
      />
      <More has={hasNextPage} busy={isFetchingNextPage} more={() => void fetchNextPage()} />
    </>
  );
}

function useColumns(at: string): TableColumnsType<HistoryDifference> {
  const t = useTexts("timeline");
  const { run } = useDoing();
  const { prepare } = useRestoring();
  return [
    {
      title: t("column.since"),
      render: (_, { operation }) => (
        <Tag color={COLOURS[operation]}>{t(`operation.${operation}`)}</Tag>
      ),
    },
    {
      title: t("column.name"),
      render: (_, { resource_type, resource }) => (
        <>
          <KindName kind={resource_type} name={resource} />
        </>
      ),
    },
    { title: t("column.then"), render: (_, row) => <Digest value={row.from_digest} /> },
    { title: t("column.now"), render: (_, row) => <Digest value={row.to_digest} /> },
    {
      title: t("column.action"),
      render: (_, { resource }) => (
        <Button
          size="small"
          aria-label={t("restore.one", { name: resource })}
          onClick={() => void run(() => prepare({ name: resource, at }))}
        >
          {t("restore.row")}
        </Button>
      ),
    },
  ];
}
