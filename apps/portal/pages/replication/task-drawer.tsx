import type { Task } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Drawer, Flex, Grid } from "antd";
import { api, routes } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { replicationLog } from "../../parts/task-log.ts";
import { useTexts } from "../../texts.ts";
import { FailureView } from "./failure-view.tsx";
import { TaskProgress } from "./task-progress.tsx";
import { TaskNames } from "./tasks-table.tsx";

/** Tasks looked through for the one that is asked for. */
const MOST = 2_000;

async function taskOf(executionId: number, id: number): Promise<Task | null> {
  let looked = 0;
  for await (const task of api.each(routes.executions.tasks, {
    params: { id: executionId },
  })) {
    if (task.id === id) return task;
    if (++looked === MOST) break;
  }
  return null;
}

/** One task: how far it is, why it failed and what to do, and its log as it is written. */
export function TaskDrawer({
  executionId,
  asked,
  close,
}: {
  readonly executionId: number;
  readonly asked: string | undefined;
  readonly close: () => void;
}) {
  const t = useTexts("replication");
  const wide = Grid.useBreakpoint().md ?? true;
  const id = Number(asked) || null;
  const { data: task, error } = useQuery({
    queryKey: ["executions", executionId, "task", id],
    queryFn: () => taskOf(executionId, id!),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.end_time === undefined ? 1_500 : false),
  });
  return (
    <Drawer
      open={id !== null}
      onClose={close}
      size={wide ? 760 : "100%"}
      destroyOnHidden
      title={t("task.title", { id: id ?? "" })}
    >
      {error && <Failure error={error} />}
      {id !== null && (
        <Flex vertical gap={16}>
          {task && (
            <>
              <span>
                <StatusTag status={task.status} /> {t(`operation.${task.operation}`)}{" "}
                <TaskNames task={task} />
              </span>
              {task.failure ? <FailureView failure={task.failure} /> : <TaskProgress task={task} />}
            </>
          )}
          <LogView source={replicationLog(executionId, id)} label={t("task.log")} height={480} />
        </Flex>
      )}
    </Drawer>
  );
}
