import type { Actor, Catalog, Database } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Transaction } from "kysely";
import type { RunPayload } from "./ceiling.ts";
import { groupsOf } from "./limit-groups.ts";
import { VENDOR } from "./policies.ts";
import { policyOf } from "./policy-rows.ts";
import type { Policy } from "./ports.ts";
import { RUN } from "./replicas.ts";

/** Why a run was refused that may not be at the same time as another. Source: Harbor. */
export const SKIPPED = "Execution skipped: active replication still in progress.";

/** Starts the execution whose first task lists, compares and plans. */
export function startRun(
  jobs: Jobs,
  policy: Policy,
  trigger: string,
  actor: Actor,
  given: { db?: Transaction<Database>; payload?: Omit<RunPayload, "policyId"> } = {},
): Promise<number> {
  const payload: RunPayload = { ...given.payload, policyId: policy.id };
  const task = { kind: RUN, lane: `policy:${policy.id}`, payload, groups: groupsOf(policy) };
  const execution = { vendor: VENDOR, vendorId: policy.id, trigger, actor: actor.name };
  return jobs.execute({ ...execution, tasks: [task] }, given.db);
}

/** What starting a run by hand or by schedule is told. */
export interface StartOptions {
  readonly policyId: number;
  readonly trigger: "manual" | "scheduled";
  readonly actor: Actor;
  /** Somebody has agreed to so many deletions. */
  readonly confirmDeletions?: number;
}

/**
 * Starts a run; returns the execution's id. Where only one may be active and one is, the execution
 * is there to say so, and has failed. The policy's row is locked: of two that start at once, the
 * second sees the first. Throws NOT_FOUND, and PRECONDITION for a disabled policy.
 */
export async function startIfFree(
  { catalog, jobs }: { catalog: Catalog; jobs: Jobs },
  { policyId, trigger, actor, confirmDeletions }: StartOptions,
): Promise<number> {
  return catalog.transaction(async (db) => {
    const row = await db
      .selectFrom("replication_policy")
      .selectAll()
      .where("id", "=", policyId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!row) {
      throw new RegistryError("NOT_FOUND", `replication policy ${policyId} does not exist`);
    }
    const policy = policyOf(row);
    if (!policy.enabled) {
      throw new RegistryError(
        "PRECONDITION",
        `replication policy '${policy.name}' is disabled; enable it first`,
      );
    }
    if (policy.options.singleActiveReplication && (await isActive(db, policyId))) {
      return skipped(jobs, policy, { trigger, actor }, db);
    }
    const payload = confirmDeletions === undefined ? {} : { confirmDeletions };
    return startRun(jobs, policy, trigger, actor, { db, payload });
  });
}

async function isActive(db: Transaction<Database>, policyId: number): Promise<boolean> {
  const active = await db
    .selectFrom("execution")
    .select("id")
    .where("vendor", "=", VENDOR)
    .where("vendor_id", "=", policyId)
    .where("status", "=", "Running")
    .limit(1)
    .executeTakeFirst();
  return active !== undefined;
}

function skipped(
  jobs: Jobs,
  policy: Policy,
  { trigger, actor }: Pick<StartOptions, "trigger" | "actor">,
  db: Transaction<Database>,
): Promise<number> {
  const execution = { vendor: VENDOR, vendorId: policy.id, trigger, actor: actor.name, tasks: [] };
  return jobs.execute({ ...execution, refused: true, statusText: SKIPPED }, db);
}
