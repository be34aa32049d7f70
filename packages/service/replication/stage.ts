import type { Database } from "@entrepot/catalog";
import type { NewTask, TaskRun } from "@entrepot/jobs";
import type { Digest } from "@entrepot/oci";
import { sql, type Transaction } from "kysely";
import { groupsOf } from "./limit-groups.ts";
import type { Step } from "./planner.ts";
import type { Origin, Policy } from "./ports.ts";
import { laneOf } from "./replicas.ts";

/** The kind of the tasks that bring an artifact by its digest, for tags that move later. */
export const STAGE = "stage";
/** The kind of the task that moves the tags of an all-or-nothing run. */
export const MOVE = "move";

/** What a stage task carries. */
export interface StagePayload extends Record<string, unknown> {
  readonly policyId: number;
  readonly repository: string;
  readonly target: string;
  readonly digest: Digest;
  readonly origin: Origin;
}

/**
 * Notes in `db` what an all-or-nothing run wants, and returns the tasks that bring it by digest.
 * Nothing of it can be seen at the target's tags until all has arrived. Repeating is safe.
 */
export async function stageSteps(
  db: Transaction<Database>,
  policy: Policy,
  executionId: number,
  steps: readonly Step[],
): Promise<NewTask[]> {
  if (steps.length === 0) return [];
  const column = <T>(value: (step: Step) => T) => steps.map(value);
  await sql`
    INSERT INTO staged_name (execution_id, repository, reference, target, digest, origin, arrived)
    SELECT ${executionId}, repository, reference, target, digest, origin, digest IS NULL
    FROM unnest(${column((step) => step.repository)}::text[],
                ${column((step) => step.reference)}::text[],
                ${column((step) => step.target)}::text[],
                ${column((step) => step.digest)}::text[],
                ${column((step) => JSON.stringify(step.origin))}::jsonb[])
      AS step (repository, reference, target, digest, origin)
    ON CONFLICT (execution_id, repository, reference) DO UPDATE SET
      target = excluded.target, digest = excluded.digest, origin = excluded.origin,
      arrived = excluded.arrived
  `.execute(db);
  const artifacts = new Map<string, NewTask>();
  for (const { repository, target, digest, origin } of steps) {
    if (digest === null) continue;
    const payload: StagePayload = { policyId: policy.id, repository, target, digest, origin };
    const lane = laneOf(policy, { target, reference: digest });
    artifacts.set(`${target}@${digest}`, { kind: STAGE, lane, payload, groups: groupsOf(policy) });
  }
  return [...artifacts.values()];
}

/** Notes that an artifact has arrived; the last one of a complete plan adds the task that moves. */
export async function noteStaged(
  db: Transaction<Database>,
  policy: Policy,
  run: TaskRun,
  { target, digest }: StagePayload,
): Promise<void> {
  await db
    .updateTable("staged_name")
    .set({ arrived: true })
    .where("execution_id", "=", run.execution.id)
    .where("target", "=", target)
    .where("digest", "=", digest)
    .execute();
  await moveIfArrived(db, policy, run);
}

/**
 * Adds the task that moves an all-or-nothing run's tags, once: when its plan is complete, nothing
 * is held back and everything has arrived. The plan's row is locked: of two that end at once, the
 * second sees the first.
 */
export async function moveIfArrived(
  db: Transaction<Database>,
  policy: Policy,
  run: TaskRun,
): Promise<void> {
  const { id } = run.execution;
  await sql`SELECT FROM run_plan WHERE execution_id = ${id} FOR UPDATE`.execute(db);
  const { rows } = await sql`
    UPDATE run_plan SET moving = true
    WHERE execution_id = ${id} AND complete AND held = 0 AND NOT moving
      AND EXISTS (SELECT FROM staged_name WHERE execution_id = ${id})
      AND NOT EXISTS (SELECT FROM staged_name WHERE execution_id = ${id} AND NOT arrived)
    RETURNING execution_id
  `.execute(db);
  if (rows.length === 0) return;
  const payload = { policyId: policy.id };
  const lane = `policy:${policy.id}:move`;
  await run.addTasks([{ kind: MOVE, lane, payload, groups: groupsOf(policy) }], db);
}
