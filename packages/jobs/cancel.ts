import type { Catalog, Database } from "@entrepot/catalog";
import { type Kysely, sql, type Transaction } from "kysely";
import { CHANNELS } from "./channels.ts";
import { advanceLanes, lockLanes } from "./lane.ts";
import type { Queue } from "./queue.ts";
import { settleExecutions } from "./settle.ts";

/** What cancelling needs. */
export interface CancelContext {
  readonly catalog: Pick<Catalog, "db" | "transaction" | "notify">;
  readonly queue: Pick<Queue, "insert" | "remove">;
}

/**
 * Stops an execution: its pending tasks at once, its running ones by their signal on whichever node
 * they run; nobody may add tasks to it any more. False if it had ended. Repeating is safe.
 */
export async function stopExecution(context: CancelContext, id: number): Promise<boolean> {
  const { rows } = await sql`
    UPDATE execution SET stop_requested = true WHERE id = ${id} AND status = 'Running' RETURNING id
  `.execute(context.catalog.db);
  if (rows.length === 0) return false;
  await stopOpen(context, sql`execution_id = ${id}`, `execution:${id}`);
  return true;
}

/** Stops one task; false if it had ended. Repeating is safe. */
export async function stopTask(context: CancelContext, id: number): Promise<boolean> {
  return (await stopOpen(context, sql`id = ${id}`, `task:${id}`)) > 0;
}

/** Which of the running tasks `ids` somebody wants stopped. */
export async function stopsRequested(
  db: Kysely<Database>,
  ids: readonly number[],
): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT task.id FROM task JOIN execution ON execution.id = execution_id
    WHERE task.id = ANY(${ids}) AND (task.stop_requested OR execution.stop_requested)
  `.execute(db);
  return rows.map(({ id }) => Number(id));
}

interface OpenTask {
  readonly id: number;
  readonly lane: string;
  readonly execution_id: number;
  readonly status: string;
  readonly ticket: string | null;
}

/** Returns how many tasks were open. */
async function stopOpen(
  { catalog, queue }: CancelContext,
  which: ReturnType<typeof sql>,
  target: string,
): Promise<number> {
  const stopped = await catalog.transaction(async (db) => {
    const { rows: before } = await sql<{ lane: string }>`
      SELECT DISTINCT lane FROM task WHERE ${which} AND status IN ('Pending', 'Running')
    `.execute(db);
    const lanes = before.map(({ lane }) => lane);
    await lockLanes(db, lanes);
    const marked = await markStopped(db, which, lanes);
    const pending = marked.filter(({ status }) => status === "Stopped");
    if (pending.length > 0) {
      if ((await advanceLanes(db, queue, lanes)) > 0) await catalog.notify(CHANNELS.wake, "", db);
      await settleExecutions(db, [...new Set(pending.map((row) => row.execution_id))]);
    }
    if (marked.length > pending.length) await catalog.notify(CHANNELS.cancel, target, db);
    return { open: marked.length, tickets: pending.flatMap(({ ticket }) => ticket ?? []) };
  });
  // They are void already. Not under the lanes' locks: somebody may hold them who waits for those.
  await queue.remove(catalog.db, stopped.tickets);
  return stopped.open;
}

async function markStopped(
  db: Transaction<Database>,
  which: ReturnType<typeof sql>,
  lanes: readonly string[],
): Promise<OpenTask[]> {
  const { rows } = await sql<OpenTask>`
    UPDATE task SET stop_requested = true,
      status = CASE status WHEN 'Pending' THEN 'Stopped' ELSE status END,
      status_text = CASE status WHEN 'Pending' THEN 'Stopped on request.' ELSE status_text END,
      end_time = CASE status WHEN 'Pending' THEN clock_timestamp() END
    WHERE ${which} AND status IN ('Pending', 'Running') AND lane = ANY(${lanes})
    RETURNING id, lane, execution_id, status, ticket
  `.execute(db);
  return rows;
}
