import { type Actor, batched, type Catalog, type Commit, policyChange } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { policyGroup } from "./limit-groups.ts";
import { policyOf, type PolicyRow, valuesOf } from "./policy-rows.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { checkPolicy, withinProject } from "./policy-rules.ts";
import type { Policy, PolicySettings } from "./ports.ts";
import { removePolicies, restorePolicies } from "./restore-policies.ts";

/** The vendor under which replication's executions and schedules are kept. */
export const VENDOR = "REPLICATION";

/** Replication policies, each change journalled. */
export interface Policies {
  /** By id: all, or those that belong to one of these projects. */
  list(projectIds?: readonly number[]): Promise<Policy[]>;
  get(id: number): Promise<Policy | null>;
  /**
   * Returns its id. An enabled event-based policy starts by copying everything that matches.
   * Throws BAD_REQUEST, CONFLICT for a taken name, NOT_FOUND for an unknown endpoint.
   */
  create(settings: PolicySettings, actor: Actor): Promise<number>;
  /**
   * As create, or throws NOT_FOUND. An event-based policy that is enabled again catches up with
   * what changed while it was disabled; one that is new to events copies all that matches. What is
   * under way ends within a second where the policy is disabled or no longer selects it.
   */
  update(id: number, settings: PolicySettings, actor: Actor): Promise<void>;
  /**
   * Stops its runs and deletes it with its replicas' bookkeeping; what was copied stays. False if
   * there was none.
   */
  remove(id: number, actor: Actor): Promise<boolean>;
  /** Makes policies what the journal says they were; see `restorePolicies`. */
  restore(
    commit: Commit,
    names: Parameters<typeof restorePolicies>[2],
    actor: Actor,
  ): Promise<(string | null)[]>;
  /** Deletes all policies of a project, as a part of the commit that deletes that. */
  removeAll(commit: Commit, project: { readonly id: number }): Promise<void>;
}

/** What the calls share. */
interface Room {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly lifecycle: Lifecycle;
}

/** The policies of `catalog`. */
export function openPolicies(catalog: Catalog, jobs: Jobs, lifecycle: Lifecycle): Policies {
  const room: Room = { catalog, jobs, lifecycle };
  // Every task asks for its policy: those that begin together ask once.
  const find = batched((ids: number[]) => rowsOf(catalog, ids), { maxInFlight: 1 });

  return {
    async get(id) {
      const found = await find(id);
      return found ? policyOf(found) : null;
    },

    async list(projectIds) {
      const rows = await catalog.db
        .selectFrom("replication_policy")
        .selectAll()
        .$if(projectIds !== undefined, (some) => some.where("project_id", "in", projectIds!))
        .orderBy("id")
        .execute();
      return rows.map(policyOf);
    },

    create: (settings, actor) => createPolicy(room, settings, actor),
    update: (id, settings, actor) => updatePolicy(room, id, settings, actor),
    restore: (commit, names, actor) => restorePolicies({ jobs, lifecycle, actor }, commit, names),
    removeAll: (commit, project) => removePolicies(jobs, commit, project),

    async remove(id, actor) {
      await lifecycle.stopAll(id, VENDOR);
      return catalog.commit(actor, async (commit) => {
        const row = await commit.db
          .deleteFrom("replication_policy")
          .where("id", "=", id)
          .returning("name")
          .executeTakeFirst();
        if (!row) return false;
        await jobs.schedule({ vendor: VENDOR, vendorId: id, cron: null }, commit.db);
        await jobs.setLimit(policyGroup(id), null, commit.db);
        commit.record(policyChange(row.name, null));
        return true;
      });
    },
  };
}

async function rowsOf({ db }: Catalog, ids: readonly number[]): Promise<(PolicyRow | undefined)[]> {
  const rows = await db
    .selectFrom("replication_policy")
    .selectAll()
    .where((policy) => policy("id", "=", policy.fn.any(sql.val([...new Set(ids)]))))
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

async function createPolicy(
  { catalog, jobs, lifecycle }: Room,
  settings: PolicySettings,
  actor: Actor,
): Promise<number> {
  checkPolicy(settings);
  return catalog.commit(actor, async (commit) => {
    const around = await checkAgainstTables(commit, settings, null);
    const own = withinProject(settings, around.project);
    const row = await commit.db
      .insertInto("replication_policy")
      .values(valuesOf(own))
      .returningAll()
      .executeTakeFirstOrThrow();
    await settled(commit, jobs, row, around);
    await lifecycle.created(policyOf(row), actor, commit);
    return row.id;
  });
}

async function updatePolicy(
  { catalog, jobs, lifecycle }: Room,
  id: number,
  settings: PolicySettings,
  actor: Actor,
): Promise<void> {
  checkPolicy(settings);
  const change = await catalog.commit(actor, async (commit) => {
    const before = await commit.db
      .selectFrom("replication_policy")
      .selectAll()
      .where("id", "=", id)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (!before) throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
    const around = await checkAgainstTables(commit, settings, id);
    const own = withinProject(settings, around.project);
    const row = await commit.db
      .updateTable("replication_policy")
      .set({ ...valuesOf(own), updated_at: new Date() })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirstOrThrow();
    if (before.name !== row.name) {
      commit.record(policyChange(before.name, null));
    }
    await settled(commit, jobs, row, around);
    const after = policyOf(row);
    await lifecycle.updated(policyOf(before), after, actor, commit);
    return { before: policyOf(before), after };
  });
  await lifecycle.settle(change.before, change.after);
}

/** Sets what follows from a stored policy, its schedule and limit, and journals it. */
export async function settled(
  commit: Commit,
  jobs: Jobs,
  row: PolicyRow,
  around: Around,
): Promise<void> {
  const cron = row.enabled && row.trigger_type === "scheduled" ? row.cron : null;
  const { timeZone, concurrency } = policyOf(row).options;
  await jobs.setLimit(policyGroup(row.id), concurrency || null, commit.db);
  await jobs.schedule({ vendor: VENDOR, vendorId: row.id, cron, timeZone }, commit.db);
  commit.record(policyChange(row.name, { row, ...around }));
}

/** What a policy refers to, by name; `project` is null for one of the system's. */
export interface Around {
  readonly endpoint: string;
  readonly project: string | null;
}

/** What the settings refer to, which exists, as no other policy of their name does. */
async function checkAgainstTables(
  { db }: Commit,
  settings: PolicySettings,
  id: number | null,
): Promise<Around> {
  const endpointId = settings.destEndpointId ?? settings.srcEndpointId;
  const { rows } = await sql<{ endpoint: string | null; project: string | null }>`
    SELECT (SELECT name FROM registry_endpoint WHERE id = ${endpointId}::bigint) AS endpoint,
           (SELECT name FROM project WHERE id = ${settings.projectId}::bigint) AS project
  `.execute(db);
  const { endpoint, project } = rows[0]!;
  if (endpoint === null) {
    throw new RegistryError("NOT_FOUND", `registry endpoint ${endpointId} does not exist`);
  }
  if (settings.projectId !== null && project === null) {
    throw new RegistryError("NOT_FOUND", `project ${settings.projectId} does not exist`);
  }
  const twin = await db
    .selectFrom("replication_policy")
    .select("id")
    .where("name", "=", settings.name)
    .executeTakeFirst();
  if (twin && twin.id !== id) {
    throw new RegistryError("CONFLICT", `a replication policy named '${settings.name}' exists`);
  }
  return { endpoint, project };
}
