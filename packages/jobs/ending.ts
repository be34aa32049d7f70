import type { Claim } from "./claim.ts";
import type { Progress, TaskHandler, TaskStatus } from "./ports.ts";

/** The longest statusText kept of an error, in characters. */
const MAX_TEXT = 2_000;

/** How a run of a task ended. */
export type Outcome =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown }
  /** It did not fail: this node stops, or cannot run its kind. It runs again without counting. */
  | { readonly kind: "returned"; readonly text: string; readonly delayMs: number };

/** A task that has ended here, on its way to the database. */
export interface Ending {
  readonly claim: Claim;
  readonly outcome: Outcome;
  /** Absent if this node does not know the task's kind. */
  readonly handler: TaskHandler | undefined;
  /** Its last progress, if not yet written. */
  readonly progress: Progress | null;
  /** What its log takes up by now, in bytes. */
  readonly logBytes: number;
  /** How often the handler's `failed` threw; after three times it is not called again. */
  failedThrew: number;
}

/** What becomes of a task. */
export interface Verdict {
  readonly id: number;
  readonly status: Exclude<TaskStatus, "Running">;
  readonly text: string;
  /** This attempt does not count. */
  readonly uncounted: boolean;
  /** How long a Scheduled task waits; null for all others. */
  readonly delayMs: number | null;
  readonly progress: Progress | null;
  readonly logBytes: number;
}

/**
 * The state machine's step out of Running: done is Success; a throw is Stopped if a stop was asked
 * for, else Scheduled while attempts are left, else Error; returned is Pending again, or Scheduled.
 */
export function verdictOf(ending: Ending, stopRequested: boolean, now: Date): Verdict {
  const { claim, outcome, progress, logBytes } = ending;
  const base = { id: claim.task.id, uncounted: false, delayMs: null, progress, logBytes };
  if (outcome.kind === "done") return { ...base, status: "Success", text: "" };
  if (stopRequested) return { ...base, status: "Stopped", text: "Stopped on request." };
  if (outcome.kind === "returned") {
    const { text, delayMs } = outcome;
    if (delayMs <= 0) return { ...base, status: "Pending", text, uncounted: true };
    return { ...base, status: "Scheduled", text, uncounted: true, delayMs };
  }
  const text = textOf(outcome.error);
  const delayMs = claim.refusal ? null : retryDelayOf(ending, outcome.error);
  if (delayMs === null) return { ...base, status: "Error", text };
  const { maxAttempts = 1 } = ending.handler ?? {};
  const at = new Date(now.getTime() + delayMs).toISOString();
  const waits = `Attempt ${attemptOf(claim)} of ${maxAttempts} failed, next one at ${at}: ${text}`;
  return { ...base, status: "Scheduled", text: waits, delayMs };
}

/** Which attempt this is, 1-based; those that ended with their worker's death are not counted. */
function attemptOf({ task, lost }: Claim): number {
  return Math.max(1, task.attempts - lost);
}

function retryDelayOf({ claim, handler }: Ending, error: unknown): number | null {
  const attempt = attemptOf(claim);
  if (!handler || attempt >= handler.maxAttempts) return null;
  try {
    const delayMs = handler.retryDelayMs(error, attempt);
    return delayMs === null || !Number.isFinite(delayMs) ? null : Math.max(1, delayMs);
  } catch {
    // What decides about trying again is itself broken: the first error is the one to show.
    return null;
  }
}

/** What went wrong, in words, cut to a bearable length. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.slice(0, MAX_TEXT);
}
