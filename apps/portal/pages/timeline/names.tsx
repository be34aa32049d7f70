import type { PastName } from "@entrepot/api";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Empty, Segmented, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { CopyButton, Digest } from "../../parts/copy.tsx";
import { Failure } from "../../parts/failure.tsx";
import { momentComponent } from "../../parts/moments.ts";
import { Bytes, When } from "../../parts/units.tsx";
import { type Text, useTexts } from "../../texts.ts";
import { More } from "./more.tsx";
import type { Past } from "./past.ts";
import type { Scope } from "./scope.ts";

type Kind = "tag" | "repository" | "project";

/** The names that there were at the moment. */
export function Names({
  past,
  scope,
  at,
}: {
  readonly past: Past;
  readonly scope: Scope;
  readonly at: string;
}) {
  const t = useTexts("timeline");
  const [kind, setKind] = useState<Kind>("tag");
  const kinds: readonly Kind[] =
    scope.repository !== undefined
      ? ["tag"]
      : scope.project !== undefined
        ? ["tag", "repository"]
        : ["tag", "repository", "project"];
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [...past.key, "at", at, kind],
    queryFn: ({ pageParam }) => past.at(at, kind, pageParam),
    initialPageParam: "",
    getNextPageParam: ({ next, body }) => (next === null ? undefined : body.at(-1)?.resource),
  });
  if (error) return <Failure error={error} />;
  return (
    <>
      {kinds.length > 1 && (
        <Segmented<Kind>
          aria-label={t("names.kind")}
          value={kind}
          onChange={setKind}
          style={{ marginBottom: 12 }}
          options={kinds.map((value) => ({ value, label: t(`names.${value}`) }))}
        />
      )}
      <Table<PastName>
        aria-label={t("tab.names")}
        size="middle"
        loading={data === undefined}
        dataSource={data?.pages.flatMap(({ body }) => body) ?? []}
        rowKey={({ resource }) => resource}
        columns={columnsOf(t, at, kind)}
        pagination={false}
        scroll={{ x: "max-content" }}
        locale={{ emptyText: <Empty description={t("names.none")} /> }}
      />
      <More has={hasNextPage} busy={isFetchingNextPage} more={() => void fetchNextPage()} />
    </>
  );
}

function columnsOf(t: Text, at: string, kind: Kind): TableColumnsType<PastName> {
  const ofTag: TableColumnsType<PastName> = [
    { title: t("column.digest"), render: (_, { digest }) => <Digest value={digest} /> },
    { title: t("column.size"), render: (_, { size }) => <Bytes value={size} /> },
    {
      title: t("column.pull"),
      render: (_, { resource }) => (
        <CopyButton text={`${location.host}/as-of/${momentComponent(at)}/${resource}`} />
      ),
    },
  ];
  return [
    { title: t("column.name"), dataIndex: "resource" },
    ...(kind === "tag" ? ofTag : []),
    { title: t("column.since-when"), render: (_, { op_time }) => <When time={op_time} /> },
    { title: t("column.who"), dataIndex: "username" },
  ];
}
