import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { sql } from "kysely";
import type { Finding, FindingClass, NewFinding } from "./ports.ts";

type Source = Pick<Catalog, "db">;

/** Names told with one finding. */
const MOST_HARMED = 20;
/** Of these the name is a digest. */
const OF_BYTES: ReadonlySet<FindingClass> = new Set(["missing", "truncated", "corrupt"]);

/** Stores what check `id` (null: a pull) found, with what it harms. Repeating changes nothing. */
export async function noteFindings(
  { db }: Source,
  id: number | null,
  findings: readonly NewFinding[],
): Promise<void> {
  for (const finding of findings) {
    const { name, size, detail } = finding;
    const harms = OF_BYTES.has(finding.class) ? await harmedBy({ db }, name) : [];
    await sql`
      INSERT INTO check_finding (execution_id, class, name, size, detail, harms)
      VALUES (${id}, ${finding.class}, ${name}, ${size}, ${detail}, ${harms}::text[])
      ON CONFLICT DO NOTHING`.execute(db);
  }
}

/** Names that cannot be pulled whole without the bytes `digest`, the first few. */
async function harmedBy({ db }: Source, digest: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    WITH RECURSIVE damaged AS (
      SELECT m.id, m.repository_id, m.digest FROM manifest m
      WHERE m.digest = ${digest}
        OR EXISTS (SELECT FROM manifest_reference r
          WHERE r.manifest_id = m.id AND r.digest = ${digest})
      UNION
      SELECT m.id, m.repository_id, m.digest FROM damaged d
        JOIN manifest_reference r ON r.digest = d.digest AND r.kind = 'manifest'
        JOIN manifest m ON m.id = r.manifest_id AND m.repository_id = d.repository_id
    ), named AS (
      SELECT DISTINCT r.name || coalesce(':' || t.name, '@' || d.digest) AS name,
        t.name IS NULL AS bare
      FROM damaged d JOIN repository r ON r.id = d.repository_id
        LEFT JOIN tag t ON t.repository_id = d.repository_id AND t.digest = d.digest
    )
    SELECT name FROM named ORDER BY bare, name LIMIT ${MOST_HARMED}
  `.execute(db);
  if (rows.length > 0) return rows.map(({ name }) => name);
  const { rows: past } = await sql`
    SELECT FROM past_reference WHERE digest = ${digest}
    UNION ALL SELECT FROM past_manifest WHERE digest = ${digest} LIMIT 1`.execute(db);
  return past.length > 0 ? ["history"] : [];
}

/** Which findings: a page of those of check `id`; null: of pulls. */
export interface FindingQuery {
  readonly class?: FindingClass | undefined;
  readonly page: number;
  readonly pageSize: number;
}

/** A page of what a check found, as it was found, and how many there are. */
export async function readFindings(
  { db }: Source,
  id: number | null,
  query: FindingQuery,
): Promise<{ items: Finding[]; total: number }> {
  let all = db.selectFrom("check_finding").where("execution_id", id === null ? "is" : "=", id);
  if (query.class) all = all.where("class", "=", query.class);
  const counted = await all
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await all
    .select(["id", "class", "name", "size", "detail", "harms", "found_at as foundAt"])
    .orderBy("id")
    .limit(query.pageSize)
    .offset((query.page - 1) * query.pageSize)
    .execute();
  return { items: items as Finding[], total: Number(counted.total) };
}

/** Findings by class. */
export async function countFindings(
  { db }: Source,
  id: number | null,
): Promise<Partial<Record<FindingClass, number>>> {
  const { rows } = await sql<{ class: FindingClass; n: number }>`
    SELECT class, count(*)::integer AS n FROM check_finding
    WHERE execution_id IS NOT DISTINCT FROM ${id}::integer GROUP BY class ORDER BY class
  `.execute(db);
  return Object.fromEntries(rows.map((row) => [row.class, row.n]));
}

/** Notes that `digests` were read and are what they should be, and forgets what pulls found. */
export async function noteVerified(
  { db }: Source,
  digests: readonly Digest[],
  at: Date,
): Promise<void> {
  if (digests.length === 0) return;
  await sql`
    WITH healed AS (
      DELETE FROM check_finding WHERE execution_id IS NULL AND name = ANY(${[...digests]}::text[])
    )
    INSERT INTO blob_verified (digest, at)
    SELECT DISTINCT k, ${at}::timestamptz FROM unnest(${[...digests]}::text[]) AS k ORDER BY 1
    ON CONFLICT (digest) DO UPDATE SET at = excluded.at
  `.execute(db);
}
