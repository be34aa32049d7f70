import type { Conflict, RegistryEndpoint } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Flex, Tag, Typography } from "antd";
import { api } from "../../api.ts";
import { ApiTable, type Columns } from "../../parts/api-table.tsx";
import { Digest } from "../../parts/copy.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { When } from "../../parts/units.tsx";
import { useTexts } from "../../texts.ts";
import { ConflictActions } from "./conflict-actions.tsx";
import { allEndpoints, allPolicies } from "./data.ts";

/** Tags that were changed in two places at once, both sides of each, and what can be done. */
export default function Conflicts() {
  const t = useTexts("replication");
  const columns = useColumns();
  return (
    <>
      <PageHead title={t("conflicts.title")} about={t("conflicts.about")} />
      <ApiTable<Conflict>
        label={t("conflicts.title")}
        queryKey={["conflicts"]}
        load={(query) => api.conflicts.list({ query })}
        columns={columns}
        rowKey={({ id }) => id}
        refreshMs={15_000}
        empty={<NothingYet title={t("conflicts.none")}>{t("conflicts.noneAbout")}</NothingYet>}
      />
    </>
  );
}

function useColumns(): Columns<Conflict> {
  const t = useTexts("replication");
  const { data: policies = [] } = useQuery(allPolicies);
  const policyOf = (id: number | null) => policies.find((policy) => policy.id === id);
  return [
    {
      title: t("conflict.tag"),
      key: "tag",
      render: (_, { repository, tag }) => (
        <span className="code">
          {repository}:{tag}
        </span>
      ),
    },
    {
      title: t("conflict.where"),
      key: "where",
      render: (_, { policy_id: id }) => {
        if (id === null) return t("conflict.here");
        const policy = policyOf(id);
        return (
          <Link to={`/replication/policies/${id}`}>
            {policy?.dest_registry.name ?? t("policy.numbered", { id })}
          </Link>
        );
      },
    },
    {
      title: t("conflict.winner"),
      key: "winner",
      render: (_, { winner, winner_origin: origin }) => (
        <Side digest={winner} origin={origin} won />
      ),
    },
    {
      title: t("conflict.loser"),
      key: "loser",
      render: (_, { loser, loser_origin: origin }) => <Side digest={loser} origin={origin} />,
    },
    { title: t("conflict.at"), key: "at", render: (_, { at }) => <When time={at} /> },
    {
      key: "actions",
      align: "right",
      render: (_, conflict) => (
        <ConflictActions conflict={conflict} policy={policyOf(conflict.policy_id)} />
      ),
    },
  ];
}

function Side({
  digest,
  origin,
  won = false,
}: {
  readonly digest: string | null;
  readonly origin: string | null;
  readonly won?: boolean;
}) {
  const t = useTexts("replication");
  const { data: endpoints = [] } = useQuery(allEndpoints);
  return (
    <Flex vertical>
      <span>
        {won && <Tag color="success">{t("conflict.kept")}</Tag>}
        {digest === null ? <Tag>{t("conflict.deletion")}</Tag> : <Digest value={digest} />}
      </span>
      {origin !== null && (
        <Typography.Text type="secondary">
          {t("conflict.by", { registry: registryOf(origin, endpoints) ?? origin.slice(0, 8) })}
        </Typography.Text>
      )}
    </Flex>
  );
}

/** What the registry with the id `origin` is called here. */
function registryOf(origin: string, endpoints: readonly RegistryEndpoint[]): string | undefined {
  return endpoints.find(({ entrepot_registry_id: id }) => id === origin)?.name;
}
