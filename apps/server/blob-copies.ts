import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import type { Backups, Copies, Copy } from "@entrepot/recovery";
import type { Replication } from "@entrepot/replication";
import { sql } from "kysely";
import type { Upstreams } from "./upstreams.ts";

/** Places asked for one blob at most. */
const MOST_PLACES = 16;
const BYTES = "application/octet-stream";

/**
 * Where copies of our blobs may be: at endpoints that replication has brought their repository to
 * or from, behind a proxy, and in backups.
 */
export function blobCopies(
  { db, registryId }: Pick<Catalog, "db" | "registryId">,
  endpoints: Pick<Replication["endpoints"], "site">,
  upstreams: Pick<Upstreams, "source">,
  backups: Pick<Backups, "targets" | "statBlob" | "fetchBlob">,
): Copies {
  const origin = { registry: registryId, seq: 0, path: [registryId] };
  const repositoryAt = async ({ id, repository }: Copy) =>
    (await endpoints.site(id)).registry(origin).repository(repository);

  return {
    async places({ repositories }) {
      const found = new Map<string, Copy>();
      const add = (copy: Copy) => {
        if (found.size < MOST_PLACES) found.set(`${copy.kind} ${copy.id} ${copy.repository}`, copy);
      };
      for (const repository of repositories) {
        const source = upstreams.source(repository);
        if (!source) continue;
        const label = `the registry behind its proxy project (${source.name})`;
        add({ kind: "endpoint", id: source.id, repository: source.name, label });
      }
      for (const { id, name, repository } of await replicated({ db }, repositories)) {
        const label = `endpoint '${name}' (${repository})`;
        add({ kind: "endpoint", id, repository, label });
      }
      for (const { id, name, enabled } of await backups.targets.list()) {
        if (enabled) add({ kind: "backup", id, repository: "", label: `backup '${name}'` });
      }
      return [...found.values()];
    },
    async stat(copy, digest: Digest) {
      if (copy.kind === "backup") return backups.statBlob(copy.id, digest);
      const there = await repositoryAt(copy);
      return ((await there.stat(digest)) ?? (await there.resolve(digest)))?.size ?? null;
    },
    async fetch(copy, { digest, size }) {
      if (copy.kind === "backup") return backups.fetchBlob(copy.id, digest);
      const there = await repositoryAt(copy);
      const manifest = await there.resolve(digest);
      return there.fetch(manifest ?? { digest, size, mediaType: BYTES });
    },
  };
}

/** Endpoints that policies have pushed `repositories` to or pulled them from, and as what. */
async function replicated(
  { db }: Pick<Catalog, "db">,
  repositories: readonly string[],
): Promise<{ id: number; name: string; repository: string }[]> {
  const { rows } = await sql<{ id: number; name: string; repository: string }>`
    SELECT DISTINCT e.id, e.name, there.repository
    FROM (
      SELECT p.dest_endpoint_id AS endpoint, r.target AS repository
      FROM replica r JOIN replication_policy p ON p.id = r.policy_id
      WHERE p.dest_endpoint_id IS NOT NULL AND r.arrived IS NOT NULL
        AND r.repository = ANY(${[...repositories]}::text[])
      UNION
      SELECT p.src_endpoint_id, r.repository
      FROM replica r JOIN replication_policy p ON p.id = r.policy_id
      WHERE p.src_endpoint_id IS NOT NULL AND r.arrived IS NOT NULL
        AND r.target = ANY(${[...repositories]}::text[])
    ) AS there JOIN registry_endpoint e ON e.id = there.endpoint
    ORDER BY e.id, there.repository LIMIT ${MOST_PLACES}
  `.execute(db);
  return rows;
}
