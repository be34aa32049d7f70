import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { sql } from "kysely";

/** What the database says of a blob. */
export interface Expected {
  readonly digest: Digest;
  /** Bytes, by the rows of repositories that have it, and by a manifest's own bytes. */
  readonly sizes: readonly number[];
  /** Repositories that say that they have it, a few. */
  readonly repositories: readonly string[];
  /** By anything: what nothing names is an orphan. */
  readonly named: boolean;
  /** Some name says that the bytes are here. */
  readonly needed: boolean;
  /** Only deleted manifests refer to it. */
  readonly past: boolean;
}

type Source = Pick<Catalog, "db">;

/** The next at most `limit` digests after `after` whose bytes some name of `scope` wants here. */
export async function expectedDigests(
  { db }: Source,
  scope: string,
  after: string,
  limit: number,
): Promise<Digest[]> {
  const within = inScope(scope);
  const arms = [
    sql`SELECT DISTINCT digest FROM repository_blob
      WHERE digest > ${after} AND ${within("repository")}`,
    sql`SELECT DISTINCT m.digest FROM manifest m JOIN repository r ON r.id = m.repository_id
      WHERE m.digest > ${after} AND ${within("r.name")}`,
    ...(scope === ""
      ? [
          sql`SELECT digest FROM past_manifest WHERE digest > ${after}`,
          sql`SELECT DISTINCT digest FROM past_reference
            WHERE digest > ${after} AND kind = 'blob'`,
        ]
      : []),
  ].map((arm) => sql`(${arm} ORDER BY digest LIMIT ${limit})`);
  const { rows } = await sql<{ digest: Digest }>`
    SELECT digest FROM (${sql.join(arms, sql` UNION `)}) AS one ORDER BY digest LIMIT ${limit}
  `.execute(db);
  return rows.map(({ digest }) => digest);
}

/** What the database says of each of `digests`, in their order; asked now. */
export async function expectedOf({ db }: Source, digests: readonly Digest[]): Promise<Expected[]> {
  const { rows } = await sql<Expected>`
    SELECT k.digest, sizes, repositories,
      sizes <> '{}' OR is_past OR refers OR past_refers AS named,
      sizes <> '{}' OR is_past OR past_refers AS needed,
      sizes = '{}' AND NOT is_past AS past
    FROM unnest(${[...digests]}::text[]) WITH ORDINALITY AS k (digest, i)
    CROSS JOIN LATERAL (
      SELECT
        array(
          SELECT size FROM repository_blob b WHERE b.digest = k.digest
          UNION SELECT octet_length(bytes) FROM manifest m WHERE m.digest = k.digest) AS sizes,
        array(SELECT repository FROM repository_blob b WHERE b.digest = k.digest
          ORDER BY 1 LIMIT 20) AS repositories,
        EXISTS (SELECT FROM past_manifest p WHERE p.digest = k.digest) AS is_past,
        EXISTS (SELECT FROM manifest_reference r WHERE r.digest = k.digest) AS refers,
        EXISTS (SELECT FROM past_reference r WHERE r.digest = k.digest AND kind = 'blob')
          AS past_refers
    ) AS found ORDER BY k.i
  `.execute(db);
  return rows;
}

/** Whether a column of repositories' names lies in `scope`: a project or a repository of one. */
export function inScope(scope: string) {
  return (column: string) => {
    if (scope === "") return sql`true`;
    const name = sql.raw(column);
    if (scope.includes("/")) return sql`${name} = ${scope}`;
    return sql`${name} >= ${`${scope}/`} AND ${name} < ${`${scope}0`}`;
  };
}
