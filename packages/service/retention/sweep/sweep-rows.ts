import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";

/** Rows deleted in one transaction: its locks make pushes of these very blobs wait. */
const BATCH = 200;

/** What became of the rows of one repository. */
export interface RowsSwept {
  /** The repository's name; null: there are no more. */
  readonly next: string | null;
  /** Condemned, or to be condemned. */
  readonly condemned: number;
  /** Removed, or to be removed. */
  readonly removed: number;
}

type Source = Pick<Catalog, "db" | "now" | "transaction">;

/**
 * Looks at the rows of the first repository after `after`: condemns those older than `graceMs` that
 * nothing in the repository refers to, lets off those that something does, and removes those that
 * were condemned `graceMs` ago. With `dryRun` it only counts. Repeating is safe.
 */
export async function sweepRows(
  catalog: Source,
  after: string,
  { graceMs, dryRun }: { readonly graceMs: number; readonly dryRun: boolean },
): Promise<RowsSwept> {
  const { db, now } = catalog;
  const { rows: found } = await sql<{ name: string | null }>`
    SELECT min(repository) AS name FROM repository_blob WHERE repository > ${after}
  `.execute(db);
  const name = found[0]!.name;
  if (name === null) return { next: null, condemned: 0, removed: 0 };

  const before = new Date(now().getTime() - graceMs);
  if (dryRun) {
    const { rows } = await sql<{ condemned: number; removed: number }>`
      ${referred(name)}
      SELECT (count(*) FILTER (WHERE condemned_at IS NULL))::integer AS condemned,
        (count(*) FILTER (WHERE condemned_at <= ${before}))::integer AS removed
      FROM repository_blob b
      WHERE repository = ${name} AND created_at <= ${before} AND ${UNREFERRED}
    `.execute(db);
    return { next: name, ...rows[0]! };
  }
  // A push that refers to one at this moment is not waited for, nor does it wait: a row that was
  // condemned wrongly is let off the next time, long before it goes.
  const { rows: changed } = await sql<{ condemned: boolean }>`
    ${referred(name)}, looked_at AS (
      SELECT b.digest, r.digest IS NULL AS unreferred
      FROM repository_blob b LEFT JOIN referred r ON r.digest = b.digest
      WHERE b.repository = ${name} AND b.created_at <= ${before}
    )
    UPDATE repository_blob b
    SET condemned_at = CASE WHEN unreferred THEN ${now()}::timestamptz END
    FROM looked_at
    WHERE b.repository = ${name} AND b.digest = looked_at.digest
      AND (condemned_at IS NULL) = unreferred
    RETURNING unreferred AS condemned
  `.execute(db);
  let removed = 0;
  for (let last = BATCH; last === BATCH;) {
    last = await removeRows(catalog, name, before);
    removed += last;
  }
  return { next: name, condemned: changed.filter((row) => row.condemned).length, removed };
}

/**
 * Locks first, then looks: whoever stores a manifest that refers to one of these has either ended
 * before and is seen, or finds the row gone. Returns how many were removed.
 */
async function removeRows({ transaction }: Source, name: string, before: Date): Promise<number> {
  return transaction(async (db) => {
    const locked = await db
      .selectFrom("repository_blob")
      .select("digest")
      .where("repository", "=", name)
      .where("condemned_at", "<=", before)
      .orderBy("digest")
      .limit(BATCH)
      .forUpdate()
      .skipLocked()
      .execute();
    if (locked.length === 0) return 0;
    const { rows } = await sql`
      ${referred(name)}
      DELETE FROM repository_blob b
      WHERE repository = ${name} AND digest = ANY(${locked.map((row) => row.digest)}::text[])
        AND ${UNREFERRED}
      RETURNING digest
    `.execute(db);
    return rows.length;
  });
}

/** What the manifests of repository `name` refer to: one pass, however many share a blob. */
function referred(name: string) {
  return sql`
    WITH referred AS MATERIALIZED (
      SELECT DISTINCT r.digest
      FROM repository JOIN manifest m ON m.repository_id = repository.id
        JOIN manifest_reference r ON r.manifest_id = m.id
      WHERE repository.name = ${name}
    )`;
}

const UNREFERRED = sql`NOT EXISTS (SELECT FROM referred r WHERE r.digest = b.digest)`;
