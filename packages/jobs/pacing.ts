import { setTimeout as pause } from "node:timers/promises";

/** What leaves the machine to those who wait for an answer: background work rests while they do. */
export interface Pacing {
  /** Somebody waits for an answer, until the call that comes back is made. */
  arrive(): () => void;
  /** Work in the background that begins now. */
  work(): PacedWork;
}

/** Background work, which stops for a rest between its pieces. */
export interface PacedWork {
  /**
   * To be called after each small piece. Rests, if somebody waits for an answer or just did, five
   * times as long as was worked since the last rest, a second at most; divided by `hardness`. Who
   * works on several things at once rests from all of them together. Ends early with `signal`,
   * and never throws.
   */
  rest(signal?: AbortSignal, hardness?: number): Promise<void>;
}

/** How many times longer it rests than it works. */
const REST_SHARE = 5;
const LONGEST_REST_MS = 1_000;
/** What took less is no work to rest from. */
const WORK_MS = 4;
/** For so long after the last answer more are expected. */
const AFTERGLOW_MS = 1_000;

/** The pacing of one process. Clock (ms) and sleep are arguments for tests. */
export function openPacing(
  clock: () => number = () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => Promise<unknown> = (ms, signal) =>
    pause(ms, undefined, { signal }),
): Pacing {
  let waiting = 0;
  let answeredAt = -Infinity;
  const isBusy = () => waiting > 0 || clock() - answeredAt < AFTERGLOW_MS;

  return {
    arrive() {
      waiting += 1;
      return () => {
        waiting -= 1;
        answeredAt = clock();
      };
    },
    work() {
      let begun = clock();
      let resting: Promise<void> | null = null;
      const restFor = async (ms: number, signal?: AbortSignal) => {
        await sleep(ms, signal).catch(() => undefined); // told to end
        begun = clock();
        resting = null;
      };
      return {
        rest(signal, hardness = 1) {
          if (resting) return resting;
          const tookMs = clock() - begun;
          if (tookMs < WORK_MS) return Promise.resolve();
          if (!isBusy()) {
            begun = clock();
            return Promise.resolve();
          }
          const ms = Math.min(LONGEST_REST_MS, (tookMs * REST_SHARE) / hardness);
          return (resting = restFor(ms, signal));
        },
      };
    },
  };
}

/** Work that never rests. */
export const UNPACED: PacedWork = { rest: () => Promise.resolve() };
