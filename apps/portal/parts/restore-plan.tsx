import type { Restore, RestoreItem, RestoreVerdict } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Descriptions, Drawer, Flex, Segmented, Tag, Typography } from "antd";
import { useEffect, useRef, useState } from "react";
import { api } from "../api.ts";
import { type Text, useTexts } from "../texts.ts";
import { ApiTable, type Columns } from "./api-table.tsx";
import { useDoing } from "./ask.tsx";
import { Digest } from "./copy.tsx";
import { ExecutionProgress } from "./execution-progress.tsx";
import { Failure } from "./failure.tsx";
import { KindName } from "./kind-name.tsx";
import { Bytes, Count } from "./units.tsx";
import { restoreNow, useRestoring } from "./use-restoring.ts";

const COLOURS: Readonly<Record<RestoreVerdict, string>> = {
  create: "success",
  change: "processing",
  remove: "error",
  keep: "default",
  conflict: "warning",
};
const VERDICTS = Object.keys(COLOURS) as RestoreVerdict[];

/** The plan of a restore that the address names: what it does, doing it, and taking it back. */
export function RestorePlanDrawer() {
  const t = useTexts("restore");
  const { plan: id, open } = useRestoring();
  return (
    <Drawer
      open={id !== null}
      onClose={() => open(undefined)}
      size={Math.min(880, innerWidth)}
      title={t("plan.title")}
      destroyOnHidden
    >
      {id !== null && <Plan id={id} />}
    </Drawer>
  );
}

function Plan({ id }: { readonly id: number }) {
  const t = useTexts("restore");
  const { data, error, refetch } = useQuery({
    queryKey: ["history", "restore", id],
    queryFn: async () => (await api.restores.get({ params: { id } })).body,
    refetchInterval: ({ state }) => (state.data?.execution?.status === "Running" ? 1_000 : false),
  });
  useDone(data);
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!data) return null;
  const { execution, objections } = data;
  return (
    <Flex vertical gap={16}>
      <About plan={data} />
      {objections.length > 0 && (
        <Alert
          type="error"
          showIcon
          title={t("plan.objections")}
          description={objections.map((text) => (
            <div key={text}>{text}</div>
          ))}
        />
      )}
      {execution && <Progress plan={data} />}
      <Actions plan={data} again={() => void refetch()} />
      <Items plan={data} />
    </Flex>
  );
}

function About({ plan }: { readonly plan: Restore }) {
  const t = useTexts("restore");
  const items = [
    { key: "name", label: t("plan.name"), children: plan.name || t("scope.all") },
    plan.moment_seq !== null && {
      key: "moment",
      label: t("plan.moment"),
      children: t("moment.entry", { seq: plan.moment_seq }),
    },
    plan.cause && { key: "cause", label: t("plan.undoes"), children: <code>{plan.cause}</code> },
    plan.from && {
      key: "from",
      label: t("plan.from"),
      children: <span className="code">{plan.from}</span>,
    },
    plan.into && { key: "into", label: t("plan.into"), children: plan.into },
    { key: "bytes", label: t("plan.bytes"), children: <Bytes value={plan.bytes} /> },
  ];
  return (
    <Descriptions
      size="small"
      column={1}
      items={items.filter((item) => item !== false && item !== null && item !== "")}
    />
  );
}

function Progress({ plan: { execution, counts } }: { readonly plan: Restore }) {
  if (!execution) return null;
  const total = counts.create + counts.change + counts.remove;
  return (
    <ExecutionProgress
      run={{
        status: execution.status,
        statusText: execution.status_text,
        startTime: execution.start_time,
        endTime: execution.end_time ?? undefined,
        steps: { done: execution.done, failed: 0, total: Math.max(total, execution.done) },
      }}
    />
  );
}

