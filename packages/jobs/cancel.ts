import type { Catalog, Database } from "@entrepot/catalog";
import { type RawBuilder, sql, type Transaction } from "kysely";
import { CHANNELS } from "./channels.ts";
import { advanceLanes, lockLanes } from "./lane.ts";
import { settleExecutions } from "./settle.ts";
import type { StatusChanged } from "./status-hooks.ts";

/** What cancelling needs. */
export interface CancelContext {
  readonly catalog: Pick<Catalog, "db" | "transaction" | "notify">;
  readonly statusChanged: StatusChanged;
}

/**
 * Stops an execution: its waiting tasks at once, its running ones by their signal on whichever node
 * they run; nobody may add tasks to it any more. False if it had ended. Repeating is safe.
 */
export async function stopExecution(context: CancelContext, id: number): Promise<boolean> {
  const { rows } = await sql`
    UPDATE execution SET stop_requested = true WHERE id = ${id} AND status = 'Running' RETURNING id
  `.execute(context.catalog.db);
  if (rows.length === 0) return false;
  await stopTasks(context, sql`execution_id = ${id} AND ${OPEN}`);
  return true;
}

/** Stops one task; false if it had ended. Repeating is safe. */
export async function stopTask(context: CancelContext, id: number): Promise<boolean> {
  return (await stopTasks(context, sql`id = ${id} AND ${OPEN}`)) > 0;
}

/** Stops every task that runs, whoever's it is. Returns how many. Repeating is safe. */
export function stopRunning(context: CancelContext): Promise<number> {
  return stopTasks(context, sql`status = 'Running'`);
}

/** Stops what of a vendor (null: of all) waits; what runs goes on. Returns how many. */
export function stopWaiting(context: CancelContext, vendor: string | null): Promise<number> {
  const lines = sql`SELECT id FROM job_line WHERE ${vendor}::text IS NULL OR vendor = ${vendor}`;
  const waits = sql`status IN ('Pending', 'Scheduled') AND line_id IN (${lines})`;
  return stopTasks(context, waits);
}

const OPEN = sql`status IN ('Pending', 'Scheduled', 'Running')`;

interface Stopped {
  readonly id: number;
  readonly execution_id: number;
  readonly status: string;
}

/** Stops the open tasks that `which` selects. Returns how many there were. */
async function stopTasks(
  { catalog, statusChanged }: CancelContext,
  which: RawBuilder<unknown>,
): Promise<number> {
  return catalog.transaction(async (db) => {
    const { rows: before } = await sql<{ lane: string }>`
      SELECT DISTINCT lane FROM task WHERE ${which}
    `.execute(db);
    const lanes = before.map(({ lane }) => lane);
    await lockLanes(db, lanes);
    const marked = await markStopped(db, which, lanes);
    const ended = marked.filter(({ status }) => status === "Stopped");
    if (ended.length > 0) {
      if ((await advanceLanes(db, lanes)) > 0) await catalog.notify(CHANNELS.wake, "", db);
      const ids = [...new Set(ended.map((row) => row.execution_id))];
      await settleExecutions(db, ids, statusChanged);
    }
    // A message holds at most 8,000 bytes; if there are more, a poll a second later tells of them.
    const running = marked.flatMap(({ id, status }) => (status === "Running" ? [id] : []));
    if (running.length > 0) {
      await catalog.notify(CHANNELS.cancel, running.slice(0, 500).join(), db);
    }
    return marked.length;
  });
}

/** A task that is tried again meanwhile is caught by the `status` of the row as it is by then. */
async function markStopped(
  db: Transaction<Database>,
  which: RawBuilder<unknown>,
  lanes: readonly string[],
): Promise<Stopped[]> {
  const { rows } = await sql<Stopped>`
    UPDATE task SET stop_requested = true, ready = false,
      status = CASE WHEN status = 'Running' THEN status ELSE 'Stopped' END,
      status_text = CASE WHEN status = 'Running' THEN status_text ELSE 'Stopped on request.' END,
      not_before = NULL,
      end_time = CASE WHEN status <> 'Running' THEN clock_timestamp() END
    WHERE ${which} AND lane = ANY(${lanes})
    RETURNING id, execution_id, status
  `.execute(db);
  return rows;
}
