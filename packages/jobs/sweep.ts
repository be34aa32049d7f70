import type { Catalog, Database } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";
import { advanceLanes, lockLanes } from "./lane.ts";

/** Which executions are kept of each vendor's thing; those still running are kept besides. */
export interface Kept {
  /** At most so many, the newest. Harbor keeps 50. */
  readonly executions: number;
  /** And none that ended longer ago than this; null: however old. */
  readonly days: number | null;
}

/** What is kept unless asked otherwise. */
export const DEFAULT_KEPT: Kept = { executions: 50, days: null };
/** Executions deleted in one statement. */
const BATCH = 1_000;
/** Any two nodes that sweep must take the same lock; the number itself means nothing. */
const LOCK = 7_305_120_902;

/** What sweeping needs. */
export interface SweepContext {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly kept: Kept;
}

/**
 * Deletes executions that are no longer kept, with their tasks and logs, and lines that nothing
 * belongs to; and goes on with lanes in which nothing is ready though something waits. Does nothing
 * while another node sweeps.
 */
export async function sweep({ catalog, kept }: SweepContext): Promise<void> {
  let deleted = BATCH;
  while (deleted === BATCH) {
    deleted = await catalog.transaction(async (db) => {
      const { rows } = await sql<{ mine: boolean }>`
        SELECT pg_try_advisory_xact_lock(${LOCK}) AS mine
      `.execute(db);
      return rows[0]?.mine ? deleteOld(db, kept) : 0;
    });
  }
  await catalog.transaction(deleteLines);
  await catalog.transaction(repairLanes);
}

async function deleteOld(db: Transaction<Database>, { executions, days }: Kept): Promise<number> {
  const { rows } = await sql`
    DELETE FROM execution WHERE id IN (
      SELECT id FROM (
        SELECT id, status, end_time,
          row_number() OVER (PARTITION BY vendor, vendor_id ORDER BY id DESC) AS nth
        FROM execution
      ) AS numbered
      WHERE status <> 'Running'
        AND (nth > ${executions} OR end_time < now() - ${days}::integer * interval '1 day')
      LIMIT ${BATCH}
    ) AND status <> 'Running'
    RETURNING id
  `.execute(db);
  return rows.length;
}

/** Locked before they are looked at again: somebody may be about to store tasks in one. */
async function deleteLines(db: Transaction<Database>): Promise<void> {
  const unused = sql`NOT EXISTS (
    SELECT FROM execution
    WHERE (execution.vendor, execution.vendor_id) = (line.vendor, line.vendor_id)
  )`;
  const { rows } = await sql<{ id: number }>`
    SELECT id FROM job_line AS line WHERE ${unused} ORDER BY id LIMIT ${BATCH}
    FOR UPDATE SKIP LOCKED
  `.execute(db);
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await sql`DELETE FROM job_line AS line WHERE id = ANY(${ids}) AND ${unused}`.execute(db);
}

/** Nothing should need this; if something does, a lane that stands still is no loss. */
async function repairLanes(db: Transaction<Database>): Promise<void> {
  const { rows } = await sql<{ lane: string }>`
    SELECT DISTINCT lane FROM task WHERE status = 'Pending' AND NOT ready AND NOT EXISTS (
      SELECT FROM task AS other WHERE other.lane = task.lane
        AND (other.status = 'Running' OR (other.status = 'Pending' AND other.ready))
    ) LIMIT ${BATCH}
  `.execute(db);
  if (rows.length === 0) return;
  const lanes = rows.map(({ lane }) => lane);
  await lockLanes(db, lanes);
  await advanceLanes(db, lanes);
}
