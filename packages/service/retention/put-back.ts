import { type Change, type Commit, immutableChange, retentionChange } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { lockRules, valuesOf } from "./immutable/immutable-rules.ts";
import type { CompileGlob, ImmutableSettings } from "./immutable/rule-settings.ts";
import { putQuota, UNLIMITED } from "./quota/quotas.ts";
import { RETENTION, stored } from "./rules/retention-policies.ts";

/** The journal's kinds that this room keeps. */
export const RETENTION_KINDS = ["retention", "immutable", "quota"] as const;

interface Project {
  readonly id: number;
  readonly name: string;
}

/**
 * Makes a name of this room what `change` says, an after-image of the journal's, as part of
 * `commit`, which journals it. Repeating is safe.
 */
export async function putBack(
  commit: Commit,
  { jobs, glob }: { readonly jobs: Jobs; readonly glob: CompileGlob },
  project: Project,
  change: Pick<Change, "kind" | "key" | "after">,
): Promise<void> {
  const { kind, after } = change;
  if (kind === "quota") {
    return putQuota(commit, project, after ? Number(after["storage"]) : UNLIMITED);
  }
  if (kind === "retention") return putRetention(commit, jobs, project, after);
  const id = Number(change.key.slice(change.key.lastIndexOf("/") + 1));
  await lockRules(commit, project.id);
  await commit.db.deleteFrom("immutable_rule").where("id", "=", id).execute();
  if (!after) return commit.record(immutableChange(project.name, id, null));
  const values = valuesOf(after as unknown as ImmutableSettings, glob);
  // The same rule may have been made anew, under another id: then that one does.
  const row = await commit.db
    .insertInto("immutable_rule")
    .values({ id, project_id: project.id, ...values })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  commit.record(immutableChange(project.name, id, row ?? null));
}

async function putRetention(
  commit: Commit,
  jobs: Jobs,
  project: Project,
  after: Change["after"],
): Promise<void> {
  const gone = await commit.db
    .deleteFrom("retention_policy")
    .where("project_id", "=", project.id)
    .returning("id")
    .execute();
  for (const { id } of gone) {
    await jobs.schedule({ vendor: RETENTION, vendorId: id, cron: null }, commit.db);
  }
  if (!after) return commit.record(retentionChange(project.name, null));
  const row = await commit.db
    .insertInto("retention_policy")
    .values({
      id: Number(after["id"]),
      project_id: project.id,
      rules: JSON.stringify(after["rules"]),
      cron: after["cron"] as string | null,
      time_zone: String(after["timeZone"]),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await stored(commit, jobs, project.name, row);
}

/** Deletes and journals what this room has of a project that is about to be deleted. */
export async function removeFromProject(
  commit: Commit,
  jobs: Jobs,
  { id, name }: Project,
): Promise<void> {
  const rules = await commit.db
    .deleteFrom("immutable_rule")
    .where("project_id", "=", id)
    .returning("id")
    .execute();
  for (const rule of rules) commit.record(immutableChange(name, rule.id, null));
  await putQuota(commit, { id, name }, UNLIMITED);
  const policies = commit.db.selectFrom("retention_policy").where("project_id", "=", id);
  if (await policies.select("id").executeTakeFirst()) {
    await putRetention(commit, jobs, { id, name }, null);
  }
}
