import { type Kysely, sql } from "kysely";
import type { Database } from "./database.ts";

/** Up to where the journal may be folded. */
export interface FoldLimits {
  /** States from this seq on stay exact. */
  readonly seq: number;
  /** Projects whose states stay exact from an earlier seq on. */
  readonly projects: ReadonlyMap<string, number>;
  /** Deletions after this seq are not forgotten. */
  readonly deletions: number;
}

/** One batch of folding. */
export interface Folded {
  /** Where the next batch begins; null: there is none. */
  readonly next: number | null;
  /** Entries removed, or that would be. */
  readonly removed: number;
}

/** Entries looked at in one batch. */
const BATCH = 2_000;

/**
 * Folds the next entries after `after`: removes what a later entry of the same name has replaced at
 * or before the name's limit, and deletions there that follow nothing. What replaying the journal
 * up to any seq from the limits on gives stays the same. Repeating is safe, with other limits too:
 * a deletion is forgotten only once nothing is left of what it deleted. With `dryRun` it counts.
 */
export async function foldJournal(
  db: Kysely<Database>,
  limits: FoldLimits,
  after: number,
  { dryRun = false, batch = BATCH }: { dryRun?: boolean; batch?: number } = {},
): Promise<Folded> {
  const { seq, projects, deletions } = limits;
  const { rows: ends } = await sql<{ last: number | null; count: number }>`
    SELECT max(seq)::bigint AS last, count(*)::integer AS count FROM (
      SELECT seq FROM journal WHERE seq > ${after} AND seq <= ${seq} ORDER BY seq LIMIT ${batch}
    ) AS looked_at
  `.execute(db);
  const { last, count } = ends[0]!;
  if (last === null) return { next: null, removed: 0 };

  const limit = sql`coalesce((
    SELECT p.seq FROM unnest(${[...projects.keys()]}::text[], ${[...projects.values()]}::bigint[])
      AS p (name, seq)
    WHERE p.name = split_part(j.key, '/', 1)), ${seq}::bigint)`;
  const due = sql`j.seq > ${after} AND j.seq <= ${last} AND j.seq <= ${limit}`;
  const replaced = sql`EXISTS (
    SELECT FROM journal l WHERE l.kind = j.kind AND l.key = j.key AND l.seq > j.seq
      AND l.seq <= ${limit})`;
  // The entry at the limit stays: by it a time is found to be no earlier.
  const forgotten = sql`j.after IS NULL AND j.seq < ${limit} AND j.seq <= ${deletions}
    AND NOT EXISTS (
    SELECT FROM journal e WHERE e.kind = j.kind AND e.key = j.key AND e.seq < j.seq)`;

  let removed = 0;
  for (const gone of [replaced, forgotten]) {
    const found = dryRun
      ? await sql`SELECT FROM journal j WHERE ${due} AND ${gone}`.execute(db)
      : await sql`DELETE FROM journal j WHERE ${due} AND ${gone} RETURNING seq`.execute(db);
    removed += found.rows.length;
  }
  return { next: count === batch ? last : null, removed };
}
