import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import { CHECK_BEGIN, checkRun, type CheckState } from "./check-run.ts";
import { countFindings } from "./findings.ts";
import type { CheckContext, CheckParameters } from "./ports.ts";

/** Whose executions checks are, and the kind of their tasks. */
export const CHECK = "CHECK";

const MAX_ATTEMPTS = 6;
const RETRY_MS = 30_000;

/** The task that checks. Goes on where another left off; one runs at a time, over all nodes. */
export function checkTask(context: CheckContext): TaskHandler {
  return {
    kind: CHECK,
    maxAttempts: MAX_ATTEMPTS,
    retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
    run: (run) => check(context, run),
  };
}

async function check(context: CheckContext, run: TaskRun): Promise<void> {
  const parameters = run.task.payload as unknown as CheckParameters;
  const stored = run.task.progress as Partial<CheckState>;
  let state: CheckState = stored.after === undefined ? CHECK_BEGIN : (stored as CheckState);
  if (stored.after) run.log("info", `going on with ${state.stage} after ${state.after}`);
  const { id } = run.execution;
  const checking = checkRun(context, parameters, id, AbortSignal.any([run.signal, run.draining]));
  while (state.stage !== "done") {
    run.signal.throwIfAborted();
    run.draining.throwIfAborted();
    state = await checking.step(state);
    run.progress({ ...state });
  }
  const { blobs, blobsRead, bytesRead, manifests } = state.report;
  run.log(
    "info",
    `looked at ${blobs} blobs and ${manifests} manifests; read ${blobsRead}, ${bytesRead} bytes`,
  );
  const counts = Object.entries(await countFindings(context.catalog, id));
  for (const [name, n] of counts) run.log("warn", `${name}: ${n}`);
  if (counts.length === 0) run.log("info", "found nothing");
}
