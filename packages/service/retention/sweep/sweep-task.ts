import { type Jobs, type Pacing, type TaskHandler, type TaskRun, UNPACED } from "@entrepot/jobs";
import type { Amount, SweepReport } from "./sweep-report.ts";
import {
  SWEEP_BEGIN,
  type SweepContext,
  type SweepParameters,
  sweepRun,
  type SweepState,
} from "./sweep-run.ts";

/** The type of garbage collections among jobs. Source: Harbor. */
export const GARBAGE_COLLECTION = "GARBAGE_COLLECTION";

const MAX_ATTEMPTS = 6;
const RETRY_MS = 30_000;
/** While its queue is paused, how often it is looked at. */
const PAUSED_MS = 15_000;
/** How often its state is safe in the database: what comes after it is done again. */
const NOTE_MS = 1_000;

class Paused extends Error {}

/** The task that sweeps. Goes on where another left off; one runs at a time, over all nodes. */
export function sweepTask(
  context: SweepContext & { readonly pacing?: Pacing | undefined },
  jobs: Pick<Jobs, "queues">,
): TaskHandler {
  return {
    kind: GARBAGE_COLLECTION,
    maxAttempts: MAX_ATTEMPTS,
    retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
    heldBack: (error) =>
      error instanceof Paused
        ? { delayMs: PAUSED_MS, text: "paused; 'entrepot gc resume' lets it go on" }
        : null,
    run: (run) => sweep(context, jobs, run),
  };
}

async function sweep(
  context: Parameters<typeof sweepTask>[0],
  jobs: Pick<Jobs, "queues">,
  run: TaskRun,
): Promise<void> {
  const parameters = run.task.payload as unknown as SweepParameters;
  const stored = run.task.progress as Partial<SweepState>;
  let state: SweepState = stored.after === undefined ? SWEEP_BEGIN : (stored as SweepState);
  if (state.stage !== SWEEP_BEGIN.stage) run.log("info", `going on with ${state.stage}`);
  const sweeping = sweepRun(context, parameters, `execution:${run.execution.id}`);
  const paced = context.pacing?.work() ?? UNPACED;
  let lookedAt = -Infinity;
  while (state.stage !== "done") {
    run.signal.throwIfAborted();
    run.draining.throwIfAborted();
    if (performance.now() - lookedAt > NOTE_MS) {
      await stopWhilePaused(jobs);
      lookedAt = performance.now();
    }
    const before: SweepState = state;
    state = await sweeping.step(state);
    run.progress({ ...state });
    if (state.stage !== before.stage) run.log("info", lineOf(before.stage, state.report));
    await paced.rest(run.draining, parameters.workers);
  }
  run.log("info", closingLine(parameters, state.report));
}

async function stopWhilePaused({ queues }: Pick<Jobs, "queues">): Promise<void> {
  const queue = (await queues.list()).find(({ jobType }) => jobType === GARBAGE_COLLECTION);
  if (queue?.paused) throw new Paused("garbage collection is paused");
}

function lineOf(stage: SweepState["stage"], report: SweepReport): string {
  const lines: Record<SweepState["stage"], string> = {
    untagged: `manifests without a tag: ${report.untagged}`,
    history: `deleted manifests that history no longer names: ${report.pastManifests}`,
    journal: `journal entries folded: ${report.entries}`,
    rows: `blobs nothing refers to: ${report.rows.condemned} noted, ${report.rows.removed} out`,
    quarantine:
      `in quarantine: ${inWords(report.freed)} due, ${inWords(report.takenBack)} taken back, ` +
      `${inWords(report.waiting)} not due`,
    uploads: `uploads under way: ${inWords(report.held["uploads"] ?? { blobs: 0, bytes: 0 })}`,
    blobs: `in the store: ${inWords(report.live)} in use, ${inWords(report.quarantined)} unnamed`,
    done: "",
  };
  return lines[stage];
}

function closingLine({ dryRun }: SweepParameters, { freed, quarantined, held }: SweepReport) {
  const kept = Object.entries(held).map(([holder, { blobs, bytes, until }]) => {
    const when = until === null ? "" : ` until ${until.slice(0, 10)}`;
    return `; ${inWords({ blobs, bytes })} held by ${holder}${when}`;
  });
  const [would, into] = dryRun ? ["would free", "would go"] : ["freed", "went"];
  const later = `${inWords(quarantined)} ${into} to quarantine`;
  return `${would} ${inWords(freed)}; ${later}${kept.join("")}`;
}

function inWords({ blobs, bytes }: Amount): string {
  return `${blobs} blob${blobs === 1 ? "" : "s"} of ${bytes} bytes`;
}
