import type { Artifact, RepositoryReplica } from "@entrepot/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Tag } from "antd";
import { api } from "../../api.ts";
import { artifactPath, partsOf } from "../../addresses.ts";
import { useTexts } from "../../texts.ts";

/** Where names of a repository are replicated to; all, or those of `references`. */
export function useReplicas(repository: string, references?: readonly string[]) {
  const { project, rest } = partsOf(repository);
  const asked = references?.join(",");
  return useQuery({
    queryKey: ["lag", "repository", repository, asked],
    refetchInterval: 15_000,
    queryFn: async () => {
      const params = { project_name: project, repository_name: rest };
      const query = asked === undefined ? {} : { references: asked };
      return (await api.replicas.ofRepository({ params, query })).body;
    },
  });
}

/** The same for a whole repository, none while it is not known. */
export function useSites(repository: string): readonly RepositoryReplica[] {
  return useReplicas(repository).data ?? [];
}

/** At how many of the sites that are to have an artifact it is, a link to where exactly. */
export function Sites({
  repository,
  artifact,
  replicas,
}: {
  readonly repository: string;
  readonly artifact: Artifact;
  readonly replicas: readonly RepositoryReplica[];
}) {
  const t = useTexts("artifacts");
  const names = new Set([artifact.digest, ...artifact.tags.map(({ name }) => name)]);
  const own = replicas.filter(({ reference }) => names.has(reference));
  if (own.length === 0) return <>–</>;
  const bySite = Map.groupBy(own, (one) => `${one.policy_id} ${one.target}`);
  const sites = [...bySite.values()];
  const there = sites.filter((all) => all.every((one) => one.wanted === one.arrived)).length;
  const reference = artifact.tags[0]?.name ?? artifact.digest;
  return (
    <Link to={artifactPath(repository, reference)} search={{ tab: "replication" } as never}>
      <Tag color={there === sites.length ? "success" : "warning"} style={{ cursor: "pointer" }}>
        {t("sites.some", { there, all: sites.length })}
      </Tag>
    </Link>
  );
}
