import { type Catalog, storeNote } from "@entrepot/catalog";
import { type RawBuilder, sql } from "kysely";

/** For so long deleted names can be restored where nobody says otherwise, in days. */
const DEFAULT_DAYS = 30;
/** The setting that says otherwise for the whole registry, and the key in a project's metadata. */
export const RECOVERY_DAYS = "recovery_days";

/** Something that was deleted and can come back. */
export interface BinEntry {
  readonly kind: "project" | "repository" | "artifact" | "tag";
  /** As a restore takes it. */
  readonly name: string;
  /** Of tags: what it named. Of artifacts: its own. */
  readonly digest: string | null;
  readonly deletedAt: Date;
  readonly deletedBy: string;
  readonly cause: string;
  /** Can be restored until then. */
  readonly until: Date;
  /** The seq of the moment before it was deleted, with what it held. */
  readonly beforeSeq: number;
}

/** Which entries of the bin. */
export interface BinQuery {
  /** Null: of all projects. */
  readonly project: string | null;
  readonly kind?: BinEntry["kind"];
  readonly page: number;
  readonly pageSize: number;
}

/** What has been deleted within the recovery window. */
export interface Bin {
  /**
   * Newest first. What went with a repository or a project is not listed beside it: it comes back
   * with it.
   */
  list(query: BinQuery): Promise<{ items: BinEntry[]; total: number }>;
  /** Days that deleted names of a project without a window of its own can be restored. */
  days(): Promise<number>;
  setDays(days: number): Promise<void>;
}

/** The recovery window of the project named by `project`, whether it is there or gone, in days. */
export function daysOf(project: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`coalesce(
    (SELECT substring(p.metadata ->> 'recovery_days' FROM '^[0-9]{1,5}$')::integer
     FROM project p WHERE p.name = ${project}),
    (SELECT substring(was.after -> 'metadata' ->> 'recovery_days' FROM '^[0-9]{1,5}$')::integer
     FROM (SELECT after FROM journal WHERE kind = 'project' AND key = ${project}
             AND after IS NOT NULL ORDER BY seq DESC LIMIT 1) AS was
     WHERE NOT EXISTS (SELECT FROM project p WHERE p.name = ${project})),
    (SELECT (value #>> '{}')::integer FROM setting WHERE key = 'recovery_days'),
    ${DEFAULT_DAYS}::integer)`;
}

/** The bin of `catalog`. */
export function openBin({ db, now }: Pick<Catalog, "db" | "now">): Bin {
  return {
    async list(query) {
      const found = deleted(query, now());
      const counted = await sql<{ total: number }>`
        SELECT count(*)::integer AS total FROM (${found}) AS gone`.execute(db);
      const { rows } = await sql<BinEntry>`
        SELECT kind, name, was.after ->> 'digest' AS digest, at AS "deletedAt",
          actor AS "deletedBy", cause, at + days * interval '1 day' AS until,
          before.seq - 1 AS "beforeSeq"
        FROM (${found} ORDER BY seq DESC LIMIT ${query.pageSize}
              OFFSET ${(query.page - 1) * query.pageSize}) AS gone
        CROSS JOIN LATERAL (
          SELECT after FROM journal
          WHERE journal.kind = gone.journal_kind AND journal.key = gone.name
            AND journal.seq < gone.seq
          ORDER BY seq DESC LIMIT 1) AS was
        CROSS JOIN LATERAL (
          SELECT min(journal.seq) AS seq FROM journal
          WHERE journal.cause = gone.cause AND journal.seq <= gone.seq AND ${within}) AS before
        ORDER BY gone.seq DESC
      `.execute(db);
      return { items: rows, total: counted.rows[0]!.total };
    },

    async days() {
      const { rows } = await sql<{ days: number }>`
        SELECT (value #>> '{}')::integer AS days FROM setting WHERE key = ${RECOVERY_DAYS}
      `.execute(db);
      return rows[0]?.days ?? DEFAULT_DAYS;
    },

    setDays: (days) => storeNote(db, RECOVERY_DAYS, days),
  };
}

/** What a deletion took along: entries of its cause under its name. */
const within = sql`CASE gone.kind
  WHEN 'tag' THEN journal.key = gone.name
  WHEN 'artifact' THEN journal.key = gone.name OR (journal.kind = 'tag'
    AND journal.key >= split_part(gone.name, '@', 1) || ':'
    AND journal.key < split_part(gone.name, '@', 1) || ';')
  WHEN 'repository' THEN journal.key = gone.name
    OR (journal.key >= gone.name || ':' AND journal.key < gone.name || ';')
    OR (journal.key >= gone.name || '@' AND journal.key < gone.name || 'A')
  ELSE journal.key = gone.name
    OR (journal.key >= gone.name || '/' AND journal.key < gone.name || '0')
    OR journal.kind = 'policy'
  END`;

function deleted({ project, kind }: BinQuery, now: Date): RawBuilder<unknown> {
  const scope =
    project === null
      ? sql`true`
      : sql`(journal.key = ${project} OR (journal.key >= ${`${project}/`}
          AND journal.key < ${`${project}0`}))`;
  const name = sql`split_part(journal.key, '/', 1)`;
  const repository = sql`split_part(split_part(journal.key, '@', 1), ':', 1)`;
  const gone = sql`
    SELECT CASE journal.kind WHEN 'manifest' THEN 'artifact' ELSE journal.kind END AS kind,
      journal.kind AS journal_kind, journal.key AS name, journal.seq, journal.at, journal.actor,
      journal.cause, ${daysOf(name)} AS days
    FROM journal
    WHERE journal.kind IN ('project', 'repository', 'manifest', 'tag') AND journal.after IS NULL
      AND ${scope}
      AND NOT EXISTS (SELECT FROM journal AS newer WHERE newer.kind = journal.kind
        AND newer.key = journal.key AND newer.seq > journal.seq)
      AND EXISTS (SELECT FROM journal AS was WHERE was.kind = journal.kind
        AND was.key = journal.key AND was.seq < journal.seq AND was.after IS NOT NULL)
      AND (journal.kind = 'project' OR EXISTS (SELECT FROM project WHERE name = ${name}))
      AND (journal.kind IN ('project', 'repository')
        OR EXISTS (SELECT FROM repository WHERE name = ${repository}))`;
  const wanted = kind === undefined ? sql`true` : sql`kind = ${kind}`;
  return sql`SELECT * FROM (${gone}) AS all_of_it
    WHERE at > ${now}::timestamptz - days * interval '1 day' AND ${wanted}`;
}
