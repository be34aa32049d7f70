import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { Candidate } from "./plan-retention.ts";

/** The tags by which cosign hangs things on an image; characters 8 to 71 are its digest's. */
const COSIGN_TAG = String.raw`^sha256-[0-9a-f]{64}\.(sig|att|sbom)$`;

interface Row extends Omit<Candidate, "pushedAt" | "pulledAt" | "isPart"> {
  readonly pushedAt: Date;
  readonly pulledAt: Date | null;
  readonly hasParent: boolean;
}

/**
 * Every manifest of `repository`, as the planner sees it, by one statement. Pushed again, under
 * whatever tag, it counts as new: what a tag was just moved back to is not old.
 */
export async function readCandidates(
  { db }: Pick<Catalog, "db">,
  repository: string,
): Promise<Candidate[]> {
  const { rows } = await sql<Row>`
    WITH own AS (
      SELECT m.* FROM manifest m JOIN repository r ON r.id = m.repository_id
      WHERE r.name = ${repository}
    ), tagged AS (
      SELECT t.digest, array_agg(t.name ORDER BY t.name) AS names, max(t.pushed_at) AS pushed_at,
        min(t.name) FILTER (
          WHERE immutable_rule_of(r.project_id, r.name, t.name) IS NOT NULL) AS immutable,
        min('sha256:' || substr(t.name, 8, 64)) FILTER (
          WHERE t.name ~ ${COSIGN_TAG} AND t.digest <> 'sha256:' || substr(t.name, 8, 64)
        ) AS about
      FROM tag t JOIN repository r ON r.id = t.repository_id
      WHERE r.name = ${repository} GROUP BY t.digest
    ), held AS (
      SELECT own.id, array_agg(f.digest ORDER BY f.position) AS digests
      FROM own JOIN manifest_reference f ON f.manifest_id = own.id AND f.kind = 'manifest'
      GROUP BY own.id
    ), part AS (SELECT DISTINCT unnest(digests) AS digest FROM held)
    SELECT own.digest, coalesce(tagged.names, '{}') AS tags, own.size,
      greatest(own.pushed_at, tagged.pushed_at) AS "pushedAt", pulled.at AS "pulledAt",
      coalesce(held.digests, '{}') AS children, subject.digest AS subject,
      part.digest IS NOT NULL AS "hasParent", tagged.immutable AS "immutableTag"
    FROM own
      LEFT JOIN tagged ON tagged.digest = own.digest
      LEFT JOIN held ON held.id = own.id
      LEFT JOIN part ON part.digest = own.digest
      LEFT JOIN own AS subject ON subject.digest = coalesce(own.subject, tagged.about)
      LEFT JOIN pulled ON pulled.repository = ${repository} AND pulled.digest = own.digest
    ORDER BY own.digest
  `.execute(db);
  return rows.map(({ hasParent, ...row }) => ({
    ...row,
    pushedAt: row.pushedAt.getTime(),
    pulledAt: row.pulledAt?.getTime() ?? null,
    isPart: hasParent && row.tags.length === 0,
  }));
}
