import {
  type Actor,
  type Catalog,
  type Commit,
  type Database,
  policyChange,
} from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Selectable } from "kysely";
import { compileFilters } from "./filters.ts";
import type { Policy, PolicySettings } from "./ports.ts";

/** The vendor under which replication's executions and schedules are kept. */
export const VENDOR = "REPLICATION";

/** Starts a run of a policy, within the transaction given. */
export type StartRun = (policy: Policy, actor: Actor, commit: Commit) => Promise<number>;

/** Replication policies, each change journalled. */
export interface Policies {
  list(): Promise<Policy[]>;
  get(id: number): Promise<Policy | null>;
  /**
   * Returns its id. An enabled event-based policy starts by copying everything that matches.
   * Throws BAD_REQUEST, CONFLICT for a taken name, NOT_FOUND for an unknown endpoint.
   */
  create(settings: PolicySettings, actor: Actor): Promise<number>;
  /** As create; also throws NOT_FOUND. Switching an event-based policy on copies all that matches. */
  update(id: number, settings: PolicySettings, actor: Actor): Promise<void>;
  /** Deletes it with its replicas' bookkeeping; what was copied stays. False if there was none. */
  remove(id: number, actor: Actor): Promise<boolean>;
}

type Row = Selectable<Database["replication_policy"]>;

/** The policies of `catalog`. */
export function openPolicies(catalog: Catalog, jobs: Jobs, startRun: StartRun): Policies {
  const get = async (id: number) => {
    const row = await catalog.db
      .selectFrom("replication_policy")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    return row ? policyOf(row) : null;
  };

  return {
    get,

    async list() {
      const rows = await catalog.db
        .selectFrom("replication_policy")
        .selectAll()
        .orderBy("id")
        .execute();
      return rows.map(policyOf);
    },

    async create(settings, actor) {
      check(settings);
      return catalog.commit(actor, async (commit) => {
        const endpoint = await checkAgainstTables(commit, settings, null);
        const row = await commit.db
          .insertInto("replication_policy")
          .values(valuesOf(settings))
          .returningAll()
          .executeTakeFirstOrThrow();
        await settled(commit, jobs, row, endpoint);
        if (startsAtOnce(settings)) await startRun(policyOf(row), actor, commit);
        return row.id;
      });
    },

    async update(id, settings, actor) {
      check(settings);
      await catalog.commit(actor, async (commit) => {
        const before = await commit.db
          .selectFrom("replication_policy")
          .selectAll()
          .where("id", "=", id)
          .forUpdate()
          .executeTakeFirst();
        if (!before)
          throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
        const endpoint = await checkAgainstTables(commit, settings, id);
        const row = await commit.db
          .updateTable("replication_policy")
          .set({ ...valuesOf(settings), updated_at: new Date() })
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirstOrThrow();
        if (before.name !== row.name) {
          commit.record(policyChange(before.name, null));
        }
        await settled(commit, jobs, row, endpoint);
        if (startsAtOnce(settings) && !startsAtOnce(policyOf(before))) {
          await startRun(policyOf(row), actor, commit);
        }
      });
    },

    async remove(id, actor) {
      return catalog.commit(actor, async (commit) => {
        const row = await commit.db
          .deleteFrom("replication_policy")
          .where("id", "=", id)
          .returning("name")
          .executeTakeFirst();
        if (!row) return false;
        await jobs.schedule({ vendor: VENDOR, vendorId: id, cron: null }, commit.db);
        commit.record(policyChange(row.name, null));
        return true;
      });
    },
  };
}

const startsAtOnce = (settings: PolicySettings): boolean =>
  settings.enabled && settings.triggerType === "event_based";

async function settled(commit: Commit, jobs: Jobs, row: Row, endpoint: string): Promise<void> {
  const cron = row.enabled && row.trigger_type === "scheduled" ? row.cron : null;
  await jobs.schedule({ vendor: VENDOR, vendorId: row.id, cron }, commit.db);
  commit.record(policyChange(row.name, { row, endpoint }));
}

function check(settings: PolicySettings): void {
  const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);
  if (settings.name.trim() === "" || settings.name.length > 255) {
    throw wrong("a replication policy needs a name of 1 to 255 characters");
  }
  if ((settings.destEndpointId === null) === (settings.srcEndpointId === null)) {
    throw wrong(
      "give exactly one of dest_registry (push from here) and src_registry (pull to here)",
    );
  }
  if (settings.srcEndpointId !== null && settings.triggerType === "event_based") {
    throw wrong("event_based works in push mode only; choose manual or scheduled to pull");
  }
  if (settings.triggerType === "scheduled") checkCron(settings.cron);
  const namespace = settings.destNamespace;
  if (namespace !== "" && !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(namespace)) {
    throw wrong(`dest_namespace ${JSON.stringify(namespace)} is not a repository name's start`);
  }
  const count = settings.destNamespaceReplaceCount;
  if (!Number.isInteger(count) || count < -1 || count > 127) {
    throw wrong(`dest_namespace_replace_count must be a whole number from -1 to 127`);
  }
  compileFilters(settings.filters);
}

/** Harbor's rule: six fields; the seconds are 0 and the minutes not every one. */
function checkCron(cron: string): void {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 6 && fields[0] === "0" && fields[1] !== "*") return;
  throw new RegistryError(
    "BAD_REQUEST",
    `cron ${JSON.stringify(cron)} is not accepted: six fields, the first (seconds) 0, the second ` +
      "(minutes) not *; for example '0 0 2 * * *' for two o'clock every night",
  );
}

/** The name of the policy's endpoint, which exists, as no other policy of its name does. */
async function checkAgainstTables(
  commit: Commit,
  settings: PolicySettings,
  id: number | null,
): Promise<string> {
  const endpointId = settings.destEndpointId ?? settings.srcEndpointId;
  const endpoint = await commit.db
    .selectFrom("registry_endpoint")
    .select("name")
    .where("id", "=", endpointId)
    .executeTakeFirst();
  if (!endpoint) {
    throw new RegistryError("NOT_FOUND", `registry endpoint ${endpointId} does not exist`);
  }
  const twin = await commit.db
    .selectFrom("replication_policy")
    .select("id")
    .where("name", "=", settings.name)
    .executeTakeFirst();
  if (twin && twin.id !== id) {
    throw new RegistryError("CONFLICT", `a replication policy named '${settings.name}' exists`);
  }
  return endpoint.name;
}

function valuesOf(settings: PolicySettings) {
  return {
    name: settings.name,
    description: settings.description,
    enabled: settings.enabled,
    dest_endpoint_id: settings.destEndpointId,
    src_endpoint_id: settings.srcEndpointId,
    dest_namespace: settings.destNamespace,
    dest_namespace_replace_count: settings.destNamespaceReplaceCount,
    filters: JSON.stringify(settings.filters),
    trigger_type: settings.triggerType,
    cron: settings.triggerType === "scheduled" ? settings.cron.trim() : "",
    deletion: settings.deletion,
    override: settings.override,
  };
}

/** A row as a policy. */
export function policyOf(row: Row): Policy {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    enabled: row.enabled,
    destEndpointId: row.dest_endpoint_id,
    srcEndpointId: row.src_endpoint_id,
    destNamespace: row.dest_namespace,
    destNamespaceReplaceCount: row.dest_namespace_replace_count,
    filters: row.filters as Policy["filters"],
    triggerType: row.trigger_type as Policy["triggerType"],
    cron: row.cron,
    deletion: row.deletion,
    override: row.override,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
