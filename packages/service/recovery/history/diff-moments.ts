import type { Catalog, JournalKind } from "@entrepot/catalog";
import { type RawBuilder, sql } from "kysely";
import { isIn, type KeyRange, rangeOf, type Scope } from "./scope.ts";

type Image = Readonly<Record<string, unknown>>;

/** How a name differs: a tag names another digest (moved), or something else about it changed. */
export type Difference = "created" | "gone" | "moved" | "changed";

/** A name that is not at a later moment what it was at an earlier one. */
export interface MomentDifference {
  readonly kind: JournalKind;
  readonly key: string;
  readonly difference: Difference;
  readonly before: Image | null;
  readonly after: Image | null;
}

/** How many names differ, by how. */
export type DifferenceCounts = Readonly<Record<Difference, number>>;

/** Two moments, by their seqs (`from` no later than `to`), and which names are compared. */
export interface DiffQuery {
  readonly from: number;
  readonly to: number;
  readonly scope?: Scope;
  /** Projects, repositories and tags, unless said otherwise. */
  readonly kinds?: readonly JournalKind[];
}

/** Where a page begins: behind this name. */
export interface DiffPage {
  readonly last?: { readonly kind: JournalKind; readonly key: string } | undefined;
  readonly limit: number;
}

const COMPARED: readonly JournalKind[] = ["project", "repository", "tag"];

/**
 * Names that differ between two moments, by kind and key, one page. Only names with an entry in
 * between are looked at; one that has come back to what it was is none of them.
 */
export async function diffMoments(
  { db }: Pick<Catalog, "db">,
  query: DiffQuery,
  { last, limit }: DiffPage,
): Promise<MomentDifference[]> {
  const found: MomentDifference[] = [];
  for (const range of comparedIn(query)) {
    if (found.length >= limit || (last && range.kind < last.kind)) continue;
    const behind = last?.kind === range.kind ? sql`journal.key > ${last.key}` : sql`true`;
    const { rows } = await sql<MomentDifference>`
      SELECT * FROM (${differing(query, range, behind)}) AS differing
      ORDER BY key LIMIT ${limit - found.length}
    `.execute(db);
    found.push(...rows);
  }
  return found;
}

/** How many names differ in all. Looks at every name with an entry in between. */
export async function countDifferences(
  { db }: Pick<Catalog, "db">,
  query: DiffQuery,
): Promise<DifferenceCounts> {
  const counts = { created: 0, gone: 0, moved: 0, changed: 0 };
  for (const range of comparedIn(query)) {
    const { rows } = await sql<{ difference: Difference; count: number }>`
      SELECT difference, count(*) AS count
      FROM (${differing(query, range, sql`true`)}) AS differing GROUP BY difference
    `.execute(db);
    for (const { difference, count } of rows) counts[difference] += count;
  }
  return counts;
}

function comparedIn({ kinds = COMPARED, scope = {} }: DiffQuery): KeyRange[] {
  return kinds
    .toSorted()
    .map((kind) => rangeOf(kind, scope))
    .filter((range) => range !== null);
}

/** What the names of `range` were at both moments, where that differs. */
function differing(
  { from, to }: DiffQuery,
  range: KeyRange,
  behind: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const imageAt = (seq: number) => sql`(
    SELECT after FROM journal
    WHERE kind = ${range.kind} AND key = touched.key AND seq <= ${seq}
    ORDER BY seq DESC LIMIT 1)`;
  // A tag that was pushed again names what it named; its image has nothing else.
  return sql`
    SELECT ${range.kind}::text AS kind, key, before, after,
      CASE WHEN before IS NULL THEN 'created' WHEN after IS NULL THEN 'gone'
        WHEN ${range.kind}::text = 'tag' THEN 'moved' ELSE 'changed' END AS difference
    FROM (
      SELECT key, ${imageAt(from)} AS before, ${imageAt(to)} AS after
      FROM (
        SELECT DISTINCT key FROM journal
        WHERE ${isIn(range)} AND journal.seq > ${from} AND journal.seq <= ${to} AND ${behind}
      ) AS touched
    ) AS both_of_it
    WHERE before IS DISTINCT FROM after`;
}
