import type { Check, CheckFinding } from "@entrepot/api";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Alert, Button, Checkbox, Flex, Form, Input, InputNumber, Modal, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { Bytes, Count, When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { Allowed } from "./allowed.tsx";
import { OptionalCron } from "./optional-cron.tsx";
import { usePlanRepair } from "./use-plan-repair.ts";

const EVERY_MS = 3_000;
const MIB = 1024 * 1024;

const checkSchedule = queryOptions({
  queryKey: ["checks", "schedule"],
  queryFn: async () => (await api.checks.schedule()).body,
});

/** Checks of what is stored, and what pulls have met. */
export default function Checks() {
  const t = useTexts("recovery");
  return (
    <Allowed probe={checkSchedule} title={t("checks.title")}>
      <AllChecks />
    </Allowed>
  );
}

function AllChecks() {
  const t = useTexts("recovery");
  const [open, setOpen] = useState<"run" | "schedule" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      <PageHead
        title={t("checks.title")}
        about={t("checks.about")}
        actions={
          <>
            <Button onClick={() => setOpen("schedule")}>{t("schedule.title")}</Button>
            <Button type="primary" onClick={() => setOpen("run")}>
              {t("checks.new")}
            </Button>
          </>
        }
      />
      <Met />
      <ApiTable<Check>
        label={t("checks.title")}
        queryKey={["checks", "list"]}
        load={({ page, page_size }) => api.checks.list({ query: { page, page_size } })}
        rowKey={({ id }) => id}
        refreshMs={EVERY_MS}
        columns={columnsOf(t)}
        empty={
          <NothingYet title={t("checks.none")} commands={["entrepot check run --wait"]}>
            {t("checks.noneAbout")}
          </NothingYet>
        }
      />
      <NewCheck open={open === "run"} close={close} />
      <Schedule open={open === "schedule"} close={close} />
    </>
  );
}

function columnsOf(t: ReturnType<typeof useTexts>): Columns<Check> {
  return [
    {
      title: t("checks.check"),
      render: (_, { id, quick, scope }) => (
        <>
          <Link to={`/recovery/checks/${id}` as string}>{t("checks.number", { id })}</Link>{" "}
          {quick && <Tag>{t("checks.quick")}</Tag>} {scope}
        </>
      ),
    },
    { title: t("column.trigger"), render: (_, { trigger }) => t(`trigger.${trigger}`) },
    { title: t("column.started"), render: (_, { start_time }) => <When time={start_time} /> },
    { title: t("column.status"), render: (_, { status }) => <StatusTag status={status} /> },
    { title: t("checks.blobs"), render: (_, { blobs }) => <Count value={blobs} /> },
    { title: t("checks.read"), render: (_, { bytes_read }) => <Bytes value={bytes_read} /> },
    {
      title: t("checks.damage"),
      render: (_, { damage }) => (
        <Tag color={damage > 0 ? "error" : "success"}>
          <Count value={damage} />
        </Tag>
      ),
    },
  ];
}

/** Damage that pulls have met and nobody has healed: it needs no check to be known. */
function Met() {
  const t = useTexts("recovery");
  const repair = usePlanRepair();
  const { data } = useQuery({
    queryKey: ["checks", "met"],
    queryFn: () => api.checks.met({ query: { page_size: 5 } }),
    refetchInterval: EVERY_MS * 5,
  });
  const found: readonly CheckFinding[] = data?.body ?? [];
  if (found.length === 0) return null;
  return (
    <Alert
      type="error"
      showIcon
      style={{ marginBottom: 16 }}
      title={t("checks.met", { count: data?.total ?? found.length })}
      description={found.map(({ name, detail }) => (
        <div key={name}>
          <span className="code">{name}</span> {detail}
        </div>
      ))}
      action={<Button onClick={() => void repair()}>{t("repair.plan")}</Button>}
    />
  );
}

function NewCheck({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const { run } = useDoing();
  const [form] = Form.useForm<{ quick: boolean; scope: string; rate: number | null }>();
  const [busy, setBusy] = useState(false);
  return (
    <Modal
      open={open}
      onCancel={close}
      title={t("checks.new")}
      okText={t("checks.start")}
      okButtonProps={{ loading: busy }}
      onOk={() => form.submit()}
      destroyOnHidden
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ quick: false, scope: "", rate: null }}
        onFinish={async ({ quick, scope, rate }) => {
          setBusy(true);
          await run(async () => {
            const body = {
              quick,
              scope: scope.trim(),
              bytes_per_second: Math.round((rate ?? 0) * MIB),
            };
            const { created } = await api.checks.start({ body });
            await navigate({ to: `/recovery/checks/${created}` as string });
          });
          setBusy(false);
        }}
      >
        <Form.Item name="quick" valuePropName="checked" extra={t("checks.quickHint")}>
          <Checkbox>{t("checks.quick")}</Checkbox>
        </Form.Item>
        <Form.Item name="scope" label={t("checks.scope")} extra={t("checks.scopeHint")}>
          <Input />
        </Form.Item>
        <Form.Item name="rate" label={t("target.rate")}>
          <InputNumber
            min={0.1}
            suffix="MiB/s"
            placeholder={t("target.noLimit")}
            style={{ width: 200 }}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}

/** When the registry is checked by itself. */
function Schedule({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data } = useQuery(checkSchedule);
  const [change, setChange] = useState<{ cron?: string; quick?: boolean }>({});
  const shown = { cron: "", quick: false, ...data, ...change };
  const save = async () => {
    const done = await run(() => api.checks.setSchedule({ body: shown }), t("saved"));
    if (!done) return;
    await queries.invalidateQueries({ queryKey: ["checks", "schedule"] });
    close();
  };
  return (
    <Modal
      open={open}
      onCancel={close}
      title={t("checks.schedule")}
      okText={t("save")}
      onOk={() => void save()}
    >
      <Flex vertical gap={12}>
        <OptionalCron
          label={t("checks.schedule")}
          value={shown.cron}
          onChange={(cron) => setChange({ ...change, cron })}
        />
        <Checkbox
          checked={shown.quick}
          onChange={({ target }) => setChange({ ...change, quick: target.checked })}
        >
          {t("checks.quick")}
        </Checkbox>
      </Flex>
    </Modal>
  );
}
