import { RegistryError } from "@entrepot/oci";
import type { Claim } from "./claim.ts";
import { type Outcome, textOf } from "./ending.ts";
import { jsonText } from "./json-text.ts";
import type { NewTask, Progress, TaskHandler, TaskRun } from "./ports.ts";
import type { OneLog } from "./task-log.ts";

/** How long a task of a kind that this node does not know waits for one that does. */
const NO_HANDLER_DELAY_MS = 30_000;

/**
 * Why a run is aborted: somebody cancelled it, this node stops, or it went to another worker
 * because ours was not heard of in time.
 */
export type AbortCause = "cancelled" | "shutdown" | "lost";

/**
 * Why `signal` was aborted, `TaskRun.signal` or one that follows it; null if it was not, or by
 * somebody else. On `cancelled` leave nothing half done; on the others another run goes on.
 */
export function interruptionOf(signal: AbortSignal): AbortCause | null {
  const { reason } = signal;
  if (!signal.aborted || !(reason instanceof RegistryError)) return null;
  return (reason.detail as { interruption?: AbortCause } | undefined)?.interruption ?? null;
}

/** A task being run by this process. */
export interface Run {
  readonly claim: Claim;
  readonly handler: TaskHandler | undefined;
  /** Resolves when its handler has ended; never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Its handler has ended. */
  ended(): boolean;
  /** Tells the handler to end. The first cause counts. */
  abort(cause: AbortCause): void;
  /** Tells the handler that this node is about to stop. */
  drain(): void;
  /** What its log takes up, in bytes. */
  logBytes(): number;
  /** The last progress, null if there was none. */
  progress(): Progress | null;
  /** Like `progress`, but null if nothing has changed since the last call. */
  takeProgress(): Progress | null;
}

/** What a run needs from its worker. */
export interface RunContext {
  readonly handler: TaskHandler | undefined;
  readonly log: OneLog;
  readonly addTasks: (
    executionId: number,
    tasks: readonly NewTask[],
    db?: Parameters<TaskRun["addTasks"]>[1],
  ) => Promise<void>;
}

/** Starts the handler of `claim`'s task. */
export function startRun(claim: Claim, { handler, log, addTasks }: RunContext): Run {
  const { task, vendorId, trigger } = claim;
  const aborter = new AbortController();
  const drainer = new AbortController();
  let cause: AbortCause | null = null;
  let last: Progress | null = null;
  let changed = false;

  const taskRun: TaskRun = {
    task,
    execution: { id: task.executionId, vendorId, trigger },
    attempt: task.attempts,
    signal: aborter.signal,
    draining: drainer.signal,
    log: log.add,
    progress: (progress) => {
      last = progress;
      changed = true;
    },
    addTasks: (tasks, db) => addTasks(task.executionId, tasks, db),
  };
  const ends = async (): Promise<Outcome> => {
    if (claim.refusal) return { kind: "failed", error: claim.refusal };
    if (!handler) return unknownKind(task.kind);
    try {
      const wait = await handler.waits?.(task);
      if (wait) return { kind: "returned", ...wait };
      await handler.run(taskRun);
      return { kind: "done" };
    } catch (error) {
      if (cause === "shutdown" || cause === "lost") return returned(cause);
      if (drainer.signal.aborted && error === drainer.signal.reason) return returned("shutdown");
      const held = handler.heldBack?.(error);
      if (held) return { kind: "returned", ...held };
      log.add("error", `attempt ${task.attempts}: ${textOf(error)}`);
      return { kind: "failed", error };
    }
  };
  let ended = false;
  const outcome = ends().finally(() => {
    ended = true;
  });
  return {
    claim,
    handler,
    outcome,
    ended: () => ended,
    abort: (why) => {
      if (cause) return;
      cause = why;
      const reason = abortError(task.id, why);
      aborter.abort(reason);
      drainer.abort(reason);
    },
    drain: () => drainer.abort(abortError(task.id, "shutdown")),
    logBytes: () => log.bytes(),
    progress: () => plain(last),
    takeProgress: () => {
      const news = changed ? plain(last) : null;
      changed = false;
      return news;
    },
  };
}

/** As it will be read again; null if JSON cannot say it. */
function plain(progress: Progress | null): Progress | null {
  try {
    return progress && (JSON.parse(jsonText(progress)) as Progress);
  } catch {
    return null;
  }
}

/** How a task goes back that this process will not finish. */
export function returned(cause: Exclude<AbortCause, "cancelled">): Outcome {
  const text =
    cause === "shutdown"
      ? "Its worker was shut down; it runs again."
      : "Its worker lost touch with the database; it runs again.";
  return { kind: "returned", text, delayMs: 0 };
}

function unknownKind(kind: string): Outcome {
  const text = `Waits for a worker that knows "${kind}": are all nodes of one version?`;
  return { kind: "returned", text, delayMs: NO_HANDLER_DELAY_MS };
}

function abortError(id: number, interruption: AbortCause): RegistryError {
  const detail = { interruption };
  return interruption === "cancelled"
    ? new RegistryError("CANCELLED", `Task ${id} was cancelled.`, { detail })
    : new RegistryError("UNAVAILABLE", `Task ${id} is interrupted and runs again.`, { detail });
}
