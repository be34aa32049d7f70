import { type Database, list } from "@entrepot/catalog";
import { cosignSuffixes, type Digest } from "@entrepot/oci";
import { sql, type Transaction } from "kysely";
import { keyOf, type Step } from "./planner.ts";
import type { Origin, Policy } from "./ports.ts";

interface Companion {
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
  readonly digest: Digest;
  readonly origin: string;
  readonly originSeq: number;
  readonly path: readonly string[];
  readonly clock: string | null;
  readonly peerId: string | null;
}

/**
 * Steps for cosign's tags on what `steps` bring (signatures, attestations, bills of materials of an
 * image, or of an index and the manifests in it): each is a name of its own, in a lane of its own,
 * with its own clock. None for what is wanted already, and none for pulls, whose source only the
 * copy itself asks.
 */
export async function companionsOf(
  db: Transaction<Database>,
  policy: Policy,
  steps: readonly Step[],
): Promise<Step[]> {
  const brought = steps.filter(({ operation }) => operation !== "delete");
  if (policy.destEndpointId === null || brought.length === 0) return [];
  const repositories = brought.map((step) => step.repository);
  const targets = brought.map((step) => step.target);
  const digests = brought.map((step) => step.digest);
  const { rows } = await sql<Companion>`
    SELECT DISTINCT ON (k.repository, tag.name) k.repository, tag.name AS reference, k.target,
           tag.digest, made.origin, made.origin_seq AS "originSeq", made.path, made.clock,
           (SELECT peer_id FROM registry_endpoint WHERE id = ${policy.destEndpointId}) AS "peerId"
    FROM unnest(${list("text", repositories)}, ${list("text", targets)}, ${list("text", digests)})
      AS k (repository, target, digest)
    JOIN repository ON repository.name = k.repository
    CROSS JOIN LATERAL (
      SELECT k.digest COLLATE "C" AS digest
      UNION ALL
      SELECT child.digest FROM manifest
      JOIN manifest_reference child ON child.manifest_id = manifest.id AND child.kind = 'manifest'
      WHERE manifest.repository_id = repository.id AND manifest.digest = k.digest
    ) AS subject
    CROSS JOIN unnest(${list("text", cosignSuffixes)}) AS suffix
    CROSS JOIN LATERAL (
      SELECT name, digest FROM tag WHERE repository_id = repository.id
        AND name = replace(subject.digest, ':', '-') || '.' || suffix LIMIT 1
    ) AS tag
    JOIN LATERAL (
      SELECT origin, origin_seq, path, clock FROM journal
      WHERE journal.kind = 'tag' AND journal.key = k.repository || ':' || tag.name
      ORDER BY seq DESC LIMIT 1
    ) AS made ON true
    WHERE NOT EXISTS (
      SELECT FROM replica
      WHERE replica.policy_id = ${policy.id} AND replica.repository = k.repository
        AND replica.reference = tag.name AND replica.wanted = tag.digest)
  `.execute(db);
  const planned = new Set(steps.map(keyOf));
  return rows
    .filter((row) => !planned.has(keyOf(row)))
    .map(({ originSeq: seq, origin: registry, path, clock, peerId, ...name }): Step => {
      const here = brought[0]!.origin.path.slice(-1);
      const origin: Origin = {
        registry,
        seq,
        path: [...path, ...here],
        ...(clock !== null && { clock }),
      };
      const operation = peerId !== null && path.includes(peerId) ? "settle" : "copy";
      return { ...name, operation, origin };
    });
}
