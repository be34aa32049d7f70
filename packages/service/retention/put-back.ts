import {
  type Change,
  type Commit,
  immutableChange,
  type NameToPutBack,
  retentionChange,
} from "@entrepot/catalog";
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
 * Puts names of one of this room's kinds back, as a part of `commit`, which journals them. Answers
 * in order: null, or why a name was left. Repeating is safe.
 */
export async function putBack(
  commit: Commit,
  { jobs, glob }: { readonly jobs: Jobs; readonly glob: CompileGlob },
  kind: (typeof RETENTION_KINDS)[number],
  names: readonly NameToPutBack[],
): Promise<(string | null)[]> {
  const answers: (string | null)[] = [];
  for (const { key, wanted } of names) {
    const [name = "", rule = ""] = key.split("/");
    const found = await commit.db
      .selectFrom("project")
      .select(["id", "name"])
      .where("name", "=", name)
      .executeTakeFirst();
    answers.push(found || !wanted ? null : `project '${name}' is not there`);
    if (!found) continue;
    if (kind === "quota") {
      await putQuota(commit, found, wanted ? Number(wanted["storage"]) : UNLIMITED);
    } else if (kind === "retention") await putRetention(commit, jobs, found, wanted);
    else await putImmutable(commit, glob, found, { id: Number(rule), wanted });
  }
  return answers;
}

/** Under its own id, unless that is another project's by now: then under a new one. */
async function putImmutable(
  commit: Commit,
  glob: CompileGlob,
  project: Project,
  { id, wanted }: { readonly id: number; readonly wanted: Change["after"] },
): Promise<void> {
  const rules = commit.db.deleteFrom("immutable_rule").where("project_id", "=", project.id);
  await lockRules(commit, project.id);
  await rules.where("id", "=", id).execute();
  if (!wanted) return commit.record(immutableChange(project.name, id, null));
  const taken = await commit.db
    .selectFrom("immutable_rule")
    .select("id")
    .where("id", "=", id)
    .executeTakeFirst();
  const values = valuesOf(wanted as unknown as ImmutableSettings, glob);
  // The same rule may have been made anew, under another id: then that one does.
  const row = await commit.db
    .insertInto("immutable_rule")
    .values({ project_id: project.id, ...values, ...(!taken && { id }) })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  commit.record(immutableChange(project.name, row?.id ?? id, row ?? null));
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
  const id = Number(after["id"]);
  const taken = await commit.db
    .selectFrom("retention_policy")
    .select("id")
    .where("id", "=", id)
    .executeTakeFirst();
  const row = await commit.db
    .insertInto("retention_policy")
    .values({
      ...(!taken && { id }),
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
