import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { CancelContext } from "./cancel.ts";
import { CHANNELS } from "./channels.ts";
import { advanceLanes, lockLanes } from "./lane.ts";
import type { StatusChange } from "./status-hooks.ts";

/** Runs what failed of an ended execution again; see `Jobs.retryExecution`. */
export async function retryExecution(
  { catalog, statusChanged }: CancelContext,
  id: number,
): Promise<number> {
  return catalog.transaction(async (db) => {
    const { rows: failed } = await sql<{ id: number; lane: string }>`
      SELECT id, lane FROM task WHERE execution_id = ${id} AND status IN ('Error', 'Stopped')
    `.execute(db);
    const lanes = failed.map(({ lane }) => lane);
    await lockLanes(db, lanes);
    const { rows: reopened } = await sql<StatusChange>`
      UPDATE execution SET status = 'Running', end_time = NULL, stop_requested = false
      WHERE id = ${id} AND status IN ('Error', 'Stopped')
      RETURNING id, vendor, vendor_id AS "vendorId", trigger, actor, status
    `.execute(db);
    if (reopened.length === 0) throw await refusal(db, id);
    const { numAffectedRows } = await sql`
      UPDATE task SET status = 'Pending', status_text = 'Retried on request.', attempts = 0,
        lost = 0, stop_requested = false, end_time = NULL, progress = '{}'
      WHERE id = ANY(${failed.map((task) => task.id)}) AND status IN ('Error', 'Stopped')
    `.execute(db);
    await advanceLanes(db, lanes);
    await statusChanged(reopened, db);
    await catalog.notify(CHANNELS.wake, "", db);
    return Number(numAffectedRows ?? 0);
  });
}

async function refusal(db: Parameters<typeof lockLanes>[0], id: number): Promise<RegistryError> {
  const { rows } = await sql<{ status: string }>`
    SELECT status FROM execution WHERE id = ${id}
  `.execute(db);
  const [execution] = rows;
  if (!execution) return new RegistryError("NOT_FOUND", `There is no execution ${id}.`);
  const why =
    execution.status === "Running"
      ? "is still running; wait for its end, or stop it first"
      : "has no failed or stopped task; start a new run instead";
  return new RegistryError("PRECONDITION", `Execution ${id} ${why}.`);
}
