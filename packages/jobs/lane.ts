import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";

/** The first key of our advisory locks; the second is a lane's bucket. */
const LANE_LOCKS = 0x6c616e65;

/** Lanes share this many locks, so that one transaction never needs more of them. */
const BUCKETS = 256;

/**
 * Lanes
 *
 * Of a lane at most one task is Running (the unique index `task_lane` guards it), and tasks start
 * in order of id. Only a lane's first Pending task is `ready`; the others are parked: they cost
 * nothing however many they are. Whoever makes a task of a lane anything but Running or ready calls
 * `advanceLanes` in the same transaction, which makes the next one ready.
 *
 * A task that waits to be tried again gives up its lane: newer ones may overtake it, since
 * otherwise one tag that cannot be copied would hold back its own newer state. When its time comes
 * it queues up again by id. A handler must therefore do no harm when it runs after a newer one.
 *
 * Every change of a lane holds its lock until it commits. New tasks do not need it: the first of
 * them comes ready, and is parked when a claim finds that its lane is taken.
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
 * Makes the next task of each of `lanes` ready, where none is running. Needs `lockLanes`; doing so
 * again changes nothing. Returns how many became ready.
 */
export async function advanceLanes(
  db: Kysely<Database>,
  lanes: readonly string[],
): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE task SET ready = true
    FROM (
      SELECT first.id
      FROM (SELECT DISTINCT unnest(${lanes}::text[]) AS lane) AS these
      CROSS JOIN LATERAL (
        SELECT id, ready FROM task WHERE lane = these.lane AND status = 'Pending'
        ORDER BY id LIMIT 1
      ) AS first
      WHERE NOT first.ready AND NOT EXISTS (
        SELECT FROM task WHERE lane = these.lane AND status = 'Running'
      )
    ) AS next
    WHERE task.id = next.id
  `.execute(db);
  return Number(numAffectedRows ?? 0);
}
