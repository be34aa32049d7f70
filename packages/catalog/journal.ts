import { sql, type Kysely, type RawBuilder, type Selectable } from "kysely";
import pg from "pg";
import type { Database, JournalTable } from "./database.ts";
import type { Actor, Change, JournalEntry, JournalKind } from "./ports.ts";

/** The channel on which every commit that appended entries announces itself. */
export const JOURNAL_CHANNEL = "entrepot_journal";

/**
 * The last statement of a commit, together with the COMMIT: takes the head row's lock, numbers and
 * dates `changes`, appends them and announces the newest `seq`. Sent as one text, so that the lock
 * is held by the server alone and never waits for this process. `now` replaces the server's clock.
 */
export function appendAndCommit(
  changes: readonly Change[],
  actor: Actor,
  registryId: string,
  now?: Date,
): RawBuilder<unknown> {
  const text = pg.escapeLiteral;
  const count = changes.length;
  const clock = now ? `${text(now.toISOString())}::timestamptz` : "clock_timestamp()";
  const { origin } = actor;
  const path = `ARRAY[${(actor.path ?? []).map(text).join(", ")}]::text[]`;
  return sql.raw(`
    WITH head AS (
      UPDATE journal_head SET
        seq = seq + ${count},
        at = greatest(at, ${clock} - ${count} * interval '1 microsecond')
           + ${count} * interval '1 microsecond'
      RETURNING timeline, seq, at
    ), appended AS (
      INSERT INTO journal
        (seq, timeline, at, origin, origin_seq, path, actor, cause, kind, key, after, clock)
      SELECT head.seq - ${count} + n, timeline, at - (${count} - n) * interval '1 microsecond',
        ${text(origin?.registry ?? registryId)}, ${origin ? origin.seq : `head.seq - ${count} + n`},
        ${path}, ${text(actor.name)}, ${text(actor.cause)},
        change ->> 'kind', change ->> 'key', nullif(change -> 'after', 'null'), change ->> 'clock'
      FROM head, jsonb_array_elements(${text(JSON.stringify(changes))}::jsonb)
        WITH ORDINALITY AS recorded (change, n)
    )
    SELECT pg_notify('${JOURNAL_CHANNEL}', seq::text) FROM head;
    COMMIT`);
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
