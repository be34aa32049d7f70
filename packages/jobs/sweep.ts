import type { Catalog, Database } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";
import { advanceLanes, lockLanes } from "./lane.ts";
import { QUEUE, type Queue } from "./queue.ts";

/** Executions kept of each vendor's thing, as in Harbor; those still running are kept besides. */
export const KEPT_EXECUTIONS = 50;
/** Executions deleted in one statement. */
const BATCH = 1_000;
/** Any two nodes that sweep must take the same lock; the number itself means nothing. */
const LOCK = 7_305_120_902;

/** What sweeping needs. */
export interface SweepContext {
  readonly catalog: Pick<Catalog, "transaction">;
  readonly queue: Pick<Queue, "insert">;
}

/**
 * Deletes executions beyond the newest 50 of each vendor's thing, with their tasks and logs, and
 * gives tasks a ticket that should have one and have not: after the queue's schema was lost or an
 * older backup of one of the two restored. Does nothing while another node sweeps.
 */
export async function sweep({ catalog, queue }: SweepContext): Promise<void> {
  let deleted = BATCH;
  while (deleted === BATCH) {
    deleted = await catalog.transaction(async (db) => {
      const { rows } = await sql<{ mine: boolean }>`
        SELECT pg_try_advisory_xact_lock(${LOCK}) AS mine
      `.execute(db);
      return rows[0]?.mine ? deleteOld(db) : 0;
    });
  }
  await catalog.transaction((db) => repairTickets(db, queue));
}

async function deleteOld(db: Transaction<Database>): Promise<number> {
  const { rows } = await sql`
    DELETE FROM execution WHERE id IN (
      SELECT id FROM (
        SELECT id, status,
          row_number() OVER (PARTITION BY vendor, vendor_id ORDER BY id DESC) AS nth
        FROM execution
      ) AS numbered
      WHERE nth > ${KEPT_EXECUTIONS} AND status <> 'Running' LIMIT ${BATCH}
    )
    RETURNING id
  `.execute(db);
  return rows.length;
}

async function repairTickets(db: Transaction<Database>, queue: Pick<Queue, "insert">) {
  const { rows: lost } = await sql<{ id: number; lane: string }>`
    SELECT id, lane FROM task
    WHERE status IN ('Pending', 'Running') AND (ticket IS NOT NULL OR status = 'Running')
      AND NOT EXISTS (
        SELECT FROM pgboss.job
        WHERE job.name = ${QUEUE} AND job.id = task.ticket
          AND job.state IN ('created', 'retry', 'active')
      )
    LIMIT ${BATCH}
  `.execute(db);
  const { rows: parked } = await sql<{ lane: string }>`
    SELECT DISTINCT lane FROM task WHERE status = 'Pending' AND ticket IS NULL LIMIT ${BATCH}
  `.execute(db);
  const lanes = [...lost, ...parked].map(({ lane }) => lane);
  if (lanes.length === 0) return;

  await lockLanes(db, lanes);
  // Looked at again under the lock: between the two a task may have ended or got a new ticket.
  const { rows } = await sql<{ id: number; lane: string; ticket: string }>`
    UPDATE task SET ticket = gen_random_uuid(), not_before = NULL
    WHERE id = ANY(${lost.map(({ id }) => id)})
      AND status IN ('Pending', 'Running') AND (ticket IS NOT NULL OR status = 'Running')
      AND NOT EXISTS (
        SELECT FROM pgboss.job
        WHERE job.name = ${QUEUE} AND job.id = task.ticket
          AND job.state IN ('created', 'retry', 'active')
      )
    RETURNING id, lane, ticket
  `.execute(db);
  await queue.insert(
    db,
    rows.map(({ id, lane, ticket }) => ({ id: ticket, data: { task: Number(id), lane } })),
  );
  await advanceLanes(db, queue, lanes);
}
