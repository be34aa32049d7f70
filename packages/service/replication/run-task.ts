import type { Database } from "@entrepot/catalog";
import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Transaction } from "kysely";
import { asks, type RunPayload } from "./ceiling.ts";
import { compareAll, readAgain, type Sides, sidesOf } from "./compare.ts";
import { lockCursor } from "./cursor.ts";
import { planDeletions } from "./deletions.ts";
import {
  type Compared,
  type Counts,
  counted,
  type Decision,
  heldBack,
  NO_COUNTS,
  planRun,
  stepsOf,
} from "./plan-run.ts";
import { type Place, placeAfter } from "./kept-place.ts";
import { keyOf } from "./planner.ts";
import type { ListedArtifact } from "./ports.ts";
import { type ReplicateOptions, retryDelays } from "./replicate-task.ts";
import { RUN, storeSteps } from "./replicas.ts";
import { catchUpFrom } from "./resume.ts";
import { runWindow } from "./run-window.ts";
import { moveIfArrived, stageSteps } from "./stage.ts";
import { addToPlan, beginPlan, endPlan, keepPlace, planToGoOnWith } from "./stored-plan.ts";

export { RUN } from "./replicas.ts";

/**
 * The task that manual, scheduled and first runs begin with. It goes through the source in batches,
 * compares each with the target and adds tasks for what differs, so that copying starts while
 * listing goes on. After a complete listing, and only then, deletions are planned.
 */
export function runTask(options: ReplicateOptions): TaskHandler {
  const { policies, pace } = options;
  const delays = retryDelays(pace);
  return {
    kind: RUN,
    maxAttempts: 5,
    waits: runWindow(policies),
    retryDelayMs: (error, attempt) => (isQuestion(error) ? null : delays(error, attempt)),
    async run(run) {
      const { confirmDeletions = 0, held, from, to } = run.task.payload as RunPayload;
      const policy = await policies.get(run.execution.vendorId);
      if (!policy) return run.log("warn", "the policy has been deleted since; nothing to do");
      if (!policy.enabled) return run.log("warn", "the policy is disabled; nothing is done");
      if (held) throw asks(policy, held);
      const giveBack = run.execution.trigger === "manual";
      const sides = await sidesOf(options, policy, { giveBack, signal: run.signal });
      if (from === undefined || to === undefined) {
        return runPolicy(sides, run, confirmDeletions);
      }
      const missed = await catchUpFrom(sides, run, { from, to });
      if (missed > 0) throw asks(policy, missed);
    },
    async failed(task, error, db) {
      if (!isQuestion(error)) return;
      await db
        .updateTable("execution")
        .set({ status_text: (error as RegistryError).message })
        .where("id", "=", task.executionId)
        .execute();
    },
  };
}

const isQuestion = (error: unknown): boolean =>
  error instanceof RegistryError && error.code === "PRECONDITION";

async function runPolicy(sides: Sides, run: TaskRun, confirmed: number): Promise<void> {
  const { policy } = sides;
  const listed = new Set<string>();
  const before = await placeOfRun(sides, run);
  let { counts } = before;
  const place = placeAfter(before.last);
  const passed = (one: ListedArtifact) => void listed.add(keyOf(one));
  const show = (stage: string) => run.progress({ stage, listed: listed.size, ...counts });

  for await (const batch of compareAll(sides, { last: before.last, passed })) {
    for (const one of batch) listed.add(keyOf(one));
    place.pass(batch);
    counts = await storeBatch(sides, run, batch, { counts, place });
    show("compare");
    handOver(run, listed.size);
  }
  const held = await storeDeletions(sides, run, { listed, counts, confirmed });
  counts = held.counts;
  show("planned");
  run.log("info", `compared ${listed.size} artifacts: ${inWords(counts)}`);
  if (held.count > 0) throw asks(policy, held.count);
}

/**
 * Where the comparison of a run goes on that was handed over or cut off, with what it had counted;
 * else at the beginning, with a new plan. A run that somebody has retried, or whose policy has been
 * changed since, begins anew.
 */
