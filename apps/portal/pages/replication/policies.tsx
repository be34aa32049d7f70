import type { Policy, PolicyLag } from "@entrepot/api";
import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Typography } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { StatusTag } from "../../parts/status-tag.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { allLag, lastExecution } from "./data.ts";
import { LagView } from "./lag-view.tsx";
import { EnabledSwitch, RunButton } from "./policy-actions.tsx";
import { Route } from "./route-view.tsx";
import { TriggerView } from "./trigger-view.tsx";

/** Replication policies, how far behind each is, and how its last run ended. */
export default function Policies() {
  const t = useTexts("replication");
  const { data: lag = [] } = useQuery(allLag);
  const columns = useColumns(lag);
  const add = (
    <LinkButton type="primary" icon={<PlusOutlined />} to="/replication/policies/new">
      {t("policy.new")}
    </LinkButton>
  );
  return (
    <>
      <PageHead title={t("policies.title")} about={t("policies.about")} actions={add} />
      <ApiTable<Policy>
        label={t("policies.title")}
        queryKey={["policies"]}
        load={(query) => api.policies.list({ query })}
        columns={columns}
        rowKey={({ id }) => id}
        searchField="name"
        searchHint={t("policies.search")}
        refreshMs={15_000}
        empty={
          <NothingYet
            title={t("policies.none")}
            commands={[
              "entrepot registry add backup https://registry.example -u admin",
              "entrepot replication policy create mirror --to backup --trigger event_based",
            ]}
            action={add}
          >
            {t("policies.noneAbout")}
          </NothingYet>
        }
      />
    </>
  );
}

function useColumns(lag: readonly PolicyLag[]): Columns<Policy> {
  const t = useTexts("replication");
  return [
    {
      title: t("name"),
      key: "name",
      render: (_, policy) => (
        <div style={{ maxWidth: 240, whiteSpace: "normal", overflowWrap: "anywhere" }}>
          <Link to={`/replication/policies/${policy.id}`}>{policy.name}</Link>
          {policy.description && (
            <div>
              <Typography.Text type="secondary">{policy.description}</Typography.Text>
            </div>
          )}
        </div>
      ),
    },
    {
      title: t("policy.route"),
      key: "route",
      render: (_, policy) => (
        <div style={{ maxWidth: 260, whiteSpace: "normal" }}>
          <Route policy={policy} />
          <div>
            <TriggerView policy={policy} />
          </div>
        </div>
      ),
    },
    {
      title: t("policy.lag"),
      key: "lag",
      render: (_, { id }) => <LagView lag={lag.find(({ policy_id: of }) => of === id)} />,
    },
    {
      title: t("policy.last"),
      key: "last",
      render: (_, { id }) => <LastExecution policyId={id} />,
    },
    {
      title: t("policy.enabled"),
      key: "enabled",
      render: (_, policy) => <EnabledSwitch policy={policy} />,
    },
    { key: "actions", align: "right", render: (_, policy) => <RunButton policy={policy} small /> },
  ];
}

function LastExecution({ policyId }: { readonly policyId: number }) {
  const t = useTexts("replication");
  const { data, error } = useQuery(lastExecution(policyId));
  if (error)
    return (
      <Typography.Text type="danger">
        <ServerWords>{error.message}</ServerWords>
      </Typography.Text>
    );
  if (data === undefined) return <>…</>;
  if (data === null) return <Typography.Text type="secondary">{t("policy.never")}</Typography.Text>;
  return (
    <Link to={`/replication/executions/${data.id}`}>
      <StatusTag status={data.status} /> <When time={data.start_time} />
    </Link>
  );
}
