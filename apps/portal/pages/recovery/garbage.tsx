import type { GarbageCollection } from "@entrepot/api";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Button, Checkbox, Form, InputNumber, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { CronText } from "../../parts/cron-input.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { Bytes, When } from "../../parts/units.tsx";
import { type Text, useTexts } from "../../texts.ts";
import { Allowed } from "./allowed.tsx";
import { OptionalCron } from "../../parts/optional-cron.tsx";
import { isDryRun, PARAMETERS, type Parameters, scheduleOf } from "./garbage-runs.ts";

const EVERY_MS = 3_000;

const garbageSchedule = queryOptions({
  queryKey: ["garbage", "schedule"],
  queryFn: async () => scheduleOf((await api.garbage.schedule()).body),
});

/** Garbage collection: its runs, dry ones too, and when it runs by itself. */
export default function Garbage() {
  const t = useTexts("recovery");
  return (
    <Allowed probe={garbageSchedule} title={t("garbage.title")}>
      <AllGarbage />
    </Allowed>
  );
}

function AllGarbage() {
  const t = useTexts("recovery");
  const [open, setOpen] = useState<"dry" | "run" | "schedule" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <PageHead
        title={t("garbage.title")}
        about={t("garbage.about")}
        actions={
          <>
            <Button onClick={() => setOpen("schedule")}>{t("schedule.title")}</Button>
            <Button onClick={() => setOpen("run")}>{t("garbage.run")}</Button>
            <Button type="primary" onClick={() => setOpen("dry")}>
              {t("garbage.dry")}
            </Button>
          </>
        }
      />
      <ApiTable<GarbageCollection>
        label={t("garbage.title")}
        queryKey={["garbage", "list"]}
        load={({ page, page_size }) => api.garbage.list({ query: { page, page_size } })}
        rowKey={({ id }) => id}
        refreshMs={EVERY_MS}
        columns={columnsOf(t)}
        empty={
          <NothingYet title={t("garbage.none")} commands={["entrepot gc run --dry-run --wait"]}>
            {t("garbage.noneAbout")}
          </NothingYet>
        }
      />
      <Run open={open === "dry" || open === "run"} dry={open === "dry"} close={close} />
      <Schedule open={open === "schedule"} close={close} />
    </>
  );
}

function columnsOf(t: Text): Columns<GarbageCollection> {
  return [
    {
      title: t("garbage.collection"),
      render: (_, run) => (
        <>
          <Link to={`/recovery/garbage/${run.id}` as string}>
            {t("garbage.number", { id: run.id })}
          </Link>{" "}
          {isDryRun(run) && <Tag>{t("garbage.dryTag")}</Tag>}
        </>
      ),
    },
    { title: t("column.started"), render: (_, run) => <When time={run.creation_time} /> },
    { title: t("column.status"), render: (_, run) => <StatusTag status={run.job_status} /> },
    { title: t("garbage.live"), render: (_, { report }) => <Bytes value={report?.live.bytes} /> },
    {
      title: t("garbage.held"),
      render: (_, { report }) => (
        <Bytes value={report?.held.reduce((sum, { bytes }) => sum + bytes, 0)} />
      ),
    },
    {
      title: t("garbage.waiting"),
      render: (_, { report }) => (
        <Bytes value={report && report.waiting.bytes + report.quarantined.bytes} />
      ),
    },
    { title: t("garbage.freed"), render: (_, { report }) => <Bytes value={report?.freed.bytes} /> },
  ];
}

function Fields() {
  const t = useTexts("recovery");
  return (
    <>
      <Form.Item name="delete_untagged" valuePropName="checked" extra={t("garbage.untaggedHint")}>
        <Checkbox>{t("garbage.untagged")}</Checkbox>
      </Form.Item>
      <Form.Item name="workers" label={t("garbage.workers")} extra={t("garbage.workersHint")}>
        <InputNumber min={1} max={10} precision={0} />
      </Form.Item>
    </>
  );
}

function Run({
  open,
  dry,
  close,
}: {
  readonly open: boolean;
  readonly dry: boolean;
  readonly close: () => void;
}) {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const { run } = useDoing();
  const start = (parameters: Parameters) =>
    run(async () => {
      const body = {
        schedule: { type: "Manual" as const },
        parameters: { ...PARAMETERS, ...parameters, dry_run: dry },
      };
      const { created } = await api.garbage.start({ body });
      await navigate({ to: `/recovery/garbage/${created}` as string });
    });
  return (
    <FormModal<Parameters>
      open={open}
      title={dry ? t("garbage.dry") : t("garbage.run")}
      action={dry ? t("garbage.dryStart") : t("garbage.start")}
      danger={!dry}
      first={PARAMETERS}
      submit={start}
      close={close}
    >
      <p>{dry ? t("garbage.dryAbout") : t("garbage.runAbout")}</p>
      <Fields />
    </FormModal>
  );
}

/** When garbage is collected by itself. */
function Schedule({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data } = useQuery(garbageSchedule);
  const save = async ({ cron, ...parameters }: Parameters & { cron: string }) => {
    const schedule = cron ? { type: "Custom" as const, cron } : { type: "None" as const };
    const body = { schedule, parameters: { ...PARAMETERS, ...parameters } };
    const done = await run(() => api.garbage.setSchedule({ body }), t("saved"));
    if (done) await queries.invalidateQueries({ queryKey: ["garbage", "schedule"] });
    return done;
  };
  return (
    <FormModal<Parameters & { cron: string }>
      open={open && data !== undefined}
      title={t("garbage.schedule")}
      action={t("save")}
      first={data ?? {}}
      submit={save}
      close={close}
    >
      {data?.cron && <CronText cron={data.cron} />}
      <Form.Item name="cron">
        <OptionalCron label={t("garbage.schedule")} />
      </Form.Item>
      <Fields />
    </FormModal>
  );
}
