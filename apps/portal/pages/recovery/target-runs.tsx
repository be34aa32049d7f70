import type { BackupRun, BackupTarget } from "@entrepot/api";
import { Button } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { ExecutionProgress } from "../../parts/execution-progress.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { jobLog } from "../../parts/task-log.ts";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";

const EVERY_MS = 2_000;

/** Runs of a target: backups, checks of what lies there, removals; each with its log. */
export function TargetRuns({ target }: { readonly target: BackupTarget }) {
  const t = useTexts("recovery");
  const params = { id: target.id };
  return (
    <ApiTable<BackupRun>
      name="runs"
      label={t("target.runs")}
      queryKey={["backups", "runs", target.id]}
      load={({ page, page_size }) => api.backups.executions({ params, query: { page, page_size } })}
      rowKey={({ id }) => id}
      refreshMs={EVERY_MS}
      columns={useColumns(target.id)}
      below={({ task_id }) =>
        task_id !== null && <LogView source={jobLog(task_id)} label={t("log")} height={280} />
      }
      empty={<NothingYet title={t("target.noRuns")}>{t("target.noRunsAbout")}</NothingYet>}
    />
  );
}

function useColumns(target: number): Columns<BackupRun> {
  const t = useTexts("recovery");
  const { run } = useDoing();
  return [
    { title: t("column.what"), render: (_, { kind }) => t(`run.${kind}`) },
    { title: t("column.trigger"), render: (_, { trigger }) => t(`trigger.${trigger}`) },
    { title: t("column.started"), render: (_, { start_time }) => <When time={start_time} /> },
    {
      title: t("column.progress"),
      render: (_, item) => (
        <ExecutionProgress
          run={{
            status: item.status,
            statusText: item.status_text,
            startTime: item.start_time,
            endTime: item.end_time ?? undefined,
            bytes: { done: numberIn(item.progress, "bytesSent"), total: null },
          }}
        />
      ),
    },
    {
      title: t("column.action"),
      render: (_, { id, status }) =>
        status === "Running" && (
          <Button
            size="small"
            onClick={() =>
              void run(
                () => api.backups.stop({ params: { id: target, execution_id: id } }),
                t("stopping"),
              )
            }
          >
            {t("stop")}
          </Button>
        ),
    },
  ];
}

function numberIn(progress: Readonly<Record<string, unknown>>, field: string): number {
  const value = progress[field];
  return typeof value === "number" ? value : 0;
}
