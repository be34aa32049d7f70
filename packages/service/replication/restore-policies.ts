import { type Actor, type Commit, type NameToPutBack, policyChange } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { policyGroup } from "./limit-groups.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { settled, VENDOR } from "./policies.ts";
import { policyOf, valuesOf } from "./policy-rows.ts";
import { DEFAULT_OPTIONS } from "./policy-options.ts";
import type { PolicySettings } from "./ports.ts";

/** A policy as the journal tells it; null: there is none. */
type Image = NameToPutBack["wanted"];

/** What policies are put back with. */
export interface RestoringPolicies {
  readonly jobs: Jobs;
  readonly lifecycle: Lifecycle;
  readonly actor: Actor;
}

/**
 * Makes policies (by name) what they were, as a part of `commit`: schedules, limits and all. One
 * that was deleted begins anew: what it had replicated is found at the target. Answers why one was
 * left, in order.
 */
export async function restorePolicies(
  parts: RestoringPolicies,
  commit: Commit,
  names: readonly NameToPutBack[],
): Promise<(string | null)[]> {
  const left: (string | null)[] = [];
  for (const { key, wanted } of names) left.push(await restore(parts, commit, key, wanted));
  return left;
}

/** Deletes all policies of a project, as a part of the commit that deletes that. */
export async function removePolicies(
  jobs: Jobs,
  commit: Commit,
  { id }: { readonly id: number },
): Promise<void> {
  const rows = await commit.db
    .selectFrom("replication_policy")
    .select("name")
    .where("project_id", "=", id)
    .execute();
  for (const { name } of rows) await remove(jobs, commit, name);
}

async function restore(
  { jobs, lifecycle, actor }: RestoringPolicies,
  commit: Commit,
  name: string,
  wanted: Image,
): Promise<string | null> {
  const { db } = commit;
  if (!wanted) return remove(jobs, commit, name);
  const [endpoint, project] = [String(wanted["endpoint"]), wanted["project"] as string | null];
  const at = await db
    .selectFrom("registry_endpoint")
    .select("id")
    .where("name", "=", endpoint)
    .executeTakeFirst();
  if (!at) return `registry endpoint '${endpoint}' does not exist any more`;
  const home = await db
    .selectFrom("project")
    .select("id")
    .where("name", "=", project ?? "")
    .executeTakeFirst();
  if (project !== null && !home) return `project '${project}' does not exist`;
  const before = await db
    .selectFrom("replication_policy")
    .selectAll()
    .where("name", "=", name)
    .forNoKeyUpdate()
    .executeTakeFirst();
  const values = valuesOf(settingsOf(wanted, at.id, home?.id ?? null));
  const row = before
    ? await db
        .updateTable("replication_policy")
        .set({ ...values, updated_at: new Date() })
        .where("id", "=", before.id)
        .returningAll()
        .executeTakeFirstOrThrow()
    : await db
        .insertInto("replication_policy")
        .values(values)
        .returningAll()
        .executeTakeFirstOrThrow();
  await settled(commit, jobs, row, { endpoint, project });
  if (before) await lifecycle.updated(policyOf(before), policyOf(row), actor, commit);
  else await lifecycle.created(policyOf(row), actor, commit);
  return null;
}

async function remove(jobs: Jobs, commit: Commit, name: string): Promise<null> {
  const row = await commit.db
    .deleteFrom("replication_policy")
    .where("name", "=", name)
    .returning("id")
    .executeTakeFirst();
  if (!row) return null;
  await jobs.schedule({ vendor: VENDOR, vendorId: row.id, cron: null }, commit.db);
  await jobs.setLimit(policyGroup(row.id), null, commit.db);
  commit.record(policyChange(name, null));
  return null;
}

function settingsOf(
  wanted: NonNullable<Image>,
  endpointId: number,
  projectId: number | null,
): PolicySettings {
  const pulls = wanted["mode"] === "pull";
  return {
    name: String(wanted["name"]),
    description: String(wanted["description"]),
    enabled: wanted["enabled"] === true,
    destEndpointId: pulls ? null : endpointId,
    srcEndpointId: pulls ? endpointId : null,
    destNamespace: String(wanted["destNamespace"]),
    destNamespaceReplaceCount: Number(wanted["destNamespaceReplaceCount"]),
    filters: wanted["filters"] as PolicySettings["filters"],
    triggerType: wanted["triggerType"] as PolicySettings["triggerType"],
    cron: String(wanted["cron"]),
    deletion: wanted["deletion"] === true,
    override: wanted["override"] === true,
    projectId,
    options: { ...DEFAULT_OPTIONS, ...(wanted["options"] as object) },
  };
}