function Actions({ plan, again }: { readonly plan: Restore; readonly again: () => void }) {
  const t = useTexts("restore");
  const doing = useDoing();
  const { refresh } = useRestoring();
  const [busy, setBusy] = useState(false);
  const { id, execution, counts, objections } = plan;
  const params = { id };
  const run = async (act: () => Promise<unknown>, done?: string) => {
    setBusy(true);
    await doing.run(act, done);
    setBusy(false);
    again();
  };
  if (execution?.status === "Running") {
    return (
      <div>
        <Button loading={busy} onClick={() => void run(() => api.restores.stop({ params }))}>
          {t("plan.stop")}
        </Button>
      </div>
    );
  }
  const count = counts.create + counts.change + counts.remove;
  const undo = async () => {
    await restoreNow({ cause: `execution:${execution!.id}` });
    await refresh();
  };
  if (execution?.status === "Success") {
    return (
      <Flex gap={8} align="center" wrap>
        {execution.left > 0 && (
          <Alert type="warning" showIcon title={t("plan.left", { count: execution.left })} />
        )}
        <Button loading={busy} onClick={() => void run(undo, t("plan.undone"))}>
          {t("plan.undo")}
        </Button>
      </Flex>
    );
  }
  if (count === 0) return <Alert type="info" showIcon title={t("plan.nothing")} />;
  return (
    <div>
      <Button
        type="primary"
        danger={counts.remove > 0}
        disabled={objections.length > 0}
        loading={busy}
        onClick={() => void run(() => api.restores.execute({ params }))}
      >
        {execution ? t("plan.goOn") : t("plan.execute", { count })}
      </Button>
    </div>
  );
}

/** Tells once when a run that was seen running has ended, with a way back. */
function useDone(plan: Restore | undefined): void {
  const t = useTexts("restore");
  const { undoable, failed } = useDoing();
  const { refresh } = useRestoring();
  const status = plan?.execution?.status;
  const before = useRef<string | undefined>(undefined);
  const idle = useRef(false);
  useEffect(() => {
    const wasOpen = idle.current || before.current === "Running";
    before.current = status;
    idle.current = plan !== undefined && status === undefined;
    if (!plan?.execution || !wasOpen || status === "Running") return;
    const { id, status_text, done } = plan.execution;
    void refresh();
    if (status === "Success") {
      const undo = async () => {
        await restoreNow({ cause: `execution:${id}` });
        await refresh();
      };
      undoable(t("plan.done", { count: done }), undo, t("plan.undone"));
    } else failed(new Error(status_text));
    // Only a change of the status tells anything.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [status, plan === undefined]);
}

function Items({ plan }: { readonly plan: Restore }) {
  const t = useTexts("restore");
  const { counts } = plan;
  const present = VERDICTS.filter((verdict) => counts[verdict] > 0);
  const [verdict, setVerdict] = useState<RestoreVerdict | "all">("all");
  const params = { id: plan.id };
  if (present.length === 0) return null;
  return (
    <section aria-label={t("plan.items")}>
      <Segmented
        value={verdict}
        aria-label={t("plan.items")}
        style={{ marginBottom: 8, maxWidth: "100%", overflowX: "auto" }}
        onChange={setVerdict}
        options={[
          { value: "all" as const, label: t("plan.all") },
          ...present.map((value) => ({
            value,
            label: (
              <>
                {t(`verdict.${value}`)} <Count value={counts[value]} />
              </>
            ),
          })),
        ]}
      />
      {counts.unchanged > 0 && (
        <Typography.Paragraph type="secondary">
          {t("plan.unchanged", { count: counts.unchanged })}
        </Typography.Paragraph>
      )}
      <ApiTable<RestoreItem>
        name="plan"
        label={t("plan.items")}
        queryKey={["history", "restore", plan.id, "items", verdict, plan.execution?.status]}
        load={(asked) =>
          api.restores.items({
            params,
            query: { ...asked, ...(verdict !== "all" && { verdict }) },
          })
        }
        rowKey={(item) => `${item.resource_type} ${item.resource}`}
        columns={columnsOf(t)}
      />
    </section>
  );
}

function columnsOf(t: Text): Columns<RestoreItem> {
  return [
    {
      title: t("column.verdict"),
      render: (_, { verdict }) => <Tag color={COLOURS[verdict]}>{t(`verdict.${verdict}`)}</Tag>,
    },
    {
      title: t("column.name"),
      render: (_, { resource_type, resource }) => (
        <>
          <KindName kind={resource_type} name={resource} />
        </>
      ),
    },
    { title: t("column.now"), render: (_, { present }) => <Digest value={digestOf(present)} /> },
    { title: t("column.then"), render: (_, { wanted }) => <Digest value={digestOf(wanted)} /> },
    {
      title: t("column.outcome"),
      render: (_, { why, outcome }) => (
        <>
          {outcome && <Tag>{t(`outcome.${outcome}`)}</Tag>}
          {why}
        </>
      ),
    },
  ];
}

function digestOf(image: Readonly<Record<string, unknown>> | null): string | null {
  const digest = image?.["digest"];
  return typeof digest === "string" ? digest : null;
}
