import type { Policy } from "@entrepot/api";
import { CopyOutlined, DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import { Alert, Button, Card, Flex, Statistic } from "antd";
import { api, routes } from "../../api.ts";
import { Failure } from "../../parts/failure.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { LinkTabs } from "../../parts/link-tabs.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { bytesText, durationText, numberText } from "../../parts/units.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { useLanguage, useTexts } from "../../texts.ts";
import { CompareView } from "./compare-view.tsx";
import { oneLag, onePolicy } from "./data.ts";
import { ExecutionsTable } from "./executions-table.tsx";
import { PlanView } from "./plan-view.tsx";
import { EnabledSwitch, RunButton, useDeletion } from "./policy-actions.tsx";
import { Route } from "./route-view.tsx";
import { TriggerView } from "./trigger-view.tsx";
import { usePlan } from "./use-plan.ts";
import { WaitingTable } from "./waiting-table.tsx";

/** A policy: how far behind, what waits and why, its runs, its plan, and both sides compared. */
export default function PolicyPage() {
  const id = Number((useParams({ strict: false }) as { id: string }).id);
  const { data, error } = useQuery(onePolicy(id));
  if (error) return <Failure error={error} />;
  return data ? <Shown policy={data} /> : <Waiting />;
}

function Shown({ policy }: { readonly policy: Policy }) {
  const t = useTexts("replication");
  const search: Record<string, string | undefined> = useSearch({ strict: false });
  const { id } = policy;
  const tabs = [
    {
      key: "waiting",
      label: t("waiting.title"),
      children: <WaitingTable policyId={id} />,
    },
    {
      key: "executions",
      label: t("executions.title"),
      children: <ExecutionsTable policyId={id} />,
    },
    { key: "plan", label: t("plan.title"), children: <StoredPlan policy={policy} /> },
    { key: "compare", label: t("compare.title"), children: <CompareView policyId={id} /> },
  ];
  const active = tabs.find(({ key }) => key === search["tab"]) ?? tabs[0]!;
  return (
    <>
      <PageHead
        title={policy.name}
        trail={[{ title: t("policies.title"), to: "/replication/policies" }]}
        about={
          <>
            <Route policy={policy} /> · <TriggerView policy={policy} />
            {policy.description && ` · ${policy.description}`}
          </>
        }
        actions={<Actions policy={policy} />}
      />
      {!policy.enabled && (
        <Alert
          type="info"
          showIcon
          title={t("policy.isPaused")}
          description={t("policy.isPausedAbout")}
          style={{ marginBottom: 16 }}
        />
      )}
      <Figures id={id} />
      <LinkTabs
        label={t("policy.title")}
        active={active.key}
        tabs={tabs.map(({ key, label }) => ({ key, label, to: ".", search: { tab: key } }))}
      />
      {active.children}
    </>
  );
}

function Actions({ policy }: { readonly policy: Policy }) {
  const t = useTexts("replication");
  const remove = useDeletion(policy);
  const { id, name } = policy;
  return (
    <Flex gap={8} wrap align="center">
      <EnabledSwitch policy={policy} />
      <RunButton policy={policy} />
      <LinkButton icon={<EditOutlined />} to={`/replication/policies/${id}/edit`}>
        {t("edit")}
      </LinkButton>
      <LinkButton
        icon={<CopyOutlined />}
        to="/replication/policies/new"
        search={{ from: String(id) }}
      >
        {t("policy.copy")}
      </LinkButton>
      <Button
        danger
        icon={<DeleteOutlined />}
        aria-label={t("policy.removeTitle", { name })}
        onClick={remove}
      />
    </Flex>
  );
}

/** How far behind, in figures. */
function Figures({ id }: { readonly id: number }) {
  const t = useTexts("replication");
  const language = useLanguage();
  const { data: lag, error } = useQuery(oneLag(id));
  if (error) return <Failure error={error} />;
  const figures = lag && [
    [t("lag.time"), lag.lag_seconds === 0 ? "0" : durationText(lag.lag_seconds * 1_000, language)],
    [t("lag.names"), numberText(lag.lag_items, language)],
    [t("lag.deletions"), numberText(lag.lag_deletions, language)],
    [t("lag.bytes"), lag.lag_bytes === null ? "–" : bytesText(lag.lag_bytes, language)],
    [t("lag.failures"), numberText(lag.lag_failing, language)],
    [t("lag.unreadTitle"), numberText(lag.unread_entries, language)],
  ];
  return (
    <Card size="small" loading={!lag} style={{ marginBottom: 8 }}>
      <Flex gap="12px 40px" wrap>
        {(figures || []).map(([title, value]) => (
          <Statistic
            key={title}
            title={title}
            value={value ?? ""}
            styles={{ content: { fontSize: 20 } }}
          />
        ))}
      </Flex>
      {lag?.oldest && (
        <div style={{ marginTop: 8 }}>
          {t("lag.oldest")}{" "}
          <span className="code">
            {lag.oldest.repository}:{lag.oldest.reference}
          </span>
          : <ServerWords>{lag.oldest.why}</ServerWords>
        </div>
      )}
    </Card>
  );
}

function StoredPlan({ policy }: { readonly policy: Policy }) {
  const key = `${policy.id} ${policy.update_time}`;
  const { plan, stop, again } = usePlan(key, (signal) =>
    api.lines(routes.plans.preview, {
      params: { id: policy.id },
      query: { limit: 1_000 },
      signal,
    }),
  );
  return <PlanView plan={plan} stop={stop} again={again} />;
}
