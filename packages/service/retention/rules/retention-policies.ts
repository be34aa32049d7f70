import {
  type Actor,
  type Catalog,
  type Commit,
  type RetentionPolicyTable,
  retentionChange,
} from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Selectable } from "kysely";
import type { ProjectRef } from "../immutable/immutable-rules.ts";
import type { CompileGlob } from "../immutable/rule-settings.ts";
import {
  checkSettings,
  type RetentionPolicy,
  type RetentionRule,
  type RetentionSettings,
} from "./policy-settings.ts";

/** The vendor under which retention's executions and schedules are kept. Source: Harbor. */
export const RETENTION = "RETENTION";

/** What of projects stays: at most one policy each, every change journalled. */
export interface RetentionPolicies {
  get(id: number): Promise<RetentionPolicy | null>;
  /**
   * Returns its id. Throws BAD_REQUEST for rules that cannot be and where the project has a policy
   * already (as Harbor does), CONFLICT for a rule that is there twice.
   */
  create(actor: Actor, project: ProjectRef, settings: RetentionSettings): Promise<number>;
  /** As create. False if there is none of this id. */
  update(actor: Actor, id: number, settings: RetentionSettings): Promise<boolean>;
  /** Stops its runs and deletes it. False if there was none. */
  remove(actor: Actor, id: number): Promise<boolean>;
}

/** The retention policies of `catalog`. */
export function openRetentionPolicies(
  catalog: Catalog,
  jobs: Jobs,
  glob: CompileGlob,
): RetentionPolicies {
  const find = (db: Catalog["db"], id: number) =>
    db
      .selectFrom("retention_policy")
      .innerJoin("project", "project.id", "retention_policy.project_id")
      .selectAll("retention_policy")
      .select("project.name as project")
      .where("retention_policy.id", "=", id)
      .executeTakeFirst();

  return {
    async get(id) {
      const row = await find(catalog.db, id);
      return row ? policyOf(row, row.project) : null;
    },

    create: async (actor, project, settings) => {
      checkSettings(settings, glob);
      return catalog.commit(actor, async (commit) => {
        const row = await commit.db
          .insertInto("retention_policy")
          .values({ project_id: project.id, ...valuesOf(settings) })
          .onConflict((conflict) => conflict.column("project_id").doNothing())
          .returningAll()
          .executeTakeFirst();
        if (!row) {
          const text = `project '${project.name}' has a retention policy already; change that one`;
          throw new RegistryError("BAD_REQUEST", text);
        }
        await stored(commit, jobs, project.name, row);
        return row.id;
      });
    },

    update: async (actor, id, settings) => {
      checkSettings(settings, glob);
      return catalog.commit(actor, async (commit) => {
        const row = await commit.db
          .updateTable("retention_policy")
          .set({ ...valuesOf(settings), updated_at: new Date() })
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirst();
        if (!row) return false;
        await stored(commit, jobs, (await find(commit.db, id))!.project, row);
        return true;
      });
    },

    async remove(actor, id) {
      await stopRuns(jobs, id);
      return catalog.commit(actor, async (commit) => {
        const row = await find(commit.db, id);
        if (!row) return false;
        await commit.db.deleteFrom("retention_policy").where("id", "=", id).execute();
        await jobs.schedule({ vendor: RETENTION, vendorId: id, cron: null }, commit.db);
        commit.record(retentionChange(row.project, null));
        return true;
      });
    },
  };
}

async function stopRuns(jobs: Jobs, vendorId: number): Promise<void> {
  const running = {
    vendor: RETENTION,
    vendorId,
    status: "Running",
    page: 1,
    pageSize: 100,
  } as const;
  const { items } = await jobs.executions(running);
  for (const { id } of items) await jobs.stopExecution(id);
}

/** What follows from a row that was stored: its schedule, and what the journal says. */
export async function stored(
  commit: Commit,
  jobs: Jobs,
  project: string,
  row: Selectable<RetentionPolicyTable>,
): Promise<void> {
  const { cron, time_zone: timeZone } = row;
  await jobs.schedule({ vendor: RETENTION, vendorId: row.id, cron, timeZone }, commit.db);
  commit.record(retentionChange(project, row));
}

function valuesOf({ rules, cron, timeZone }: RetentionSettings) {
  return { rules: JSON.stringify(rules), cron, time_zone: timeZone };
}

function policyOf(row: Selectable<RetentionPolicyTable>, project: string): RetentionPolicy {
  return {
    id: row.id,
    projectId: row.project_id,
    project,
    rules: row.rules as readonly RetentionRule[],
    cron: row.cron,
    timeZone: row.time_zone,
  };
}
