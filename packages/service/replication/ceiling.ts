import type { Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Kysely, sql } from "kysely";
import { heldBack } from "./plan-run.ts";
import type { Step } from "./planner.ts";
import { VENDOR } from "./policies.ts";
import type { Policy } from "./ports.ts";
import { REPLICATE } from "./replicas.ts";

/** What a run's first task carries. */
export interface RunPayload extends Record<string, unknown> {
  readonly policyId: number;
  /** Somebody has agreed to so many deletions. */
  readonly confirmDeletions?: number;
  /** Only what changed in the journal after this seq, up to `to`, while it was disabled. */
  readonly from?: number;
  readonly to?: number;
  /** An event batch's deletions that only have to be asked about. */
  readonly held?: number;
}

/** What a run's first task carries that only asks about `held`. */
export function askPayload(policy: Policy, held: readonly Step[]): RunPayload {
  return { policyId: policy.id, held: held.length };
}

/** What is left of some steps under a policy's ceiling. */
export interface Ceiled {
  readonly steps: readonly Step[];
  /** Deletions that wait for somebody to confirm them: all or none. */
  readonly held: readonly Step[];
}

/** Deletions of events count together within so long. */
const TOGETHER = "1 hour";

/**
 * Takes the deletions out of an event batch's `steps` where they, with those still under way and
 * those that events brought about within the last hour or in the same `executionId`, are more than
 * the policy's ceiling allows. They stay as they are until a run confirms them.
 */
export async function underCeiling(
  db: Kysely<Database>,
  policy: Policy,
  steps: readonly Step[],
  executionId = 0,
): Promise<Ceiled> {
  const { maxDeletions, maxDeletionPercent } = policy.options;
  const deletions = steps.filter(({ operation }) => operation === "delete");
  if (deletions.length === 0 || (maxDeletions === null && maxDeletionPercent === null)) {
    return { steps, held: [] };
  }
  const { rows } = await sql<{ replicated: number; going: number }>`
    SELECT count(*) AS replicated, count(*) FILTER (WHERE wanted IS NULL) AS going
    FROM replica WHERE policy_id = ${policy.id} AND arrived IS NOT NULL
  `.execute(db);
  const { replicated, going } = rows[0]!;
  const gone = await lately(db, policy, executionId);
  const together = deletions.length + Number(going) + gone;
  if (heldBack(policy, together, Number(replicated) + gone) === 0) return { steps, held: [] };
  return { steps: steps.filter((step) => !deletions.includes(step)), held: deletions };
}

/** How many names events have had deleted lately that are gone; not those that came again. */
async function lately(db: Kysely<Database>, policy: Policy, executionId: number): Promise<number> {
  const { rows } = await sql<{ gone: number }>`
    SELECT count(DISTINCT (task.payload ->> 'repository', task.payload ->> 'reference')) AS gone
    FROM execution JOIN task ON task.execution_id = execution.id
    WHERE execution.vendor = ${VENDOR} AND execution.vendor_id = ${policy.id}
      AND execution.trigger = 'event_based'
      AND (execution.id = ${executionId} OR task.start_time > now() - ${TOGETHER}::interval)
      AND task.kind = ${REPLICATE} AND task.payload ->> 'operation' = 'delete'
      AND NOT EXISTS (
        SELECT FROM replica WHERE policy_id = ${policy.id}
          AND repository = task.payload ->> 'repository'
          AND reference = task.payload ->> 'reference'
      )
  `.execute(db);
  return Number(rows[0]!.gone);
}

/** Why a run stops and asks. Not tried again: somebody has to decide. */
export function asks(policy: Policy, held: number): RegistryError {
  const { maxDeletions, maxDeletionPercent } = policy.options;
  const ceiling = [
    maxDeletions !== null && `max_deletions ${maxDeletions}`,
    maxDeletionPercent !== null && `max_deletion_percent ${maxDeletionPercent}`,
  ];
  return new RegistryError(
    "PRECONDITION",
    `${held} deletions wait for confirmation, more than policy '${policy.name}' allows ` +
      `(${ceiling.filter(Boolean).join(", ")}); none of them was made. Look at the plan of this ` +
      `execution, then run the policy with confirm_deletions ${held}`,
  );
}
