import { sql, type Kysely, type RawBuilder, type Selectable } from "kysely";
import { AND_COMMIT } from "./dialect.ts";
import type { Database, JournalTable } from "./database.ts";
import type { Actor, Change, JournalEntry, JournalKind } from "./ports.ts";

/** The channel on which every commit that appended entries announces itself. */
export const JOURNAL_CHANNEL = "entrepot_journal";

/**
 * The last statement of a commit, together with the COMMIT: takes the head row's lock, numbers and
 * dates `changes`, appends them and announces the newest `seq`. Sent as one, so that the lock is
 * held by the server alone and never waits for this process. `now` replaces the server's clock.
 */
export function appendAndCommit(
  changes: readonly Change[],
  actor: Actor,
  registryId: string,
  now?: Date,
): RawBuilder<unknown> {
  const { origin } = actor;
  return sql`
    WITH given AS (
      SELECT ${changes.length}::integer AS many, ${origin?.seq ?? null}::bigint AS origin_seq,
        coalesce(${now ?? null}::timestamptz, clock_timestamp()) AS clock
    ), head AS (
      UPDATE journal_head SET
        seq = seq + many,
        at = greatest(at, given.clock - many * interval '1 microsecond')
           + many * interval '1 microsecond'
      FROM given
      RETURNING timeline, seq, at, many, origin_seq
    ), appended AS (
      INSERT INTO journal
        (seq, timeline, at, origin, origin_seq, path, actor, cause, kind, key, after, clock)
      SELECT head.seq - many + n, timeline, at - (many - n) * interval '1 microsecond',
        coalesce(change #>> '{carried,origin,registry}', ${origin?.registry ?? registryId}),
        coalesce((change #>> '{carried,origin,seq}')::bigint, origin_seq, head.seq - many + n),
        CASE WHEN change -> 'carried' IS NULL THEN ${actor.path ?? []}::text[]
          ELSE ARRAY(SELECT jsonb_array_elements_text(change #> '{carried,path}')) END,
        ${actor.name}, ${actor.cause},
        change ->> 'kind', change ->> 'key', nullif(change -> 'after', 'null'), change ->> 'clock'
      FROM head, jsonb_array_elements(${JSON.stringify(changes)}::jsonb)
        WITH ORDINALITY AS recorded (change, n)
    )
    SELECT pg_notify(${JOURNAL_CHANNEL}, seq::text) FROM head${sql.raw(AND_COMMIT)}`;
}

/** Entries with `seq` greater than `after`, in order, at most `limit`. */
export async function readEntries(
  db: Kysely<Database>,
  after: number,
  limit: number,
): Promise<JournalEntry[]> {
  const rows = await db
    .selectFrom("journal")
    .selectAll()
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map(toEntry);
}

function toEntry(row: Selectable<JournalTable>): JournalEntry {
  const { timeline, seq, at, origin, path, actor, cause, key, after, clock } = row;
  const kind = row.kind as JournalKind;
  const originSeq = row.origin_seq;
  return { timeline, seq, at, origin, originSeq, path, actor, cause, kind, key, after, clock };
}

/** The newest entry's seq; 0 if there is none. */
export async function readHead(db: Kysely<Database>): Promise<number> {
  const row = await db.selectFrom("journal_head").select("seq").executeTakeFirstOrThrow();
  return row.seq;
}
