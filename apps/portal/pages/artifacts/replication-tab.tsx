import type { Artifact, RepositoryReplica } from "@entrepot/api";
import { Link } from "@tanstack/react-router";
import { Table, Tag } from "antd";
import { Digest } from "../../parts/copy.tsx";
import { Failure } from "../../parts/failure.tsx";
import { NothingYet } from "../../parts/nothing-yet.tsx";
import { ServerWords } from "../../parts/server-words.tsx";
import { durationText, When } from "../../parts/units.tsx";
import { usePerson } from "../../session.ts";
import { useLanguage, useTexts } from "../../texts.ts";
import { useReplicas } from "./sites.tsx";

/** Where an artifact and its tags have been replicated to, and how far behind they are there. */
export function ReplicationTab({
  repository,
  artifact,
}: {
  readonly repository: string;
  readonly artifact: Artifact;
}) {
  const t = useTexts("artifacts");
  const { sysadmin } = usePerson();
  const references = [artifact.digest, ...artifact.tags.map(({ name }) => name)].slice(0, 100);
  const { data, error, refetch } = useReplicas(repository, references);
  if (error) return <Failure error={error} again={() => void refetch()} />;
  if (data?.length === 0) {
    return (
      <NothingYet
        title={t("replication.none")}
        action={sysadmin && <Link to="/replication/policies">{t("replication.policies")}</Link>}
      >
        {t("replication.about")}
      </NothingYet>
    );
  }
  return (
    <Table<RepositoryReplica>
      aria-label={t("tab.replication")}
      size="small"
      loading={!data}
      pagination={false}
      scroll={{ x: "max-content" }}
      dataSource={data ?? []}
      rowKey={(one) => `${one.policy_id} ${one.reference}`}
      columns={[
        { title: t("replication.site"), render: (_, one) => <strong>{one.endpoint_name}</strong> },
        { title: t("replication.as"), render: (_, one) => <Target of={one} /> },
        { title: t("replication.state"), render: (_, one) => <State of={one} /> },
        {
          title: t("replication.arrived"),
          render: (_, one) => <When time={one.arrived_at} />,
        },
        { title: t("replication.there"), render: (_, one) => <Digest value={one.arrived} /> },
        {
          title: t("replication.policy"),
          render: (_, one) =>
            sysadmin ? (
              <Link to={`/replication/policies/${one.policy_id}`}>{one.policy_name}</Link>
            ) : (
              one.policy_name
            ),
        },
      ]}
    />
  );
}

function Target({ of: { target, reference } }: { readonly of: RepositoryReplica }) {
  const isDigest = reference.includes(":");
  return (
    <span className="code">
      {target}
      {isDigest ? `@${reference.slice(0, 19)}…` : `:${reference}`}
    </span>
  );
}

function State({ of }: { readonly of: RepositoryReplica }) {
  const t = useTexts("artifacts");
  const language = useLanguage();
  if (of.wanted === of.arrived) return <Tag color="success">{t("replication.isThere")}</Tag>;
  const lag = durationText(of.lag_seconds * 1_000, language);
  return (
    <>
      <Tag color={of.cause === "failed" || of.cause === "endpoint" ? "error" : "warning"}>
        {t("replication.behind", { lag })}
      </Tag>
      <div style={{ maxWidth: 420, whiteSpace: "normal" }}>
        {of.why ? <ServerWords>{of.why}</ServerWords> : of.cause && t(`cause.${of.cause}`)}
      </div>
    </>
  );
}
