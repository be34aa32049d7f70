import type { BackupTarget, Drill } from "@entrepot/api";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Table } from "antd";
import { api } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { durationText, When } from "../../parts/units.tsx";
import { useLanguage, useTexts } from "../../texts.ts";

const EVERY_MS = 3_000;

/** Drills of `targets` together, newest first. */
export function DrillTable({ targets }: { readonly targets: readonly BackupTarget[] }) {
  const t = useTexts("recovery");
  const language = useLanguage();
  const found = useQueries({
    queries: targets.map(({ id }) => ({
      queryKey: ["drills", id],
      queryFn: async () => (await api.drills.list({ params: { id } })).body,
      refetchInterval: EVERY_MS,
    })),
  });
  const error = found.find((one) => one.error)?.error;
  if (error) return <Failure error={error} />;
  const rows = found
    .flatMap(({ data = [] }, n) => data.map((drill) => ({ drill, target: targets[n]! })))
    .toSorted((a, b) => b.drill.id - a.drill.id);
  const loaded = found.every(({ data }) => data !== undefined);
  if (loaded && rows.length === 0) {
    return (
      <NothingYet
        title={t("drills.none")}
        commands={targets.slice(0, 1).map(({ name }) => `entrepot drill run ${name} --wait`)}
      >
        {t("drills.noneAbout")}
      </NothingYet>
    );
  }
  const seconds = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : durationText(value * 1_000, language);
  return (
    <Table<{ drill: Drill; target: BackupTarget }>
      aria-label={t("drills.title")}
      size="middle"
      loading={!loaded}
      dataSource={rows}
      rowKey={({ drill }) => drill.id}
      pagination={{ pageSize: 15, hideOnSinglePage: true }}
      scroll={{ x: "max-content" }}
      columns={[
        {
          title: t("drills.drill"),
          render: (_, { drill, target }) => (
            <Link to={`/recovery/drills/${target.id}/${drill.id}` as string}>
              {t("drills.number", { id: drill.id })}
            </Link>
          ),
        },
        { title: t("drills.target"), render: (_, { target }) => target.name },
        { title: t("column.started"), render: (_, { drill }) => <When time={drill.start_time} /> },
        {
          title: t("column.status"),
          render: (_, { drill }) => <StatusTag status={drill.status} />,
        },
        {
          title: t("drills.recovery"),
          render: (_, { drill }) => seconds(drill.report?.recovery_seconds),
        },
        { title: t("backups.loss"), render: (_, { drill }) => seconds(drill.report?.loss_seconds) },
        {
          title: t("drills.problems"),
          render: (_, { drill }) =>
            drill.report?.problem_count ?? <ServerWords>{drill.status_text}</ServerWords>,
        },
      ]}
    />
  );
}