async function placeOfRun({ policy, catalog }: Sides, run: TaskRun) {
  const { task, execution, log } = run;
  const { db } = catalog;
  const isBroken = task.progress.stage === "compare";
  const kept = isBroken ? await planToGoOnWith(db, execution.id, policy.updatedAt) : null;
  if (!kept) {
    await catalog.transaction((trx) => beginPlan(trx, execution.id));
    return { counts: NO_COUNTS, last: null };
  }
  log("info", `going on after ${kept.comparedTo}; all is listed again, but compared only once`);
  return { counts: kept.counts, last: kept.comparedTo };
}

/**
 * Between two batches, where this node is about to stop: ends this run of the task. What it has
 * stored stays. Another node lists all again, since only one complete listing tells what is gone,
 * but compares only what has not been.
 */
function handOver({ draining, log }: TaskRun, listed: number): void {
  if (!draining.aborted) return;
  log("info", `handed over after ${listed} artifacts: this node stops, and another goes on`);
  throw draining.reason;
}

/** `3 copy, 7 equal`. */
function inWords(counts: Counts): string {
  const named = Object.entries(counts).filter(([, count]) => count > 0);
  return named.map(([verdict, count]) => `${count} ${verdict}`).join(", ") || "nothing there";
}

/**
 * Stores what a batch asks for. In push mode the trigger's cursor is locked and the source's tags
 * are read again: a listing may be older than an event that has been planned already, and must not
 * undo it.
 */
async function storeBatch(
  sides: Sides,
  run: TaskRun,
  compared: readonly Compared[],
  { counts: before, place }: { readonly counts: Counts; readonly place: Place },
): Promise<Counts> {
  const { catalog, policy, rules } = sides;
  const { decisions, counts } = await catalog.transaction(async (db) => {
    if (policy.destEndpointId !== null) await lockCursor(catalog, db);
    const fresh = await readAgain(db, sides, compared);
    const planned = planRun(policy, fresh, rules);
    const total = counted(before, planned);
    await addToPlan(db, run.execution.id, planned, total);
    await keepPlace(db, run.execution.id, place.last);
    await storeDecisions(db, sides, run, planned);
    return { decisions: planned, counts: total };
  });
  for (const { verdict, target, reference, step } of decisions) {
    if (step || verdict === "returning") continue;
    const why = verdict === "keep" ? "override" : "on_conflict";
    run.log("warn", `${target}:${reference} has another digest there and is kept (${why})`);
  }
  return counts;
}

/** What differs becomes tasks; of an all-or-nothing run only once all of it has arrived. */
async function storeDecisions(
  db: Transaction<Database>,
  { policy }: Sides,
  run: TaskRun,
  decisions: readonly Decision[],
): Promise<void> {
  const steps = stepsOf(decisions);
  if (!policy.options.allOrNothing) {
    await run.addTasks(await storeSteps(db, policy, steps), db);
    return;
  }
  const settled = steps.filter(({ operation }) => operation === "settle");
  await storeSteps(db, policy, settled);
  const rest = steps.filter(({ operation }) => operation !== "settle");
  await run.addTasks(await stageSteps(db, policy, run.execution.id, rest), db);
}

/** Ends the plan with what is to be deleted, if that may be. Says how much is held back. */
async function storeDeletions(
  sides: Sides,
  run: TaskRun,
  { listed, counts, confirmed }: { listed: Set<string>; counts: Counts; confirmed: number },
): Promise<{ counts: Counts; count: number }> {
  const { catalog, policy } = sides;
  const push = policy.destEndpointId !== null;
  const none = { decisions: [], replicated: 0 };
  // The source is asked before anything is locked, where it is not our own.
  const asked = policy.deletion && !push ? await planDeletions(catalog.db, sides, listed) : none;
  return catalog.transaction(async (db) => {
    if (push) await lockCursor(catalog, db);
    const plan = policy.deletion && push ? await planDeletions(db, sides, listed) : asked;
    const { decisions, replicated } = plan;
    const count = heldBack(policy, decisions.length, replicated, confirmed);
    const total = counted(counts, decisions);
    await addToPlan(db, run.execution.id, decisions, total);
    if (count === 0) await storeDecisions(db, sides, run, decisions);
    await endPlan(db, run.execution.id, count);
    if (policy.options.allOrNothing) await moveIfArrived(db, policy, run);
    return { counts: total, count };
  });
}
