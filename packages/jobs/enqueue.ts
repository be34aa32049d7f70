import type { Catalog, Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Kysely, sql, type Transaction } from "kysely";
import { CHANNELS } from "./channels.ts";
import { jsonText } from "./json-text.ts";
import type { NewExecution, NewTask } from "./ports.ts";
import type { Queue } from "./queue.ts";

/** Tasks that may be stored in one call. */
const MAX_TASKS = 100_000;

/** What storing executions and tasks needs. */
export interface EnqueueContext {
  readonly catalog: Pick<Catalog, "notify">;
  readonly queue: Pick<Queue, "insert">;
}

/**
 * Stores an execution with its tasks and hands out their tickets. Returns its id. One without
 * tasks has already ended with Success. Throws BAD_REQUEST for too many tasks.
 */
export async function storeExecution(
  { catalog, queue }: EnqueueContext,
  execution: NewExecution,
  db: Transaction<Database>,
): Promise<number> {
  const { vendor, vendorId, trigger, actor, statusText = "", plan, tasks } = execution;
  const ended = tasks.length === 0;
  const { rows } = await sql<{ id: number }>`
    INSERT INTO execution (vendor, vendor_id, trigger, actor, status, status_text, plan, end_time)
    VALUES (
      ${vendor}, ${vendorId}, ${trigger}, ${actor}, ${ended ? "Success" : "Running"},
      ${statusText}, ${plan === undefined ? null : jsonText(plan)}::jsonb,
      ${ended ? sql`now()` : null}
    )
    RETURNING id
  `.execute(db);
  const id = Number(rows[0]?.id);
  await insertTasks({ catalog, queue }, id, tasks, db);
  return id;
}

/**
 * Adds tasks to a running execution. Throws CANCELLED if it was stopped or has ended, since nobody
 * would wait for them, and BAD_REQUEST for too many.
 */
export async function storeTasks(
  context: EnqueueContext,
  executionId: number,
  tasks: readonly NewTask[],
  db: Transaction<Database>,
): Promise<void> {
  const { rows } = await sql`
    SELECT id FROM execution
    WHERE id = ${executionId} AND status = 'Running' AND NOT stop_requested
    FOR SHARE
  `.execute(db);
  if (rows.length === 0) {
    throw new RegistryError(
      "CANCELLED",
      `Execution ${executionId} takes no more tasks: it was stopped or has ended. Start a new one.`,
    );
  }
  await insertTasks(context, executionId, tasks, db);
}

/** The first task of each lane gets a ticket; the others wait until their lane advances. */
async function insertTasks(
  { catalog, queue }: EnqueueContext,
  executionId: number,
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
  const { rows } = await sql<{ id: string; lane: string; ticket: string | null }>`
    INSERT INTO task (execution_id, kind, lane, payload, status, ticket)
    SELECT ${executionId}, task ->> 'kind', task ->> 'lane', task -> 'payload', 'Pending',
      CASE row_number() OVER (PARTITION BY task ->> 'lane' ORDER BY place)
        WHEN 1 THEN gen_random_uuid() END
    FROM jsonb_array_elements(${jsonText(tasks)}::jsonb) WITH ORDINALITY AS e (task, place)
    ORDER BY place
    RETURNING id, lane, ticket
  `.execute(db as Kysely<Database>);
  const tickets = rows.flatMap(({ id, lane, ticket }) =>
    ticket === null ? [] : [{ id: ticket, data: { task: Number(id), lane } }],
  );
  await queue.insert(db, tickets);
  await catalog.notify(CHANNELS.wake, "", db);
}
