import type { Execution } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Alert, Button, Card } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { ExecutionProgress } from "../../parts/execution-progress.tsx";
import { Failure } from "../../parts/failure.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { When } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { ApproveButton } from "./approve-button.tsx";
import { oneExecution, onePolicy } from "./data.ts";
import { runOf } from "./executions-table.tsx";
import { TasksTable } from "./tasks-table.tsx";

/** A run: how far it is, its tasks with their logs, and what can be done about it. */
export default function ExecutionPage() {
  const t = useTexts("replication");
  const id = Number((useParams({ strict: false }) as { id: string }).id);
  const { data: execution, error } = useQuery(oneExecution(id));
  const policyId = execution?.policy_id ?? 0;
  const { data: policy } = useQuery({
    ...onePolicy(policyId),
    enabled: policyId > 0,
    retry: false,
  });
  if (error) return <Failure error={error} />;
  if (!execution) return <Waiting />;
  return (
    <>
      <PageHead
        title={t("execution.title", { id })}
        trail={[{ title: t("executions.title"), to: "/replication/executions" }]}
        about={
          <>
            {policy && <Link to={`/replication/policies/${policyId}`}>{policy.name}</Link>} ·{" "}
            {t(`trigger.${execution.trigger}`)} · <When time={execution.start_time} />
          </>
        }
        actions={<Actions execution={execution} />}
      />
      <Card size="small" style={{ marginBottom: 16 }}>
        <ExecutionProgress run={runOf(execution)} />
      </Card>
      {execution.deletions_to_confirm !== undefined && <Held execution={execution} />}
      <TasksTable execution={execution} />
    </>
  );
}

function Actions({ execution }: { readonly execution: Execution }) {
  const t = useTexts("replication");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const { id, end_time: ended, failed, stopped } = execution;
  const refresh = () => queries.invalidateQueries({ queryKey: ["executions"] });
  const stop = () =>
    ask(
      {
        title: t("execution.stopTitle", { id }),
        about: t("execution.stopAbout"),
        action: t("stop"),
        danger: true,
      },
      async () => {
        await api.executions.stop({ params: { id } });
        await refresh();
      },
      t("execution.stopped"),
    );
  const retry = () =>
    run(async () => {
      await api.executions.retry({ params: { id } });
      await refresh();
    }, t("execution.retried"));
  if (ended === undefined) {
    return (
      <Button danger onClick={stop}>
        {t("stop")}
      </Button>
    );
  }
  if (failed + stopped === 0) return null;
  return (
    <Button type="primary" onClick={() => void retry()}>
      {t("execution.retry", { count: failed + stopped })}
    </Button>
  );
}

function Held({ execution }: { readonly execution: Execution }) {
  const t = useTexts("replication");
  const count = execution.deletions_to_confirm ?? 0;
  return (
    <Alert
      type="warning"
      showIcon
      title={t("held.title", { count })}
      description={t("held.about")}
      action={<ApproveButton execution={execution} />}
      style={{ marginBottom: 16 }}
    />
  );
}
