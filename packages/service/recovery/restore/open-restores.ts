import type { Actor, Catalog } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { BlobStore } from "@entrepot/storage";
import { type Bin, daysOf, openBin } from "./bin.ts";
import { makePlan, PLAN_HOURS } from "./make-plan.ts";
import type {
  OpenBackup,
  PauseReplication,
  PlanItem,
  RestorableKind,
  RestorePlan,
  RestoreRequest,
} from "./ports.ts";
import { RESTORE_TASK, restoreTask } from "./restore-task.ts";
import { type ItemQuery, readRestoreItems, readRestorePlan } from "./stored-plan.ts";
import { sql } from "kysely";

/** The vendor under which restores run. */
export const RESTORE = "RESTORE";

/** What restores are made of. */
export interface RestoresOptions {
  readonly catalog: Catalog;
  readonly store: Pick<BlobStore, "stat" | "start">;
  readonly jobs: Jobs;
  /** Reads backups; absent: nothing comes out of one. */
  readonly openBackup?: OpenBackup;
  readonly pause?: PauseReplication;
  /**
   * Kinds of names that can be put back, in the order in which they come into being; they go in the
   * reverse order. `repository`, `manifest`, `tag` and `artifact_label` are among them.
   */
  readonly kinds: readonly RestorableKind[];
}

/** Putting names back: plans, their execution, and the bin of what was deleted. */
export interface Restores {
  /** Makes a plan and changes nothing. Throws BAD_REQUEST, NOT_FOUND, CONFLICT. */
  plan(request: RestoreRequest, actor: Actor): Promise<RestorePlan>;
  /** Null if there is none, or it is not whole yet. */
  get(id: number): Promise<RestorePlan | null>;
  items(id: number, query: ItemQuery): Promise<{ items: PlanItem[]; total: number }>;
  /**
   * Carries a plan out; returns the execution's id. One that was broken off goes on where it was.
   * Throws NOT_FOUND, and PRECONDITION for one that must not run, runs, is done or too old.
   */
  execute(id: number, actor: Actor): Promise<number>;
  /** Forgets a plan that is not carried out. Repeating is safe. */
  drop(id: number): Promise<void>;
  readonly bin: Bin;
  /** Forgets plans that nobody needs any more, and what was kept for too long. */
  forget(): Promise<void>;
}

/** Opens restores; the task's handler is registered with `jobs`, so call before its start. */
export function openRestores(options: RestoresOptions): Restores {
  const { catalog, store, jobs, openBackup, pause } = options;
  const kinds = new Map(options.kinds.map((kind) => [kind.kind, kind]));
  const planning = { catalog, store, openBackup, kinds: [...kinds.keys()] };
  jobs.handle(restoreTask({ catalog, store, kinds, openBackup, pause }));
  return {
    async plan(request, actor) {
      const id = await makePlan(planning, request, actor);
      return (await readRestorePlan(catalog, id))!;
    },
    get: (id) => readRestorePlan(catalog, id),
    items: (id, query) => readRestoreItems(catalog, id, query),
    execute: (id, actor) => execute(catalog, jobs, id, actor),
    drop: (id) => drop(catalog, id),
    bin: openBin(catalog),
    forget: () => forgetOld(catalog),
  };
}

async function execute(catalog: Catalog, jobs: Jobs, id: number, actor: Actor): Promise<number> {
  const plan = await readRestorePlan(catalog, id);
  if (!plan) throw new RegistryError("NOT_FOUND", `restore plan ${id} does not exist`);
  const refused = (why: string) => new RegistryError("PRECONDITION", `restore plan ${id} ${why}`);
  if (plan.objections[0]) throw refused(`cannot be carried out: ${plan.objections[0]}`);
  const ageMs = Date.now() - plan.createdAt.getTime();
  if (ageMs > PLAN_HOURS * 3_600_000) throw refused("is a day old; make another");
  const { create, change, remove } = plan.counts;
  if (plan.done + plan.left === create + change + remove && plan.executionId !== null) {
    throw refused("has been carried out");
  }
  return catalog.transaction(async (db) => {
    const { execution_id: before } = await db
      .selectFrom("restore_plan")
      .select("execution_id")
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const running = before === null ? null : await jobs.execution(before);
    if (running?.status === "Running") throw refused(`runs already, as execution ${before}`);
    const payload = { planId: id, actor: actor.name };
    const executionId = await jobs.execute(
      {
        vendor: RESTORE,
        vendorId: id,
        trigger: "manual",
        actor: actor.name,
        plan: { plan_id: id, request: plan.request, counts: plan.counts },
        tasks: [{ kind: RESTORE_TASK, lane: "restore", payload }],
      },
      db,
    );
    const row = { execution_id: executionId };
    await db.updateTable("restore_plan").set(row).where("id", "=", id).execute();
    // What it needs is held until it is done.
    await db
      .updateTable("history_hold")
      .set({ expires_at: null })
      .where("holder", "=", `restore:${id}`)
      .execute();
    return executionId;
  });
}

async function drop({ db }: Catalog, id: number): Promise<void> {
  await db
    .deleteFrom("restore_plan")
    .where("id", "=", id)
    .where("execution_id", "is", null)
    .execute();
  await db.deleteFrom("history_hold").where("holder", "=", `restore:${id}`).execute();
}

async function forgetOld({ db }: Catalog): Promise<void> {
  await sql`
    DELETE FROM restore_plan WHERE created_at < now() - interval '30 days'
      OR (execution_id IS NULL AND created_at < now() - ${PLAN_HOURS} * interval '1 hour')
  `.execute(db);
  await sql`
    DELETE FROM history_hold WHERE holder LIKE 'restore:%' AND (expires_at < now()
      OR NOT EXISTS (SELECT FROM restore_plan WHERE 'restore:' || id = holder))
  `.execute(db);
  for (const table of ["past_webhook", "past_robot"]) {
    const project = sql`split_part(${sql.table(table)}.key, '/', 1)`;
    await sql`
      DELETE FROM ${sql.table(table)}
      WHERE gone_at < now() - interval '1 day' * ${daysOf(project)}
    `.execute(db);
  }
}
