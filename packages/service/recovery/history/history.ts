import type { Catalog, JournalEntry, JournalKind } from "@entrepot/catalog";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { momentOf, type MomentQuery } from "../moment.ts";
import { isIn, type KeyRange, rangesOf, type Scope } from "./scope.ts";

type Image = Readonly<Record<string, unknown>>;

/** One change, with what was before it. */
export interface Happening extends Omit<JournalEntry, "timeline" | "clock"> {
  /** What the entry before of the same name said; null: there was none, or nothing is known. */
  readonly before: Image | null;
}

/** Which entries. Absent fields exclude nothing. */
export interface HistoryQuery {
  readonly scope?: Scope;
  readonly kinds?: readonly JournalKind[];
  readonly actor?: string | undefined;
  /** What belongs together: a request's id, `execution:12`. */
  readonly cause?: string | undefined;
  readonly keyPrefix?: string | undefined;
  readonly deletionsOnly?: boolean;
  /** Moments, both included. */
  readonly since?: MomentQuery | undefined;
  readonly until?: MomentQuery | undefined;
  /** Nothing up to this seq counts, not even as what was before. */
  readonly hiddenUpTo?: number;
  /** Only entries older than this seq, the newest of them first: the next page. */
  readonly olderThan?: number | undefined;
  /** Only entries newer than this seq, the oldest of them first. Not together with `olderThan`. */
  readonly newerThan?: number | undefined;
  readonly limit: number;
}

/**
 * Entries of the journal with what was before each: the newest first, or with `newerThan` the
 * oldest. Repeating with the last one's seq reads on; what is appended meanwhile disturbs nothing.
 * Throws BAD_REQUEST for a seq that is not in the journal.
 */
export async function history(
  catalog: Pick<Catalog, "db">,
  query: HistoryQuery,
): Promise<Happening[]> {
  const { hiddenUpTo = 0, newerThan, limit } = query;
  const entries = await entriesOf(catalog, query);
  const direction = newerThan === undefined ? sql`DESC` : sql`ASC`;
  const { rows } = await sql<Happening>`
    SELECT entry.seq, entry.at, entry.origin, entry.origin_seq AS "originSeq", entry.path,
      entry.actor, entry.cause, entry.kind, entry.key, entry.after, earlier.after AS before
    FROM (
      ${entries}
      ORDER BY seq ${direction} LIMIT ${limit}
    ) AS found
    JOIN journal AS entry ON entry.seq = found.seq
    LEFT JOIN LATERAL (
      SELECT after FROM journal
      WHERE kind = entry.kind AND key = entry.key AND seq < entry.seq AND seq > ${hiddenUpTo}
      ORDER BY seq DESC LIMIT 1
    ) AS earlier ON true
    ORDER BY entry.seq ${direction}
  `.execute(catalog.db);
  return rows;
}

/** The seqs of the entries that `query` asks for, as a query with the column `seq`. */
export async function entriesOf(
  catalog: Pick<Catalog, "db">,
  query: Omit<HistoryQuery, "limit">,
): Promise<RawBuilder<unknown>> {
  const where = sql.join(await conditionsOf(catalog, query), sql` AND `);
  return sql.join(sourcesOf(query, where), sql` UNION ALL `);
}

async function conditionsOf(
  catalog: Pick<Catalog, "db">,
  query: Omit<HistoryQuery, "limit">,
): Promise<RawBuilder<SqlBool>[]> {
  const { kinds, actor, cause, keyPrefix, since, until, hiddenUpTo = 0 } = query;
  // Times become seqs: the index that finds a name's entries has them, too.
  const after = since && "at" in since ? { at: new Date(since.at.getTime() - 1) } : undefined;
  const [first, last] = await Promise.all([
    after
      ? momentOf(catalog, after).then(({ seq }) => seq + 1)
      : ((since as { seq: number })?.seq ?? 0),
    until ? momentOf(catalog, until).then(({ seq }) => seq) : Number.MAX_SAFE_INTEGER,
  ]);
  const lowest = Math.max(first - 1, hiddenUpTo, query.newerThan ?? 0);
  const highest = Math.min(last + 1, query.olderThan ?? Number.MAX_SAFE_INTEGER);
  return [
    sql<SqlBool>`journal.seq > ${lowest} AND journal.seq < ${highest}`,
    ...(kinds ? [sql<SqlBool>`journal.kind = ANY (${kinds}::text[])`] : []),
    ...(actor === undefined ? [] : [sql<SqlBool>`journal.actor = ${actor}`]),
    ...(cause === undefined ? [] : [sql<SqlBool>`journal.cause = ${cause}`]),
    ...(keyPrefix === undefined ? [] : [sql<SqlBool>`starts_with(journal.key, ${keyPrefix})`]),
    ...(query.deletionsOnly ? [sql<SqlBool>`journal.after IS NULL`] : []),
  ];
}

/** The seqs of `query`'s entries, kind by kind where its names are ranges of keys. */
function sourcesOf(
  query: Omit<HistoryQuery, "limit">,
  where: RawBuilder<unknown>,
): RawBuilder<unknown>[] {
  const { scope = {}, kinds } = query;
  const ranges = rangesOf(scope);
  if (ranges === null) return [sql`SELECT seq FROM journal WHERE ${where}`];
  const wanted = ranges.filter(({ kind }) => !kinds || kinds.includes(kind));
  const sources = wanted.map(
    (range) => sql`SELECT seq FROM journal WHERE ${isIn(range)} AND ${where}`,
  );
  if (scope.digest !== undefined && (!kinds || kinds.includes("tag"))) {
    sources.push(tagsOf(scope, where));
  }
  return sources.length > 0 ? sources : [sql`SELECT seq FROM journal WHERE false`];
}

/** Tags that came to name the artifact, and what ended that. */
function tagsOf({ project, repository, digest }: Scope, where: RawBuilder<unknown>) {
  const name = `${project}/${repository}`;
  const tags: KeyRange = { kind: "tag", from: `${name}:`, to: `${name};` };
  const named = sql`${isIn(tags)} AND journal.after->>'digest' = ${digest}`;
  return sql`SELECT seq FROM (
    SELECT seq FROM journal WHERE ${named} AND ${where}
    UNION
    SELECT journal.seq FROM (SELECT key, seq FROM journal WHERE ${named}) AS named
      CROSS JOIN LATERAL (
        SELECT * FROM journal AS next
        WHERE next.kind = 'tag' AND next.key = named.key AND next.seq > named.seq
        ORDER BY next.seq LIMIT 1
      ) AS journal WHERE ${where}
  ) AS of_tags`;
}
