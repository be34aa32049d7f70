import { setTimeout as pauseFor } from "node:timers/promises";
import type { Throttle } from "@entrepot/registry";
import type { PolicyOptions } from "./policy-options.ts";
import { windowAt } from "./windows.ts";

/** What measures time, for tests. */
export interface Ticking {
  /** In milliseconds, never backwards. */
  readonly clock: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
}

const REAL: Ticking = {
  clock: () => performance.now(),
  pause: (ms) => pauseFor(ms, undefined, { ref: false }),
};

/** How soon a change of the rate is noticed by who waits. */
const LOOK_AGAIN_MS = 100;
/** What may pass at once after silence. */
const BURST_S = 0.1;

/**
 * A token bucket whose rate is `bytesPerSecond()`, asked anew at least every 100 ms: a change holds
 * at once, also for what waits. 0 is no limit. First come, first served.
 */
export function tokenBucket(bytesPerSecond: () => number, ticking: Ticking = REAL): Throttle {
  const { clock, pause } = ticking;
  let owed = 0;
  let at = clock();
  let last: Promise<void> = Promise.resolve();

  const settle = (rate: number) => {
    const now = clock();
    owed = Math.max(owed - (rate * (now - at)) / 1000, -rate * BURST_S);
    at = now;
  };
  const turn = async (bytes: number) => {
    for (;;) {
      const rate = bytesPerSecond();
      if (rate <= 0) {
        owed = 0;
        at = clock();
        return;
      }
      settle(rate);
      if (owed <= 0) break;
      await pause(Math.min((owed / rate) * 1000, LOOK_AGAIN_MS));
    }
    owed += bytes;
  };
  return {
    get isLimited() {
      return bytesPerSecond() > 0;
    },
    take: (bytes) => (last = last.then(() => turn(bytes))),
  };
}

/** All of `throttles` together: what passes has passed each of them. */
export function allOf(throttles: readonly Throttle[]): Throttle {
  return {
    get isLimited() {
      return throttles.some((throttle) => throttle.isLimited);
    },
    async take(bytes) {
      await Promise.all(throttles.map((throttle) => throttle.take(bytes)));
    },
  };
}

/**
 * Bytes per second that all tasks of a policy may move at `now`; 0 is no limit. Within windows for
 * bandwidth theirs counts (of several open ones the strictest), outside them the policy's own.
 */
export function policyRate(
  { bytesPerSecond, windows }: Pick<PolicyOptions, "bytesPerSecond" | "windows">,
  now: Date,
): number {
  const limits = windows.filter(({ kind }) => kind === "bandwidth");
  if (limits.length === 0) return bytesPerSecond;
  const open = windowAt(limits, now).open.map((window) => window.bytesPerSecond);
  if (open.length === 0) return bytesPerSecond;
  const strict = open.filter((rate) => rate > 0);
  return strict.length === 0 ? 0 : Math.min(...strict);
}

/** Bytes per second of one task, from Harbor's Kibit/s; 0 is no limit. */
export function taskRate({ speed }: Pick<PolicyOptions, "speed">): number {
  return speed > 0 ? (speed * 1024) / 8 : 0;
}
