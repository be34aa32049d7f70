import type { RetentionExecution } from "@entrepot/api";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Flex, Tag } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { undo } from "../../undo.ts";
import { RetentionPlan } from "./retention-plan.tsx";

/** Their ends are told as events; what a run has done so far is not. */
const RUNNING_MS = 5_000;

/** Runs of a retention policy, real and simulated, each with what it did or would do. */
export function RetentionRuns({ id, may }: { readonly id: number; readonly may: boolean }) {
  const t = useTexts("rules");
  const acts = useRunning(id);
  const columns: Columns<RetentionExecution> = [
    { title: "#", render: (_, run) => run.id },
    {
      title: t("run.kind"),
      render: (_, run) =>
        run.dry_run ? <Tag color="processing">{t("run.dry")}</Tag> : <Tag>{t("run.real")}</Tag>,
    },
    { title: t("run.status"), render: (_, run) => <StatusTag status={run.status} /> },
    { title: t("run.start"), render: (_, run) => <When time={run.start_time} /> },
    { title: t("run.end"), render: (_, run) => <When time={run.end_time} /> },
    {
      key: "do",
      align: "right",
      render: (_, run) => may && <Acts run={run} acts={acts} />,
    },
  ];
  return (
    <Card
      title={t("runs")}
      extra={
        may && (
          <Flex gap={8} wrap>
            <Button type="primary" onClick={() => void acts.simulate()}>
              {t("run.simulate")}
            </Button>
            <Button danger onClick={() => acts.start()}>
              {t("run.now")}
            </Button>
          </Flex>
        )
      }
    >
      <ApiTable<RetentionExecution>
        name="run"
        label={t("runs")}
        queryKey={["retentions", "runs", id]}
        refreshMs={RUNNING_MS}
        load={({ page, page_size }) =>
          api.retentions.executions({ params: { id }, query: { page, page_size } })
        }
        columns={columns}
        rowKey={(run) => run.id}
        below={(run) => <RetentionPlan id={id} run={run} />}
        empty={<p>{t("runs.none")}</p>}
      />
    </Card>
  );
}

function Acts({
  run,
  acts,
}: {
  readonly run: RetentionExecution;
  readonly acts: ReturnType<typeof useRunning>;
}) {
  const t = useTexts("rules");
  if (run.status === "Running" || run.status === "InProgress") {
    return (
      <Button size="small" onClick={() => void acts.stop(run.id)}>
        {t("run.stop")}
      </Button>
    );
  }
  if (run.status !== "Success") return null;
  return run.dry_run ? (
    <Button size="small" danger onClick={() => acts.start(run.id)}>
      {t("run.plan")}
    </Button>
  ) : (
    <Button size="small" onClick={() => acts.takeBack(run.id)}>
      {t("run.undo")}
    </Button>
  );
}

function useRunning(id: number) {
  const t = useTexts("rules");
  const queries = useQueryClient();
  const { ask, run } = useDoing();
  const refresh = async () => {
    await queries.invalidateQueries({ queryKey: ["retentions"] });
  };
  const send = async (body: { dry_run: boolean; plan_of?: number }) => {
    await api.retentions.start({ params: { id }, body });
    await refresh();
  };
  return {
    simulate: () => run(() => send({ dry_run: true }), t("run.simulating")),
    /** Of a simulation: exactly what it showed, nothing that has changed since. */
    start: (planOf?: number) =>
      ask(
        {
          title: t("run.ask"),
          about: planOf ? t("run.ask.plan", { id: planOf }) : t("run.ask.now"),
          action: t("run.now"),
          danger: true,
        },
        () => send({ dry_run: false, ...(planOf && { plan_of: planOf }) }),
        t("run.started"),
      ),
    stop: (eid: number) =>
      run(async () => {
        await api.retentions.stop({ params: { id, eid }, body: { action: "stop" } });
        await refresh();
      }, t("run.stopped")),
    takeBack: (eid: number) =>
      ask(
        { title: t("run.undo.ask"), about: t("run.undo.about"), action: t("run.undo") },
        async () => {
          await undo(`execution:${eid}`);
          await queries.invalidateQueries();
        },
        t("run.undone"),
      ),
  };
}
