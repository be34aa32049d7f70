import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";

/** Names whose content is added up at most, per policy; beyond that the sum is not known. */
const MOST_NAMES = 20_000;

/**
 * What pushes still have to bring, in bytes, by policy: manifests and blobs of what is wanted and
 * has not arrived under another name of the same target, each once. More than will be sent where
 * the target has some of it. Policies with more than 20,000 names behind are left out.
 */
export async function waitingBytes(
  db: Kysely<Database>,
  policyIds: readonly number[],
): Promise<Map<number, number>> {
  if (policyIds.length === 0) return new Map();
  const { rows } = await sql<{ policyId: number; bytes: number }>`
    WITH RECURSIVE named AS (
      SELECT policy_id, repository, target, wanted,
             count(*) OVER (PARTITION BY policy_id) AS names
      FROM replica
      WHERE policy_id = ANY(${policyIds}::integer[]) AND wanted IS DISTINCT FROM arrived
    ), top AS (
      SELECT DISTINCT policy_id, repository, wanted FROM named
      WHERE names <= ${MOST_NAMES} AND wanted IS NOT NULL AND NOT EXISTS (
        SELECT FROM replica other
        WHERE other.policy_id = named.policy_id AND other.repository = named.repository
          AND other.target = named.target AND other.arrived = named.wanted)
    ), graph AS (
      SELECT top.policy_id, home.name AS repository, m.repository_id, m.id, m.digest, m.size
      FROM top JOIN repository home ON home.name = top.repository
      JOIN manifest m ON m.repository_id = home.id AND m.digest = top.wanted
      UNION
      SELECT graph.policy_id, graph.repository, m.repository_id, m.id, m.digest, m.size
      FROM graph JOIN manifest_reference child
        ON child.manifest_id = graph.id AND child.kind = 'manifest'
      JOIN manifest m ON m.repository_id = graph.repository_id AND m.digest = child.digest
    ), content AS (
      SELECT policy_id, digest, size::bigint AS size FROM graph
      UNION
      SELECT graph.policy_id, blob.digest, blob.size
      FROM graph JOIN manifest_reference child
        ON child.manifest_id = graph.id AND child.kind = 'blob'
      JOIN repository_blob blob
        ON blob.repository = graph.repository AND blob.digest = child.digest
    )
    SELECT named.policy_id AS "policyId", coalesce(
      (SELECT sum(size) FROM content WHERE content.policy_id = named.policy_id), 0)::bigint AS bytes
    FROM named GROUP BY named.policy_id HAVING max(names) <= ${MOST_NAMES}
  `.execute(db);
  return new Map(rows.map((row) => [row.policyId, row.bytes]));
}
