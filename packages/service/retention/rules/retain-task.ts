import type { Actor, Catalog } from "@entrepot/catalog";
import type { Jobs, TaskHandler, TaskRun } from "@entrepot/jobs";
import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import type { CompileGlob } from "../immutable/rule-settings.ts";
import { readCandidates } from "./candidates.ts";
import { heldToShown, planRetention, type RetentionPlan, type Verdict } from "./plan-retention.ts";
import { RETENTION } from "./retention-policies.ts";
import { type RetentionRuns, rulesFor, type RunPayload, type RunPlan } from "./retention-runs.ts";

/**
 * Deletes manifest `digest` of `repository` with its tags, unless it has come to have others than
 * `tags`. False if it is not there. Throws DENIED while it is needed, CONFLICT for another tag.
 */
export type DeleteArtifact = (
  actor: Actor,
  repository: string,
  digest: Digest,
  tags: readonly string[],
) => Promise<boolean>;

/** What the task works with. */
export interface RetainOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly glob: CompileGlob;
  readonly runs: RetentionRuns;
  readonly deleteArtifact: DeleteArtifact;
}

const MAX_ATTEMPTS = 3;
const RETRY_MS = 10_000;

/** The task that decides what of one repository stays, stores that, and deletes the rest. */
export function retainTask(options: RetainOptions): TaskHandler {
  return {
    kind: RETENTION,
    maxAttempts: MAX_ATTEMPTS,
    retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
    run: (run) => retain(options, run),
  };
}

async function retain(options: RetainOptions, run: TaskRun): Promise<void> {
  const { jobs, runs } = options;
  const { repository } = run.task.payload as RunPayload;
  const execution = await jobs.execution(run.execution.id);
  const { dryRun } = execution!.plan as RunPlan;
  run.progress({ stage: "plan" });
  const plan =
    (await runs.plan(run.execution.id, repository)) ??
    (await decide(options, run.execution.id, repository, execution!.plan as RunPlan));
  for (const item of plan.items) run.log("info", lineOf(item));
  const { total, retained } = plan;
  const gone = plan.items.filter(({ verdict }) => verdict === "delete");
  if (dryRun) {
    run.log("info", `${retained} of ${total} artifacts would stay; nothing was deleted`);
    return run.progress({ stage: "planned", total, retained });
  }
  const actor = { name: execution!.actor, cause: `execution:${run.execution.id}` };
  let deleted = 0;
  for (const [n, item] of gone.entries()) {
    run.signal.throwIfAborted();
    run.draining.throwIfAborted();
    if (await remove(options, run, actor, repository, item)) deleted++;
    run.progress({ stage: "delete", total, retained, done: n + 1, of: gone.length });
  }
  run.log("info", `${retained} of ${total} artifacts stay; ${deleted} manifests were deleted`);
  run.progress({ stage: "done", total, retained, deleted });
}

/** Decided once: whoever goes on after a crash carries out what was stored. */
async function decide(
  { catalog, glob, runs }: RetainOptions,
  executionId: number,
  repository: string,
  { rules, planOf }: RunPlan,
): Promise<RetentionPlan> {
  const found = await readCandidates(catalog, repository);
  const shown = planOf === undefined ? null : await runs.plan(planOf, repository);
  const nothing = { items: [], total: 0, retained: 0 };
  const candidates = planOf === undefined ? found : heldToShown(found, shown ?? nothing);
  const about = rulesFor(rules, repository, glob);
  const plan = planRetention(about, candidates, catalog.now().getTime(), glob);
  await catalog.db
    .insertInto("retention_plan")
    .values({
      execution_id: executionId,
      repository,
      total: plan.total,
      retained: plan.retained,
      items: JSON.stringify(plan.items),
    })
    .execute();
  return plan;
}

/** What has come to be needed since it was decided stays, and the log says so. */
async function remove(
  { deleteArtifact }: RetainOptions,
  run: TaskRun,
  actor: Actor,
  repository: string,
  { digest, tags }: Verdict,
): Promise<boolean> {
  try {
    return await deleteArtifact(actor, repository, asDigest(digest)!, tags);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.code !== "DENIED" && error.code !== "CONFLICT") throw error;
    run.log("warn", `${digest} stays: ${error.message}`);
    return false;
  }
}

function lineOf({ verdict, digest, tags, reason }: Verdict): string {
  const named = tags.length > 0 ? ` (${tags.join(", ")})` : "";
  return `${verdict} ${digest}${named}: ${reason}`;
}
