import { anyOf, type Catalog, type Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { type Counts, counted, type Decision, NO_COUNTS, type Verdict } from "./plan-run.ts";
import type { Step } from "./planner.ts";

/** Names of one run that are kept; the counts are complete all the same. */
const MOST_ITEMS = 10_000;

/** Begins the plan of an execution anew, as one that is tried again does. */
export async function beginPlan(db: Kysely<Database>, executionId: number): Promise<void> {
  await sql`
    INSERT INTO run_plan (execution_id) VALUES (${executionId})
    ON CONFLICT (execution_id) DO UPDATE SET counts = '{}', complete = false, held = 0,
                                           moving = false, compared_to = NULL
  `.execute(db);
  await db.deleteFrom("run_plan_item").where("execution_id", "=", executionId).execute();
}

/**
 * The plan of an execution that was broken off, to go on with: its counts, and the name up to which
 * it has compared. Null if that has to begin anew: what it runs by has changed since it began, too.
 */
export async function planToGoOnWith(
  db: Kysely<Database>,
  executionId: number,
  changedAt: Date,
): Promise<{ readonly counts: Counts; readonly comparedTo: string } | null> {
  const row = await db
    .selectFrom("run_plan")
    .innerJoin("execution", "execution.id", "execution_id")
    .select(["counts", "compared_to"])
    .where("execution_id", "=", executionId)
    .where("execution.start_time", ">", changedAt)
    .where("complete", "=", false)
    .executeTakeFirst();
  if (!row?.compared_to) return null;
  return { counts: { ...NO_COUNTS, ...row.counts }, comparedTo: row.compared_to };
}

/** Notes up to which name the plan has compared; null: in no order, and so to none. */
export async function keepPlace(
  db: Kysely<Database>,
  executionId: number,
  comparedTo: string | null,
): Promise<void> {
  await db
    .updateTable("run_plan")
    .set({ compared_to: comparedTo })
    .where("execution_id", "=", executionId)
    .execute();
}

/** Adds `decisions` (equal ones are only counted) and says how many names there are by now. */
export async function addToPlan(
  db: Kysely<Database>,
  executionId: number,
  decisions: readonly Decision[],
  counts: Counts,
): Promise<void> {
  await db
    .updateTable("run_plan")
    .set({ counts: JSON.stringify(counts) })
    .where("execution_id", "=", executionId)
    .execute();
  const before = Object.entries(counts).reduce((sum, [of, n]) => sum + (of === "equal" ? 0 : n), 0);
  const items = decisions.filter(({ verdict }) => verdict !== "equal");
  const kept = items.slice(0, Math.max(0, MOST_ITEMS - (before - items.length)));
  if (kept.length === 0) return;
  const rows = kept.map((item) => ({
    execution_id: executionId,
    verdict: item.verdict,
    repository: item.repository,
    reference: item.reference,
    target: item.target,
    at_source: item.atSource,
    at_target: item.atTarget,
  }));
  // A statement takes 65,535 parameters at most.
  for (let at = 0; at < rows.length; at += 5_000) {
    await db
      .insertInto("run_plan_item")
      .values(rows.slice(at, at + 5_000))
      .execute();
  }
}

/** Notes that the plan is complete, and how many deletions are `held` back. */
export async function endPlan(
  db: Kysely<Database>,
  executionId: number,
  held: number,
): Promise<void> {
  await db
    .updateTable("run_plan")
    .set({ complete: true, held })
    .where("execution_id", "=", executionId)
    .execute();
}

/** Stores the plan of an execution that only asks about the deletions `held`. */
export async function storeHeld(
  db: Kysely<Database>,
  executionId: number,
  held: readonly Step[],
): Promise<void> {
  const decisions = held.map(({ repository, reference, target }): Decision => {
    const name = { repository, reference, target };
    return { verdict: "delete", ...name, atSource: null, atTarget: null, step: null };
  });
  await beginPlan(db, executionId);
  await addToPlan(db, executionId, decisions, counted(NO_COUNTS, decisions));
  await endPlan(db, executionId, held.length);
}

/** What an execution planned. */
export interface StoredPlan {
  readonly counts: Counts;
  /** Everything was listed and compared. */
  readonly complete: boolean;
  /** Deletions that wait for somebody to confirm them; 0 if none do. */
  readonly held: number;
}

/** The plan of an execution; null if it has none (events and catching up need no comparison). */
export async function readPlan(
  { db }: Pick<Catalog, "db">,
  executionId: number,
): Promise<StoredPlan | null> {
  const row = await db
    .selectFrom("run_plan")
    .selectAll()
    .where("execution_id", "=", executionId)
    .executeTakeFirst();
  if (!row) return null;
  return { counts: { ...NO_COUNTS, ...row.counts }, complete: row.complete, held: row.held };
}

/** How many deletions wait to be confirmed of those executions that ask; by execution. */
export async function heldDeletions(
  { db }: Pick<Catalog, "db">,
  executionIds: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  if (executionIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("run_plan")
    .select(["execution_id", "held"])
    .where("execution_id", "=", anyOf(executionIds))
    .where("held", ">", 0)
    .execute();
  return new Map(rows.map((row) => [row.execution_id, row.held]));
}

/** A name of a stored plan. */
export type PlannedName = Omit<Decision, "step">;

/** Names of an execution's plan, in the order in which they were planned. */
export async function readPlanItems(
  { db }: Pick<Catalog, "db">,
  query: { executionId: number; verdict?: Verdict; page: number; pageSize: number },
): Promise<{ items: PlannedName[]; total: number }> {
  let rows = db.selectFrom("run_plan_item").where("execution_id", "=", query.executionId);
  if (query.verdict) rows = rows.where("verdict", "=", query.verdict);
  const { total } = await rows
    .select((row) => row.fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await rows
    .selectAll()
    .orderBy("n")
    .limit(query.pageSize)
    .offset((query.page - 1) * query.pageSize)
    .execute();
  return {
    items: items.map((row) => ({
      verdict: row.verdict as Verdict,
      repository: row.repository,
      reference: row.reference,
      target: row.target,
      atSource: row.at_source as PlannedName["atSource"],
      atTarget: row.at_target as PlannedName["atTarget"],
    })),
    total: Number(total),
  };
}
