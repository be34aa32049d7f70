import { sharedTransfers } from "@entrepot/registry";
import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import { carryOut } from "./carry-out.ts";
import { heldBack } from "./failure.ts";
import { errandFacts } from "./errand-facts.ts";
import { readAgain, type Sides, sidesOf } from "./compare.ts";
import { lockCursor } from "./cursor.ts";
import type { Step } from "./planner.ts";
import type { Compared } from "./plan-run.ts";
import type { Policy } from "./ports.ts";
import { type ReplicateOptions, retryDelays } from "./replicate-task.ts";
import { noteArrivals, replicateTaskOf, storeSteps, takeReplicas } from "./replicas.ts";
import { MOVE, noteStaged, STAGE, type StagePayload } from "./stage.ts";
import { runWindow } from "./run-window.ts";

const ATTEMPTS = 6;
/** Names whose wants are stored at a time. */
const BATCH = 500;

/** The task that brings one artifact of an all-or-nothing run by its digest. */
export function stageTask(options: ReplicateOptions): TaskHandler {
  const { catalog, policies, pace } = options;
  const once = sharedTransfers();
  return {
    kind: STAGE,
    maxAttempts: ATTEMPTS,
    retryDelayMs: retryDelays(pace),
    heldBack,
    waits: runWindow(policies),
    async run(run) {
      const payload = run.task.payload as StagePayload;
      const policy = await activePolicy(options, run, payload.policyId);
      if (!policy) return;
      const { source, target } = await sidesOf(options, policy, { ...run, giveBack: false });
      const { repository, digest, origin, target: name } = payload;
      const replica = {
        policyId: policy.id,
        repository,
        reference: digest,
        target: name,
        origin,
        wanted: digest,
        arrived: null,
        sent: digest,
        since: "",
      };
      const facts = errandFacts(catalog, replica);
      // Content by its digest: nothing is to be judged about it.
      const how = options.transport.of(policy);
      const errand = { policy, replica, source, target, run, once, how, judges: false, ...facts };
      const arrived = await carryOut(errand);
      if (arrived === undefined) {
        throw new Error(`${repository}@${digest} is no longer at the source; run the policy again`);
      }
      await catalog.transaction((db) => noteStaged(db, policy, run, payload));
    },
  };
}

async function activePolicy(
  { policies }: ReplicateOptions,
  run: TaskRun,
  id: number,
): Promise<Policy | null> {
  const policy = await policies.get(id);
  if (policy?.enabled) return policy;
  run.log("warn", `the policy has been ${policy ? "disabled" : "deleted"} since; nothing is done`);
  return null;
}

/**
 * The last task of an all-or-nothing run: every artifact is at the target, and the tags move, one
 * after the other. Cut off in the middle it goes on where it was when run again; if it fails for
 * good, what it has not moved is behind, and caught up with as anything else.
 */
export function moveTask(options: ReplicateOptions): TaskHandler {
  const { pace } = options;
  return {
    kind: MOVE,
    maxAttempts: ATTEMPTS,
    retryDelayMs: retryDelays(pace),
    heldBack,
    async run(run) {
      const policy = await activePolicy(options, run, run.execution.vendorId);
      if (!policy) return;
      const sides = await sidesOf(options, policy, { ...run, giveBack: false });
      const steps = await stagedSteps(sides, run);
      const copies = steps.filter(({ operation }) => operation === "copy");
      for (let at = 0; at < copies.length; at += BATCH) {
        await want(sides, copies.slice(at, at + BATCH));
      }
      let moved = 0;
      for (const step of copies) {
        run.signal.throwIfAborted();
        run.draining.throwIfAborted();
        if (await move(sides, run, step)) moved++;
        run.progress({ stage: "move tags", moved, tags: copies.length });
      }
      const deletions = steps.filter(({ operation }) => operation === "delete");
      await options.catalog.transaction(async (db) =>
        run.addTasks(await storeSteps(db, policy, deletions), db),
      );
      run.log("info", `moved ${moved} of ${copies.length} tags; ${deletions.length} to delete`);
    },
  };
}

async function stagedSteps({ catalog }: Sides, run: TaskRun): Promise<Step[]> {
  const rows = await catalog.db
    .selectFrom("staged_name")
    .select(["repository", "reference", "target", "digest", "origin"])
    .where("execution_id", "=", run.execution.id)
    .orderBy("repository")
    .orderBy("reference")
    .execute();
  return rows.map((row) => {
    const operation = row.digest === null ? "delete" : "copy";
    return { ...row, operation } as unknown as Step;
  });
}

/**
 * Notes what the steps want. What an event-based policy's source names otherwise by now is left to
 * the event that says so.
 */
async function want(sides: Sides, steps: readonly Step[]): Promise<void> {
  const { catalog, policy } = sides;
  await catalog.transaction(async (db) => {
    if (policy.triggerType !== "event_based") return void (await storeSteps(db, policy, steps));
    await lockCursor(catalog, db);
    const names = steps.map((step): Compared => ({
      ...step,
      atSource: step.digest,
      atTarget: null,
    }));
    const now = await readAgain(db, sides, names);
    await storeSteps(
      db,
      policy,
      steps.filter((step, i) => now[i]!.atSource === step.digest),
    );
  });
}

/** Points one tag at what has been brought. False if something else is wanted of it by now. */
async function move({ catalog, policy, target, rules }: Sides, run: TaskRun, step: Step) {
  const key = { policyId: policy.id, repository: step.repository, reference: step.reference };
  const [replica] = await takeReplicas(catalog.db, [key]);
  if (!replica || replica.wanted !== step.digest || step.digest === null) return false;
  const repository = target.registry(replica.origin).repository(replica.target);
  const name = `${replica.target}:${step.reference}`;
  if (step.reference !== step.digest) {
    // Another Entrepot is told even of the digest that it has: by a change that may be a later one.
    const judges = rules.peerId !== null && replica.origin.clock !== undefined;
    const there = judges ? null : await repository.resolve(step.reference);
    if (there?.digest !== step.digest) await repository.tag(step.reference, step.digest);
    run.log("info", `${name} now names ${step.digest}`);
  }
  const [isAll] = await noteArrivals(catalog.db, [{ ...key, digest: step.digest }]);
  // An event has come to want something else, and its task may have been overtaken by this.
  if (!isAll) await run.addTasks([replicateTaskOf(policy, step)]);
  return true;
}
