import { setTimeout as sleep } from "node:timers/promises";
import type { Catalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type ImageName, type Whereabouts, whereabouts } from "./wait.ts";

/** Waiting calls at a time, in this process. */
const MOST_WAITERS = 256;
/** Looks follow each other after 100 ms at first, after 1 s in the end. */
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [100, 1_000];
let waiters = 0;

/** How to wait. */
export interface WaitOptions {
  readonly images: readonly ImageName[];
  readonly policyIds?: readonly number[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Returns when `images` are everywhere they should be, or after `timeoutMs` with what is missing
 * and why. Repeating is safe. Throws NOT_FOUND as `whereabouts` does, and TOOMANYREQUESTS where
 * 256 others wait already.
 */
export async function waitUntilArrived(
  catalog: Pick<Catalog, "db" | "listen">,
  { images, policyIds, timeoutMs, signal }: WaitOptions,
): Promise<Whereabouts[]> {
  if (waiters >= MOST_WAITERS) {
    const text = `${MOST_WAITERS} requests wait for replication already; try again in a moment`;
    throw new RegistryError("TOOMANYREQUESTS", text);
  }
  waiters += 1;
  let wake = new AbortController();
  // What ends an execution is most often what is waited for.
  const endListening = catalog.listen("entrepot_executions", () => wake.abort());
  const until = performance.now() + timeoutMs;
  try {
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 1.5, LAST_LOOK_MS)) {
      const found = await whereabouts(catalog, images, policyIds);
      const leftMs = until - performance.now();
      if (found.every((image) => image.arrived) || leftMs <= 0 || signal?.aborted) return found;
      wake = new AbortController();
      const woken = signal ? AbortSignal.any([wake.signal, signal]) : wake.signal;
      await sleep(Math.min(pauseMs, leftMs), undefined, { signal: woken }).catch(() => undefined);
    }
  } finally {
    waiters -= 1;
    endListening();
  }
}
