import type { Catalog, JournalKind } from "@entrepot/catalog";
import { sql } from "kysely";
import type { KeyRange } from "./scope.ts";

/** A name as it was at a moment. */
export interface NameAt {
  readonly kind: JournalKind;
  readonly key: string;
  readonly after: Readonly<Record<string, unknown>>;
  /** The entry that made it so, when, and by whom. */
  readonly seq: number;
  readonly at: Date;
  readonly actor: string;
}

/** Which names: those of `range`, at `seq`, after the key `last`, at most `limit`. */
export interface NamesQuery {
  readonly range: KeyRange;
  readonly seq: number;
  readonly last?: string | undefined;
  readonly limit: number;
}

/**
 * Names that there were, by key. Which entry is each key's newest is read from the index alone; the
 * entries themselves are read for one page.
 */
export async function namesAt(
  { db }: Pick<Catalog, "db">,
  { range, seq, last, limit }: NamesQuery,
): Promise<NameAt[]> {
  const after = last === undefined ? sql`true` : sql`key > ${last}`;
  const { rows } = await sql<NameAt>`
    SELECT entry.kind, entry.key, entry.after, entry.seq, entry.at, entry.actor
    FROM (
      SELECT key, max(seq) AS seq FROM journal
      WHERE kind = ${range.kind} AND key >= ${range.from} AND key < ${range.to}
        AND seq <= ${seq} AND ${after}
      GROUP BY key
    ) AS newest
    CROSS JOIN LATERAL (
      SELECT * FROM journal WHERE journal.seq = newest.seq AND after IS NOT NULL LIMIT 1
    ) AS entry
    ORDER BY newest.key LIMIT ${limit}
  `.execute(db);
  return rows;
}

/** What the name `key` was at `seq`; null if there was none. */
export async function nameAt(
  { db }: Pick<Catalog, "db">,
  kind: JournalKind,
  key: string,
  seq: number,
): Promise<Readonly<Record<string, unknown>> | null> {
  const entry = await db
    .selectFrom("journal")
    .select("after")
    .where("kind", "=", kind)
    .where("key", "=", key)
    .where("seq", "<=", seq)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return (entry?.after as Readonly<Record<string, unknown>> | null | undefined) ?? null;
}

/**
 * The seq at which the project was last deleted for good; 0 if it never was. What a restore has
 * brought back is the same project, and its past goes on.
 */
export async function lastDeletionOf(
  { db }: Pick<Catalog, "db">,
  project: string,
): Promise<number> {
  const entry = await db
    .selectFrom("journal")
    .select("seq")
    .where("kind", "=", "project")
    .where("key", "=", project)
    .where("after", "is", null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("project_return")
            .select("name")
            .where("name", "=", project)
            .whereRef("deleted", "=", "journal.seq"),
        ),
      ),
    )
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return entry?.seq ?? 0;
}
