import type { Execution, Task } from "@entrepot/api";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Button, Segmented, Typography } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { useTexts } from "../../texts.ts";
import { TaskDrawer } from "./task-drawer.tsx";
import { TaskProgress } from "./task-progress.tsx";

const STATUSES = ["Pending", "Scheduled", "InProgress", "Succeed", "Failed", "Stopped"] as const;

/** The tasks of a run, with how far each is; one is opened with its log. */
export function TasksTable({ execution }: { readonly execution: Execution }) {
  const t = useTexts("replication");
  const navigate = useNavigate();
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const status = STATUSES.find((one) => one === search["status"]);
  const go = (change: Record<string, string | undefined>) =>
    void navigate({ to: ".", search: { ...search, ...change } as never });
  const columns = useColumns((id) => go({ task: String(id) }));
  const { id, end_time: ended } = execution;
  return (
    <>
      <Typography.Title level={2} style={{ fontSize: 17 }}>
        {t("tasks.title")}
      </Typography.Title>
      <ApiTable<Task>
        label={t("tasks.title")}
        queryKey={["executions", id, "tasks", status, ended === undefined]}
        load={({ page, page_size }) =>
          api.executions.tasks({
            params: { id },
            query: { page, page_size, ...(status && { status }) },
          })
        }
        columns={columns}
        rowKey={(task) => task.id}
        {...(ended === undefined && { refreshMs: 1_500 })}
        tools={
          <div style={{ overflowX: "auto" }}>
            <Segmented
              value={status ?? "all"}
              aria-label={t("tasks.which")}
              options={[
                { value: "all", label: t("tasks.all") },
                ...STATUSES.map((value) => ({ value, label: t(`status.${value}`) })),
              ]}
              onChange={(chosen) =>
                go({ status: chosen === "all" ? undefined : chosen, page: undefined })
              }
            />
          </div>
        }
      />
      <TaskDrawer executionId={id} asked={search["task"]} close={() => go({ task: undefined })} />
    </>
  );
}

function useColumns(open: (id: number) => void): Columns<Task> {
  const t = useTexts("replication");
  return [
    {
      title: t("task.what"),
      key: "what",
      render: (_, task) => (
        <div style={{ maxWidth: 420, whiteSpace: "normal" }}>
          {t(`operation.${task.operation}`)} <TaskNames task={task} />
        </div>
      ),
    },
    {
      title: t("execution.state"),
      key: "state",
      render: (_, { status }) => <StatusTag status={status} />,
    },
    {
      title: t("task.progress"),
      key: "progress",
      render: (_, task) => <TaskProgress task={task} />,
    },
    {
      key: "open",
      align: "right",
      render: (_, { id }) => (
        <Button type="text" onClick={() => open(id)}>
          {t("task.open")}
        </Button>
      ),
    },
  ];
}

/** What a task is about: a name, and what it is called over there if that is another one. */
export function TaskNames({ task }: { readonly task: Task }) {
  const { src_resource: from, dst_resource: to } = task;
  return (
    <span className="code" style={{ overflowWrap: "anywhere" }}>
      {from || to}
      {from && to && to !== from && ` → ${to}`}
    </span>
  );
}
