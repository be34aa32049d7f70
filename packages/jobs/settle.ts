import type { Catalog, Database } from "@entrepot/catalog";
import { type Kysely, sql, type Transaction } from "kysely";
import { CHANNELS } from "./channels.ts";
import { type Ending, type Verdict, verdictOf } from "./ending.ts";
import { jsonText } from "./json-text.ts";
import { advanceLanes, lockLanes } from "./lane.ts";
import { taskOf, type TaskRow } from "./rows.ts";
import type { StatusChange, StatusChanged } from "./status-hooks.ts";

/** What settling needs. */
export interface SettleContext {
  readonly catalog: Pick<Catalog, "transaction" | "notify">;
  /** This process's name, as claims were made with. */
  readonly worker: string;
  readonly clock: () => Date;
  readonly statusChanged: StatusChanged;
}

/** What followed from settling. */
export interface Settled {
  /** Other tasks can now be claimed. */
  readonly advanced: boolean;
  /** After how long tasks are tried again. */
  readonly retryDelaysMs: readonly number[];
}

/**
 * Writes down how tasks ended, all in one transaction: their rows, what their lanes do next, their
 * handlers' `failed`, and their executions if these were the last tasks. A task that is no longer
 * this worker's is left alone, so that a late answer never overwrites a newer attempt.
 */
export async function settle(context: SettleContext, endings: readonly Ending[]): Promise<Settled> {
  const { catalog, worker, statusChanged } = context;
  return catalog.transaction(async (db) => {
    const lanes = endings.map(({ claim }) => claim.task.lane);
    await lockLanes(db, lanes);
    const stopped = await stillOurs(db, worker, endings);
    const ours = endings.filter(({ claim }) => stopped.has(claim.task.id));
    if (ours.length === 0) return { advanced: false, retryDelaysMs: [] };

    const now = context.clock();
    const verdicts = ours.map((ending) =>
      verdictOf(ending, stopped.get(ending.claim.task.id) ?? false, now),
    );
    const rows = await writeVerdicts(db, verdicts);
    const becameReady = await advanceLanes(db, lanes);
    const advanced = becameReady > 0 || ours.some(({ claim }) => claim.limited);
    if (advanced) await catalog.notify(CHANNELS.wake, worker, db);
    await callFailed(db, ours, rows);
    const ended = rows.flatMap((row) => (row.end_time === null ? [] : row.execution_id));
    await settleExecutions(db, [...new Set(ended)], statusChanged);
    return { advanced, retryDelaysMs: verdicts.flatMap(({ delayMs }) => delayMs ?? []) };
  });
}

/** The ids still claimed as `endings` say, and whether somebody asked for them to stop. */
async function stillOurs(db: Kysely<Database>, worker: string, endings: readonly Ending[]) {
  const ids = endings.map(({ claim }) => claim.task.id);
  const { rows } = await sql<{ id: number; attempts: number; stopped: boolean }>`
    SELECT task.id, attempts, task.stop_requested OR execution.stop_requested AS stopped
    FROM task JOIN execution ON execution.id = execution_id
    WHERE task.id = ANY(${ids}) AND task.status = 'Running' AND worker = ${worker}
  `.execute(db);
  const claims = new Map(endings.map(({ claim }) => [claim.task.id, claim]));
  return new Map(
    rows.flatMap(({ id, attempts, stopped }) => {
      const same = claims.get(Number(id))?.task.attempts === attempts;
      return same ? [[Number(id), stopped] as const] : [];
    }),
  );
}

async function writeVerdicts(db: Kysely<Database>, verdicts: readonly Verdict[]) {
  const { rows } = await sql<TaskRow>`
    UPDATE task SET
      status = verdict.status, status_text = verdict.text, worker = NULL, ready = false,
      attempts = attempts - verdict.uncounted::integer,
      progress = coalesce(verdict.progress, task.progress), log_bytes = verdict."logBytes",
      not_before = now() + verdict."delayMs" * interval '1 millisecond',
      end_time = CASE WHEN verdict.status NOT IN ('Pending', 'Scheduled')
        THEN clock_timestamp() END
    FROM jsonb_to_recordset(${jsonText(verdicts)}::jsonb) AS verdict (
      id bigint, status text, text text, uncounted boolean, "delayMs" double precision,
      progress jsonb, "logBytes" integer
    )
    WHERE task.id = verdict.id
    RETURNING task.*
  `.execute(db);
  return rows;
}

async function callFailed(
  db: Transaction<Database>,
  endings: readonly Ending[],
  rows: readonly TaskRow[],
): Promise<void> {
  const byId = new Map(rows.map((row) => [Number(row.id), row]));
  for (const ending of endings) {
    const row = byId.get(ending.claim.task.id);
    if (row?.status !== "Error" || ending.outcome.kind !== "failed") continue;
    if (ending.failedThrew >= 3) continue;
    try {
      await ending.handler?.failed?.(taskOf(row), ending.outcome.error, db);
    } catch (error) {
      ending.failedThrew++;
      throw error;
    }
  }
}

/**
 * Ends those of `ids` that have no open task left: Stopped if any task was, else Error if any
 * failed, else Success. Their rows are locked first, so that of two transactions which end an
 * execution's last tasks the second one sees the first.
 */
export async function settleExecutions(
  db: Transaction<Database>,
  ids: readonly number[],
  statusChanged: StatusChanged,
): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    SELECT FROM execution WHERE id = ANY(${ids}) ORDER BY id FOR NO KEY UPDATE
  `.execute(db);
  const { rows } = await sql<StatusChange>`
    WITH ended AS (
    UPDATE execution SET end_time = clock_timestamp(), status = CASE
      WHEN EXISTS (SELECT FROM task WHERE execution_id = execution.id AND status = 'Stopped')
        THEN 'Stopped'
      WHEN EXISTS (SELECT FROM task WHERE execution_id = execution.id AND status = 'Error')
        THEN 'Error'
      ELSE 'Success' END
    WHERE id = ANY(${ids}) AND status = 'Running' AND NOT EXISTS (
      SELECT FROM task
      WHERE execution_id = execution.id AND status IN ('Pending', 'Scheduled', 'Running')
    )
    RETURNING id, vendor, vendor_id AS "vendorId", trigger, actor, status
    )
    SELECT ended.*, pg_notify(${CHANNELS.settled}, id::text) FROM ended ORDER BY id
  `.execute(db);
  await statusChanged(rows, db);
}
