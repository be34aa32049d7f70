import type { Policy, PolicyLag } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Table, Typography } from "antd";
import { Failure } from "../../parts/failure.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Waiting } from "../../parts/waiting.tsx";
import { LinkButton } from "../../parts/link-button.tsx";
import { useTexts } from "../../texts.ts";
import { allEndpoints, allLag, allPolicies } from "./data.ts";
import { LagView } from "./lag-view.tsx";
import { Route } from "./route-view.tsx";
import { pictureOf } from "./topology-layout.ts";
import { TopologyPicture } from "./topology-picture.tsx";

/** How registries and policies hang together, as a picture, and the same as a table. */
export default function Topology() {
  const t = useTexts("replication");
  const endpoints = useQuery({ ...allEndpoints, refetchInterval: 10_000 });
  const policies = useQuery({ ...allPolicies, refetchInterval: 15_000 });
  const lag = useQuery(allLag);
  const error = endpoints.error ?? policies.error ?? lag.error;
  if (error) return <Failure error={error} />;
  if (!endpoints.data || !policies.data || !lag.data) return <Waiting />;
  if (endpoints.data.length === 0) {
    return (
      <>
        <PageHead title={t("topology.title")} />
        <NothingYet
          title={t("topology.none")}
          action={
            <LinkButton type="primary" to="/replication/endpoints" search={{ edit: "new" }}>
              {t("endpoint.add")}
            </LinkButton>
          }
        >
          {t("endpoints.noneAbout")}
        </NothingYet>
      </>
    );
  }
  const picture = pictureOf(endpoints.data, policies.data, lag.data);
  return (
    <>
      <PageHead title={t("topology.title")} about={t("topology.about")} />
      <TopologyPicture picture={picture} lag={lag.data} />
      <Typography.Title level={2} style={{ fontSize: 17, marginTop: 24 }}>
        {t("topology.table")}
      </Typography.Title>
      <AsTable policies={policies.data} lag={lag.data} />
    </>
  );
}

function AsTable({
  policies,
  lag,
}: {
  readonly policies: readonly Policy[];
  readonly lag: readonly PolicyLag[];
}) {
  const t = useTexts("replication");
  return (
    <Table<Policy>
      size="small"
      aria-label={t("topology.table")}
      dataSource={[...policies]}
      rowKey={({ id }) => id}
      scroll={{ x: "max-content" }}
      pagination={{ defaultPageSize: 50, hideOnSinglePage: true }}
      columns={[
        {
          title: t("policy.title"),
          key: "name",
          render: (_, { id, name }) => <Link to={`/replication/policies/${id}`}>{name}</Link>,
        },
        { title: t("policy.route"), key: "route", render: (_, one) => <Route policy={one} /> },
        {
          title: t("policy.lag"),
          key: "lag",
          render: (_, { id }) => <LagView lag={lag.find((of) => of.policy_id === id)} />,
        },
      ]}
    />
  );
}
