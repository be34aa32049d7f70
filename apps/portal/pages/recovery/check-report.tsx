import type { Check, CheckFinding } from "@entrepot/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Alert, Button, Card, Flex, Segmented, Tabs, Tag } from "antd";
import { useState } from "react";
import { api, routes } from "../../api.ts";
import { ApiTable } from "../../parts/api-table.tsx";
import { useDoing } from "../../parts/ask.tsx";
import { ExecutionProgress } from "../../parts/execution-progress.tsx";
import { Failure } from "../../parts/failure.tsx";
import { LogView } from "../../parts/log-view.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Bytes, Count } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useTexts } from "../../texts.ts";
import { usePlanRepair } from "./use-plan-repair.ts";

const EVERY_MS = 1_000;
const isOpen = (status: string | undefined) => status === "Running" || status === "Pending";

/** One check: how far it is, what it found by class, and the way to its repair. */
export default function CheckPage() {
  const t = useTexts("recovery");
  const id = Number((useParams({ strict: false }) as { check: string }).check);
  const params = { check_id: id };
  const search: { tab?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const {
    data: check,
    error,
    refetch,
  } = useQuery({
    queryKey: ["checks", id],
    queryFn: async () => (await api.checks.get({ params })).body,
    refetchInterval: ({ state }) => (isOpen(state.data?.status) ? EVERY_MS : false),
  });
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (!check) return <Waiting />;
  const log = {
    name: `check-${id}`,
    follow: (after: number, signal: AbortSignal) =>
      api.events(routes.checks.log, { params, query: { after, follow: true }, signal }),
    text: (after: number) => api.checks.log({ params, query: { after } }),
  };
  return (
    <>
      <PageHead
        title={t("checks.number", { id })}
        trail={[{ title: t("checks.title"), to: "/recovery/checks" }]}
        about={check.scope || t("checks.everything")}
        actions={<Actions check={check} />}
      />
      <Flex vertical gap={16}>
        <Card size="small">
          <ExecutionProgress
            run={{
              status: check.status,
              statusText: isOpen(check.status) ? check.stage : check.status_text,
              startTime: check.start_time,
              endTime: check.end_time ?? undefined,
              bytes: { done: check.bytes_read, total: null },
            }}
          />
          <div>
            {t("checks.looked")} <Count value={check.blobs} /> {t("checks.blobs")},{" "}
            <Count value={check.manifests} /> {t("checks.manifests")}
          </div>
        </Card>
        {check.status === "Success" && check.damage === 0 && (
          <Alert type="success" showIcon title={t("checks.whole")} />
        )}
        {check.damage > 0 && (
          <Alert type="error" showIcon title={t("checks.found", { count: check.damage })} />
        )}
        <Tabs
          activeKey={search.tab === "log" ? "log" : "findings"}
          onChange={(tab) =>
            void navigate({ to: ".", search: ((old: object) => ({ ...old, tab })) as never })
          }
          items={[
            { key: "findings", label: t("checks.findings"), children: <Findings check={check} /> },
            { key: "log", label: t("log"), children: <LogView source={log} label={t("log")} /> },
          ]}
          destroyOnHidden
        />
      </Flex>
    </>
  );
}

function Actions({ check }: { readonly check: Check }) {
  const t = useTexts("recovery");
  const queries = useQueryClient();
  const { run } = useDoing();
  const repair = usePlanRepair();
  const [busy, setBusy] = useState(false);
  if (isOpen(check.status)) {
    const stop = async () => {
      await api.checks.stop({ params: { check_id: check.id } });
      await queries.invalidateQueries({ queryKey: ["checks"] });
    };
    return <Button onClick={() => void run(stop, t("stopping"))}>{t("stop")}</Button>;
  }
  if (check.damage === 0) return null;
  return (
    <Button
      type="primary"
      loading={busy}
      onClick={() => {
        setBusy(true);
        void repair(check.id).then(() => setBusy(false));
      }}
    >
      {t("repair.plan")}
    </Button>
  );
}

function Findings({ check }: { readonly check: Check }) {
  const t = useTexts("recovery");
  const [shown, show] = useState("all");
  const classes = Object.entries(check.counts).filter(([, count]) => count > 0);
  if (classes.length === 0) return <>{t("checks.noFindings")}</>;
  return (
    <>
      <Segmented
        aria-label={t("checks.class")}
        value={shown}
        onChange={show}
        style={{ marginBottom: 12, maxWidth: "100%", overflowX: "auto" }}
        options={[
          { value: "all", label: t("checks.all") },
          ...classes.map(([name, count]) => ({
            value: name,
            label: (
              <>
                {t(`class.${name}`)} <Count value={count} />
              </>
            ),
          })),
        ]}
      />
      <ApiTable<CheckFinding>
        name="findings"
        label={t("checks.findings")}
        queryKey={["checks", check.id, "findings", shown, check.status]}
        load={({ page, page_size }) =>
          api.checks.findings({
            params: { check_id: check.id },
            query: {
              page,
              page_size,
              ...(shown !== "all" && { class: shown as CheckFinding["class"] }),
            },
          })
        }
        rowKey={(found) => `${found.class} ${found.name}`}
        columns={[
          {
            title: t("checks.class"),
            render: (_, found) => <Tag>{t(`class.${found.class}`)}</Tag>,
          },
          {
            title: t("column.name"),
            render: (_, { name }) => <span className="code">{name}</span>,
          },
          { title: t("checks.size"), render: (_, { size }) => <Bytes value={size} /> },
          { title: t("checks.detail"), dataIndex: "detail" },
          { title: t("checks.harms"), render: (_, { harms }) => harms.join(", ") },
        ]}
      />
    </>
  );
}
