import type { Database } from "@entrepot/catalog";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { type KeyRange, rangesOf, type Scope } from "./scope.ts";

/** Which names a plan is about. */
export interface Differing {
  readonly planId: number;
  readonly scope: Scope;
  /** Kinds that can be put back, in the order in which they come into being. */
  readonly kinds: readonly string[];
  /** The newest entry that counts as now. */
  readonly head: number;
}

/** Order: what others stand on comes first, and goes last. */
const LAST_PHASE = 1_000;

/** Notes as the plan's items what was otherwise after entry `seq` than it is now. */
export async function noteDifferences(
  db: Transaction<Database>,
  { planId, scope, kinds, head }: Differing,
  seq: number,
): Promise<void> {
  const ranges = await rangesIn(db, scope, kinds, head);
  // Only what has an entry after the moment can differ.
  await sql`
    INSERT INTO restore_item (plan_id, kind, key, phase, rank, verdict, wanted, present)
    SELECT ${planId}::integer, now.kind, now.key, ${phaseOf(kinds, sql`was.after`, sql`now`)},
      ${rankOf(sql`was.after`)}, ${verdict}, was.after, now.after
    FROM (
      SELECT DISTINCT ON (journal.kind, journal.key)
        journal.kind, journal.key, journal.seq, journal.after
      FROM ${keysIn(ranges)}
      JOIN journal ON journal.kind = range.kind AND journal.key >= range.lo
        AND (range.hi IS NULL OR journal.key < range.hi)
      WHERE journal.seq > ${seq} AND journal.seq <= ${head}
      ORDER BY journal.kind, journal.key, journal.seq DESC
    ) AS now
    ${entryUpTo(sql`was`, sql`now`, sql`${seq}::bigint`)}
    WHERE was.after IS DISTINCT FROM now.after
  `.execute(db);
}

/** Notes what was otherwise before `cause` than it is now, among the names that it changed. */
export async function noteUndone(
  db: Transaction<Database>,
  { planId, kinds, head }: Omit<Differing, "scope">,
  cause: string,
): Promise<void> {
  await sql`
    INSERT INTO restore_item
      (plan_id, kind, key, phase, rank, verdict, wanted, present, changed_since)
    SELECT ${planId}::integer, c.kind, c.key, ${phaseOf(kinds, sql`was.after`)},
      ${rankOf(sql`was.after`)}, ${verdict}, was.after, now.after, now.seq > c.last
    FROM (
      SELECT kind, key, min(seq) AS first, max(seq) AS last FROM journal
      WHERE cause = ${cause} AND seq <= ${head} GROUP BY kind, key
    ) AS c
    ${entryUpTo(sql`was`, sql`c`, sql`c.first - 1`)}
    ${entryUpTo(sql`now`, sql`c`, sql`${head}::bigint`)}
    WHERE was.after IS DISTINCT FROM now.after
  `.execute(db);
}

/**
 * Notes what the temporary table `backup_entry` has otherwise than it is now, as far as it is of
 * `copied` kinds: what a backup says of the scope.
 */
export async function noteFromBackup(
  db: Transaction<Database>,
  { planId, scope, kinds, head }: Differing,
  copied: readonly string[],
): Promise<void> {
  const ranges = await rangesIn(db, scope, copied, head);
  const { rows } = await sql<{ key: string }>`
    SELECT DISTINCT key FROM backup_entry
    WHERE kind = 'policy' AND kind = ANY(${[...copied]}::text[])`.execute(db);
  ranges.push(...rows.map(({ key }) => ({ kind: "policy", lo: key, hi: `${key}\u0001` })));
  await sql`
    INSERT INTO restore_item (plan_id, kind, key, phase, rank, verdict, wanted, present)
    SELECT ${planId}::integer, c.kind, c.key, ${phaseOf(kinds, sql`was.after`)},
      ${rankOf(sql`was.after`)}, ${verdict}, was.after, now.after
    FROM (
      SELECT DISTINCT ON (kind, key) kind, key, seq, after FROM backup_entry
      WHERE kind = ANY(${[...copied]}::text[])
      ORDER BY kind, key, seq DESC
    ) AS was
    FULL JOIN (
      SELECT DISTINCT ON (journal.kind, journal.key)
        journal.kind, journal.key, journal.seq, journal.after
      FROM ${keysIn(ranges)}
      JOIN journal ON journal.kind = range.kind AND journal.key >= range.lo
        AND (range.hi IS NULL OR journal.key < range.hi)
      WHERE journal.seq <= ${head}
      ORDER BY journal.kind, journal.key, journal.seq DESC
    ) AS now ON now.kind = was.kind AND now.key = was.key
    CROSS JOIN LATERAL (
      SELECT coalesce(was.kind, now.kind) AS kind, coalesce(was.key, now.key) AS key
    ) AS c
    WHERE was.after IS DISTINCT FROM now.after
  `.execute(db);
}

/** Kinds that are copied when a project is made anew beside the old one. */
export const COPIED = ["project", "label", "repository", "manifest", "tag", "artifact_label"];

