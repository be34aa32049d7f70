import type { Catalog, Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Kysely, sql, type Transaction } from "kysely";
import { CHANNELS } from "./channels.ts";
import { jsonText } from "./json-text.ts";
import { linesOf } from "./line.ts";
import type { NewExecution, NewTask } from "./ports.ts";
import type { StatusChanged } from "./status-hooks.ts";

/** Tasks that may be stored in one call. */
const MAX_TASKS = 100_000;

/** What storing executions and tasks needs. */
export interface EnqueueContext {
  readonly catalog: Pick<Catalog, "notify">;
  readonly statusChanged: StatusChanged;
}

/** An execution that tasks are stored for. */
interface Owner {
  readonly id: number;
  readonly vendor: string;
  readonly vendorId: number;
  readonly priority: number;
}

/**
 * Stores an execution with its tasks and wakes workers. Returns its id. One without tasks has
 * already ended with Success, or with Error if it is one that was refused. Throws BAD_REQUEST for
 * too many tasks.
 */
export async function storeExecution(
  { catalog, statusChanged }: EnqueueContext,
  execution: NewExecution,
  db: Transaction<Database>,
): Promise<number> {
  const { vendor, vendorId, trigger, actor, statusText = "", plan, tasks } = execution;
  const { priority = 0 } = execution;
  const status = tasks.length > 0 ? "Running" : execution.refused ? "Error" : "Success";
  const { rows } = await sql<{ id: number }>`
    INSERT INTO execution (
      vendor, vendor_id, trigger, actor, status, status_text, plan, priority, end_time
    )
    VALUES (
      ${vendor}, ${vendorId}, ${trigger}, ${actor}, ${status},
      ${statusText}, ${plan === undefined ? null : jsonText(plan)}::jsonb, ${priority},
      ${tasks.length === 0 ? sql`now()` : null}
    )
    RETURNING id
  `.execute(db);
  const id = Number(rows[0]?.id);
  await insertTasks(catalog, { id, vendor, vendorId, priority }, tasks, db);
  await statusChanged([{ id, vendor, vendorId, trigger, actor, status }], db);
  return id;
}

/**
 * Adds tasks to a running execution. Throws CANCELLED if it was stopped or has ended, since nobody
 * would wait for them, and BAD_REQUEST for too many.
 */
export async function storeTasks(
  { catalog }: Pick<EnqueueContext, "catalog">,
  executionId: number,
  tasks: readonly NewTask[],
  db: Transaction<Database>,
): Promise<void> {
  const { rows } = await sql<Owner>`
    SELECT id, vendor, vendor_id AS "vendorId", priority FROM execution
    WHERE id = ${executionId} AND status = 'Running' AND NOT stop_requested
    FOR SHARE
  `.execute(db);
  const [owner] = rows;
  if (!owner) {
    throw new RegistryError(
      "CANCELLED",
      `Execution ${executionId} takes no more tasks: it was stopped or has ended. Start a new one.`,
    );
  }
  await insertTasks(catalog, owner, tasks, db);
}

/** The first task of each lane comes ready; the others wait until their lane advances. */
async function insertTasks(
  catalog: EnqueueContext["catalog"],
  owner: Owner,
  tasks: readonly NewTask[],
  db: Transaction<Database>,
): Promise<void> {
  if (tasks.length === 0) return;
  if (tasks.length > MAX_TASKS) {
    throw new RegistryError(
      "BAD_REQUEST",
      `An execution of ${tasks.length} tasks is too large: store at most ${MAX_TASKS} at a time.`,
    );
  }
  const lines = await linesOf(db, owner, tasks);
  const rows = tasks.map(({ kind, lane, payload }, n) => ({ kind, lane, payload, line: lines[n] }));
  await sql`
    INSERT INTO task (execution_id, line_id, kind, lane, payload, status, ready)
    SELECT ${owner.id}, (task -> 'line')::integer, task ->> 'kind', task ->> 'lane',
      task -> 'payload', 'Pending',
      row_number() OVER (PARTITION BY task ->> 'lane' ORDER BY place) = 1
    FROM jsonb_array_elements(${jsonText(rows)}::jsonb) WITH ORDINALITY AS e (task, place)
    ORDER BY place
  `.execute(db as Kysely<Database>);
  await catalog.notify(CHANNELS.wake, "", db);
}
