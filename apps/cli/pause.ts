import { setTimeout } from "node:timers/promises";

/** Waits. Rejects at once if `signal` is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal });
}
