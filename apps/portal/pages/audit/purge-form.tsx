import type { Purge } from "@entrepot/api";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Form, InputNumber, Select } from "antd";
import { api } from "../../api.ts";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { OptionalCron } from "../../parts/optional-cron.tsx";
import { useTexts } from "../../texts.ts";
import { useAuditWords } from "./audit-words.ts";
import * as purge from "./purge-parameters.ts";

const LOOK_MS = 300;
const MOST_DAYS = 10_000;

const schedule = queryOptions({
  queryKey: ["audit", "purges", "schedule"],
  queryFn: async () => purge.scheduleOf((await api.purges.schedule()).body),
});

/** Purges now: counts first what would go, and asks. */
export function PurgeNow({ close }: { readonly close: () => void }) {
  const t = useTexts("audit");
  const { ask, run } = useDoing();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const purged = async (form: purge.PurgeForm, dry_run: boolean): Promise<number> => {
    const parameters = { ...purge.parametersOf(form), dry_run };
    const body = { schedule: { type: "Manual" as const }, parameters };
    const { created } = await api.purges.start({ body });
    void queries.invalidateQueries({ queryKey: ["audit", "purges"] });
    return Number(created);
  };
  const count = (form: purge.PurgeForm) =>
    run(async () => {
      const { id, job_status: status } = await ended(await purged(form, true));
      const log = (await api.purges.log({ params: { purge_id: id } })).body;
      const records = purge.countedIn(log);
      if (records === null) throw new Error(t("purges.unfinished", { status }));
      if (records === 0) return void message.info(t("purges.nothing"));
      const title = t("purges.ask", { count: records });
      const question = { title, about: t("purges.askAbout"), danger: true };
      ask(
        { ...question, action: t("purges.newTitle") },
        () => purged(form, false),
        t("purges.done"),
      );
    });
  return (
    <FormModal<purge.PurgeForm>
      title={t("purges.newTitle")}
      action={t("purges.action")}
      first={purge.FIRST}
      submit={count}
      close={close}
    >
      <Fields />
    </FormModal>
  );
}

/** Waits until a purge has ended: counting takes a moment. */
async function ended(purge_id: number): Promise<Purge> {
  for (;;) {
    const { body } = await api.purges.get({ params: { purge_id } });
    if (body.job_status !== "Running" && body.job_status !== "Pending") return body;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

/** When a purge runs by itself. */
export function PurgeSchedule({ close }: { readonly close: () => void }) {
  const t = useTexts("audit");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data } = useQuery(schedule);
  const save = async ({ cron, ...form }: purge.PurgeForm & { readonly cron: string }) => {
    const when = cron ? { type: "Custom" as const, cron } : { type: "None" as const };
    const body = { schedule: when, ...(cron && { parameters: purge.parametersOf(form) }) };
    const done = await run(() => api.purges.setSchedule({ body }), t("purges.saved"));
    if (done) await queries.invalidateQueries({ queryKey: ["audit", "purges"] });
    return done;
  };
  return (
    <FormModal<purge.PurgeForm & { readonly cron: string }>
      open={data !== undefined}
      title={t("purges.scheduleTitle")}
      action={t("purges.save")}
      first={data ?? {}}
      submit={save}
      close={close}
    >
      <Form.Item name="cron">
        <OptionalCron label={t("purges.scheduleTitle")} />
      </Form.Item>
      <Form.Item noStyle dependencies={["cron"]}>
        {({ getFieldValue }) => getFieldValue("cron") && <Fields />}
      </Form.Item>
    </FormModal>
  );
}

/** What is purged: how old, and of which types; the log tells what types it has. */
function Fields() {
  const t = useTexts("audit");
  const words = useAuditWords();
  const { data } = useQuery({
    queryKey: ["audit", "types"],
    queryFn: async () => (await api.audit.events()).body,
  });
  const types = (data ?? []).map(({ event_type: value }) => ({ value, label: words.event(value) }));
  return (
    <>
      <Form.Item name="days" label={t("purges.days")} rules={[{ required: true }]}>
        <InputNumber min={0} max={MOST_DAYS} />
      </Form.Item>
      <Form.Item
        name="types"
        label={t("purges.types")}
        extra={t("purges.allHint")}
        rules={[{ required: true, message: t("purges.typesNeeded") }]}
      >
        <Select
          mode="multiple"
          // Upwards: downwards it lies over the dialog's buttons, and stays open while one chooses.
          placement="topLeft"
          optionFilterProp="label"
          options={[{ value: purge.ALL_TYPES, label: t("purges.all") }, ...types]}
        />
      </Form.Item>
    </>
  );
}