/**
 * Notes what project `from` held after entry `seq`, under the name of project `into`: by the
 * journal here, or by the one of a backup.
 */
export async function noteCopies(
  db: Transaction<Database>,
  { planId, kinds, head }: Omit<Differing, "scope">,
  { from, into, seq }: { readonly from: string; readonly into: string; readonly seq: number },
  entries: "journal" | "backup_entry" = "journal",
): Promise<void> {
  const ranges = rangesOf({ kind: "project", project: from }, COPIED);
  const moved = (name: RawBuilder<unknown>) =>
    sql`(${into}::text || substr(${name}, ${from.length + 1}::integer))`;
  await sql`
    INSERT INTO restore_item (plan_id, kind, key, phase, rank, verdict, wanted, source)
    SELECT ${planId}::integer, was.kind, ${moved(sql`was.key`)},
      ${phaseOf(kinds, sql`was.after`, sql`was`)}, was.seq, 'create',
      CASE was.kind
        WHEN 'project' THEN was.after || jsonb_build_object('name', ${into}::text,
          'metadata', was.after -> 'metadata' || '{"public":"false"}', 'registryId', null)
        WHEN 'label' THEN was.after || jsonb_build_object('project', ${into}::text)
        WHEN 'repository' THEN was.after
          || jsonb_build_object('name', ${moved(sql`(was.after ->> 'name')`)})
        WHEN 'artifact_label' THEN was.after || jsonb_build_object(
          'repository', ${moved(sql`(was.after ->> 'repository')`)},
          'labels', (SELECT jsonb_agg(
            CASE WHEN label LIKE '/%' THEN label ELSE ${moved(sql`label`)} END)
            FROM jsonb_array_elements_text(was.after -> 'labels') AS label))
        ELSE was.after || jsonb_build_object(
          'repository', ${moved(sql`(was.after ->> 'repository')`)})
      END,
      CASE was.kind WHEN 'manifest' THEN was.after ->> 'repository'
        WHEN 'project' THEN was.key END
    FROM (
      SELECT DISTINCT ON (journal.kind, journal.key)
        journal.kind, journal.key, journal.seq, journal.after
      FROM ${keysIn(ranges)}
      JOIN ${sql.table(entries)} AS journal ON journal.kind = range.kind AND journal.key >= range.lo
        AND journal.key < range.hi
      WHERE journal.seq <= ${entries === "journal" ? Math.min(seq, head) : seq}
      ORDER BY journal.kind DESC, journal.key DESC, journal.seq DESC
    ) AS was
    WHERE was.after IS NOT NULL
  `.execute(db);
}

/** What becomes of a name that nothing speaks against, as `planRestore` has it. */
const verdict = sql`CASE WHEN was.after IS NULL THEN 'remove'
  WHEN now.after IS NULL THEN 'create' ELSE 'change' END`;

/** The last entry of `c`'s name that is not after `seq`. */
function entryUpTo(
  as: RawBuilder<unknown>,
  c: RawBuilder<unknown>,
  seq: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`LEFT JOIN LATERAL (
    SELECT after, seq FROM journal
    WHERE journal.kind = ${c}.kind AND journal.key = ${c}.key AND journal.seq <= ${seq}
    ORDER BY journal.seq DESC LIMIT 1
  ) AS ${as} ON true`;
}

function keysIn(ranges: readonly KeyRange[]): RawBuilder<unknown> {
  return sql`(
    SELECT kind, lo COLLATE "C" AS lo, hi COLLATE "C" AS hi
    FROM unnest(${ranges.map(({ kind }) => kind)}::text[], ${ranges.map(({ lo }) => lo)}::text[],
                ${ranges.map(({ hi }) => hi)}::text[]) AS range (kind, lo, hi)
  ) AS range`;
}

function phaseOf(
  kinds: readonly string[],
  wanted: RawBuilder<unknown>,
  c: RawBuilder<unknown> = sql`c`,
): RawBuilder<unknown> {
  const place = sql`coalesce(array_position(${[...kinds]}::text[], ${c}.kind), 0)`;
  return sql`CASE WHEN ${wanted} IS NULL THEN ${LAST_PHASE}::integer - ${place} ELSE ${place} END`;
}

/** As they were made: children before what refers to them; taken away the other way round. */
function rankOf(wanted: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE WHEN ${wanted} IS NULL THEN -now.seq ELSE was.seq END`;
}

async function rangesIn(
  db: Transaction<Database>,
  scope: Scope,
  kinds: readonly string[],
  head: number,
): Promise<KeyRange[]> {
  const ranges = rangesOf(scope, kinds);
  if (scope.kind === "project" && kinds.includes("policy")) {
    const { rows } = await sql<{ key: string }>`
      SELECT DISTINCT key FROM journal
      WHERE kind = 'policy' AND after ->> 'project' = ${scope.project} AND seq <= ${head}
    `.execute(db);
    ranges.push(...rows.map(({ key }) => ({ kind: "policy", lo: key, hi: `${key}\u0001` })));
  }
  return ranges;
}
