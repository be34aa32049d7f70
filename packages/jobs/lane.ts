import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import type { Queue } from "./queue.ts";

/** The first key of our advisory locks; the second is a lane's bucket. */
const LANE_LOCKS = 0x6c616e65;

/** Lanes share this many locks, so that one transaction never needs more of them. */
const BUCKETS = 256;

/**
 * Lanes
 *
 * Of a lane at most one task is Running (the unique index `task_lane` guards it), and tasks start
 * in order of id. Only a lane's first runnable task holds a ticket; the others are parked: Pending
 * without a ticket, costing nothing however many they are. Whoever ends, retries or cancels a task
 * calls `advanceLanes` in the same transaction, which hands the next one its ticket.
 *
 * A task that waits to be tried again gives up its lane: newer ones may overtake it, since
 * otherwise one tag that cannot be copied would hold back its own newer state. When its time comes
 * it queues up again by id. A handler must therefore do no harm when it runs after a newer one.
 *
 * Every change of a lane holds its lock until it commits. New tasks do not need it: they come with
 * a ticket of their own for their first task, and are parked only when that is fetched.
 */

/** Holds `lanes` until `db`'s transaction ends. Locks are taken in one order: no deadlocks. */
export async function lockLanes(db: Kysely<Database>, lanes: readonly string[]): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(${LANE_LOCKS}::integer, bucket)
    FROM (
      SELECT DISTINCT hashtext(lane) & ${BUCKETS - 1}::integer AS bucket
      FROM unnest(${lanes}::text[]) AS lane
      ORDER BY bucket
    ) AS buckets
  `.execute(db);
}

/**
 * Gives the next task of each of `lanes` a ticket, where none is running or about to. Needs
 * `lockLanes`; doing so again changes nothing. Returns how many tickets were handed out.
 */
export async function advanceLanes(
  db: Kysely<Database>,
  queue: Pick<Queue, "insert">,
  lanes: readonly string[],
): Promise<number> {
  const { rows } = await sql<{ id: string; lane: string; ticket: string }>`
    UPDATE task SET ticket = gen_random_uuid()
    FROM (
      SELECT first.id
      FROM (SELECT DISTINCT unnest(${lanes}::text[]) AS lane) AS these
      CROSS JOIN LATERAL (
        SELECT id, ticket FROM task
        WHERE lane = these.lane AND status = 'Pending'
          AND (not_before IS NULL OR not_before <= now())
        ORDER BY id LIMIT 1
      ) AS first
      WHERE first.ticket IS NULL AND NOT EXISTS (
        SELECT FROM task WHERE lane = these.lane AND status = 'Running'
      )
    ) AS next
    WHERE task.id = next.id
    RETURNING task.id, task.lane, task.ticket
  `.execute(db);
  const tickets = rows.map(({ id, lane, ticket }) => ({
    id: ticket,
    data: { task: Number(id), lane },
  }));
  await queue.insert(db, tickets);
  return tickets.length;
}
