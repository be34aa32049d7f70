import { setTimeout as sleep } from "node:timers/promises";
import type { JobsLog } from "./jobs-log.ts";

/** Resolves after `ms`, without keeping the process alive. */
export function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}

/**
 * Runs `work` every `ms`, never twice at once; what it throws is logged and the next run tries
 * again. Returns the call that ends it, which waits for the run under way.
 */
export function every(ms: number, work: () => Promise<void>, log: JobsLog): () => Promise<void> {
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= work()
      .catch((error: unknown) => log("warn", `Will try again in ${ms} ms: ${String(error)}`))
      .finally(() => {
        running = null;
      });
  }, ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
