import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { Hold, HistoryWindow } from "./history-window.ts";

/** Deleted manifests looked at in one batch. */
const BATCH = 500;

/** What became of one batch of deleted manifests. */
export interface PastSwept {
  /** The last one looked at; null: there are no more. */
  readonly next: string | null;
  /** Removed, or to be removed. */
  readonly removed: number;
}

interface PastRow {
  readonly digest: string;
  readonly heldBy: string | null;
  /** It was named within its project's window. */
  readonly inHistory: boolean | null;
  /** When the last name that it had will leave the window; null: it has one now, or never had. */
  readonly until: Date | null;
  /** The seq with which its last name went; null: it has one now, or never had. */
  readonly endSeq: number | null;
  readonly isNamed: boolean | null;
}

/**
 * Looks at the next deleted manifests after digest `after`, notes who holds each, and removes those
 * that nobody has held for `graceMs`. With `dryRun` none is removed. Repeating is safe.
 */
export async function sweepPast(
  { db, now }: Pick<Catalog, "db" | "now">,
  window: HistoryWindow,
  after: string,
  { graceMs, dryRun }: { readonly graceMs: number; readonly dryRun: boolean },
): Promise<PastSwept> {
  const names = window.projects.map(({ name }) => name);
  const seqs = window.projects.map(({ seq }) => seq);
  const days = window.projects.map((project) => project.days);
  const { rows } = await sql<PastRow>`
    SELECT p.digest, p.held_by AS "heldBy", named.*
    FROM (SELECT digest, held_by FROM past_manifest WHERE digest > ${after}
          ORDER BY digest LIMIT ${BATCH}) AS p
    CROSS JOIN LATERAL (
      SELECT bool_or(ended.seq IS NULL OR ended.seq > coalesce(own.seq, ${window.seq}::bigint))
          AS "inHistory",
        CASE WHEN NOT bool_or(ended.seq IS NULL)
          THEN max(ended.at + coalesce(own.days, ${window.days}::integer) * interval '1 day')
          END AS until,
        CASE WHEN NOT bool_or(ended.seq IS NULL) THEN max(ended.seq) END AS "endSeq",
        bool_or(ended.seq IS NULL) AS "isNamed"
      FROM journal j
        LEFT JOIN LATERAL (
          SELECT seq, at FROM journal e
          WHERE e.kind = 'manifest' AND e.key = j.key AND e.seq > j.seq ORDER BY e.seq LIMIT 1
        ) AS ended ON true
        LEFT JOIN unnest(${names}::text[], ${seqs}::bigint[], ${days}::integer[])
          AS own (name, seq, days) ON own.name = split_part(j.key, '/', 1)
      WHERE j.kind = 'manifest' AND j.after IS NOT NULL AND j.after ->> 'digest' = p.digest
    ) AS named
    ORDER BY p.digest
  `.execute(db);
  const found = rows.map((row) => ({ digest: row.digest, ...holderOf(row, window.holds) }));
  await note({ db }, found);
  const unheld = found.filter(({ heldBy }) => heldBy === null).map(({ digest }) => digest);
  const before = new Date(now().getTime() - graceMs);
  // Deleted once more meanwhile, it is not as old as that: PostgreSQL looks at the row again.
  const due = sql`WHERE digest = ANY(${unheld}::text[]) AND since <= ${before}`;
  const gone = dryRun
    ? await sql`SELECT digest FROM past_manifest ${due}`.execute(db)
    : await sql`DELETE FROM past_manifest ${due} AND held_by IS NULL RETURNING digest`.execute(db);
  const next = rows.length === BATCH ? rows.at(-1)!.digest : null;
  return { next, removed: gone.rows.length };
}

/** Who holds a deleted manifest, and until when as far as is known. */
function holderOf(
  { inHistory, until, endSeq, isNamed }: PastRow,
  holds: readonly Hold[],
): { heldBy: string | null; heldUntil: Date | null } {
  if (inHistory) return { heldBy: "history", heldUntil: until };
  const holding = holds.filter(({ seq }) => isNamed || (endSeq !== null && endSeq > seq));
  const lasting = holding.find(({ expiresAt }) => expiresAt === null);
  if (lasting) return { heldBy: lasting.holder, heldUntil: null };
  const last = holding.toSorted((a, b) => Number(b.expiresAt) - Number(a.expiresAt))[0];
  return { heldBy: last?.holder ?? null, heldUntil: last?.expiresAt ?? null };
}

async function note(
  { db }: Pick<Catalog, "db">,
  found: readonly { digest: string; heldBy: string | null; heldUntil: Date | null }[],
): Promise<void> {
  await sql`
    UPDATE past_manifest p SET held_by = k.held_by, held_until = k.held_until
    FROM unnest(${found.map(({ digest }) => digest)}::text[],
                ${found.map(({ heldBy }) => heldBy)}::text[],
                ${found.map(({ heldUntil }) => heldUntil)}::timestamptz[])
      AS k (digest, held_by, held_until)
    WHERE p.digest = k.digest
      AND (p.held_by, p.held_until) IS DISTINCT FROM (k.held_by, k.held_until)
  `.execute(db);
}
