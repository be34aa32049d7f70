import type { Check, CheckFinding } from "@entrepot/api";
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Alert, Button, Checkbox, Form, Input, Tag } from "antd";
import { useState } from "react";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { FormModal } from "../../parts/form-modal.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { RateInput } from "../../parts/rate-input.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { Bytes, Count, When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { Allowed } from "./allowed.tsx";
import { OptionalCron } from "../../parts/optional-cron.tsx";
import { usePlanRepair } from "./use-plan-repair.ts";

const EVERY_MS = 3_000;

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

interface NewCheckFields {
  readonly quick: boolean;
  readonly scope: string;
  readonly bytes_per_second: number;
}

function NewCheck({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const t = useTexts("recovery");
  const navigate = useNavigate();
  const { run } = useDoing();
  return (
    <FormModal<NewCheckFields>
      open={open}
      title={t("checks.new")}
      action={t("checks.start")}
      first={{ quick: false, scope: "", bytes_per_second: 0 }}
      submit={(fields) =>
        run(async () => {
          const body = { ...fields, scope: fields.scope.trim() };
          const { created } = await api.checks.start({ body });
          await navigate({ to: `/recovery/checks/${created}` as string });
        })
      }
      close={close}
    >
      <Form.Item name="quick" valuePropName="checked" extra={t("checks.quickHint")}>
        <Checkbox>{t("checks.quick")}</Checkbox>
      </Form.Item>
      <Form.Item name="scope" label={t("checks.scope")} extra={t("checks.scopeHint")}>
        <Input />
      </Form.Item>
      <Form.Item name="bytes_per_second" label={t("target.rate")}>
        <RateInput />
      </Form.Item>
    </FormModal>
  );
}

/** When the registry is checked by itself. */
function Schedule({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { run } = useDoing();
  const { data } = useQuery(checkSchedule);
  return (
    <FormModal<{ cron: string; quick: boolean }>
      open={open && data !== undefined}
      title={t("checks.schedule")}
      action={t("save")}
      first={data ?? {}}
      submit={async (fields) => {
        const done = await run(
          () => api.checks.setSchedule({ body: { ...data, ...fields } }),
          t("saved"),
        );
        if (done) await queries.invalidateQueries({ queryKey: ["checks", "schedule"] });
        return done;
      }}
      close={close}
    >
      <Form.Item name="cron">
        <OptionalCron label={t("checks.schedule")} />
      </Form.Item>
      <Form.Item name="quick" valuePropName="checked">
        <Checkbox>{t("checks.quick")}</Checkbox>
      </Form.Item>
    </FormModal>
  );
}
