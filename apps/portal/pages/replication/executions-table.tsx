import type { Execution } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Select } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { ExecutionProgress, type Run } from "../../parts/execution-progress.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { allPolicies } from "./data.ts";

const STATUSES = ["InProgress", "Succeed", "Failed", "Stopped"] as const;
const TRIGGERS = ["manual", "scheduled", "event_based", "catch_up"] as const;

/** A run of a policy, as every run is shown. */
export function runOf(execution: Execution): Run {
  const { total, failed, succeed, stopped } = execution;
  return {
    status: execution.status,
    statusText: execution.status_text,
    startTime: execution.start_time,
    endTime: execution.end_time,
    steps: { done: succeed + stopped, failed, total },
  };
}

/** Runs of all policies or of one, newest first. */
export function ExecutionsTable({ policyId }: { readonly policyId?: number }) {
  const t = useTexts("replication");
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const status = STATUSES.find((one) => one === search["status"]);
  const trigger = TRIGGERS.find((one) => one === search["trigger"]);
  const columns = useColumns(policyId !== undefined);
  const { data: policies = [] } = useQuery({ ...allPolicies, enabled: policyId === undefined });
  const wanted = policyId ?? (Number(search["policy"]) || undefined);
  const choices = policies.map(({ id, name }) => ({ value: String(id), label: name }));
  const isFiltered = status ?? trigger ?? (policyId === undefined ? wanted : undefined);
  return (
    <ApiTable<Execution>
      label={t("executions.title")}
      queryKey={["executions", "list", wanted, status, trigger]}
      load={({ page, page_size }) =>
        api.executions.list({
          query: {
            page,
            page_size,
            ...(wanted !== undefined && { policy_id: wanted }),
            ...(status && { status }),
            ...(trigger && { trigger }),
          },
        })
      }
      columns={columns}
      rowKey={({ id }) => id}
      refreshMs={3_000}
      tools={
        <>
          {policyId === undefined && (
            <Choice name="policy" label={t("executions.anyPolicy")} options={choices} />
          )}
          <Choice
            name="status"
            label={t("executions.anyStatus")}
            options={STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))}
          />
          <Choice
            name="trigger"
            label={t("executions.anyTrigger")}
            options={TRIGGERS.map((value) => ({ value, label: t(`trigger.${value}`) }))}
          />
        </>
      }
      empty={
        isFiltered === undefined ? (
          <NothingYet
            title={t("executions.none")}
            commands={["entrepot replication policy run mirror --wait"]}
          >
            {t("executions.noneAbout")}
          </NothingYet>
        ) : undefined
      }
    />
  );
}

/** Which of something is shown, in the address; all of it if nothing is chosen. */
function Choice({
  name,
  label,
  options,
}: {
  readonly name: string;
  readonly label: string;
  readonly options: { value: string; label: string }[];
}) {
  const navigate = useNavigate();
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  return (
    <Select
      allowClear
      aria-label={label}
      placeholder={label}
      value={search[name] ?? null}
      options={options}
      style={{ minWidth: 150 }}
      onChange={(value: string | null) => {
        const next = { ...search, [name]: value ?? undefined, page: undefined };
        void navigate({ to: ".", search: next as never });
      }}
    />
  );
}

function useColumns(isOfOne: boolean): Columns<Execution> {
  const t = useTexts("replication");
  const { data: policies = [] } = useQuery({ ...allPolicies, enabled: !isOfOne });
  const nameOf = (id: number) =>
    policies.find((policy) => policy.id === id)?.name ?? t("policy.numbered", { id });
  const policy: Columns<Execution> = [
    {
      title: t("policy.title"),
      key: "policy",
      render: (_, { policy_id: id }) => (
        <Link to={`/replication/policies/${id}`}>{nameOf(id)}</Link>
      ),
    },
  ];
  return [
    {
      title: t("execution.number"),
      key: "id",
      render: (_, { id }) => <Link to={`/replication/executions/${id}`}>#{id}</Link>,
    },
    ...(isOfOne ? [] : policy),
    {
      title: t("execution.state"),
      key: "state",
      render: (_, execution) => (
        <div style={{ minWidth: 260, maxWidth: 520, whiteSpace: "normal" }}>
          <ExecutionProgress run={runOf(execution)} />
        </div>
      ),
    },
    {
      title: t("policy.trigger"),
      key: "trigger",
      render: (_, { trigger }) => t(`trigger.${trigger}`),
    },
    {
      title: t("execution.started"),
      key: "started",
      render: (_, { start_time: at }) => <When time={at} />,
    },
  ];
}
