import type { Ending } from "./ending.ts";
import type { JobsLog } from "./jobs-log.ts";
import { settle, type SettleContext, type Settled } from "./settle.ts";
import type { TaskLog } from "./task-log.ts";
import { pause } from "./timing.ts";

const RETRY_MS = 500;
/** Least time from one transaction to the next: what ends thick and fast is stored together. */
const REST_MS = 80;
/** How soon it is noticed that nothing more can come. */
const LOOK_MS = 5;

/** What a settler needs. */
export interface SettlerContext extends SettleContext {
  readonly taskLog: Pick<TaskLog, "flush">;
  readonly log: JobsLog;
  /** Whether more may end than the `waiting` ones before these are stored. Default: yes. */
  readonly mayEnd?: (waiting: number) => boolean;
  /** Called when these are stored. */
  readonly settled: (endings: readonly Ending[], result: Settled) => void;
}

/** Stores how tasks ended, however long the database is away. */
export interface Settler {
  add(ending: Ending): void;
  /** Resolves when everything is stored, or after `ms`; then it gives up what is left. */
  drain(ms: number): Promise<void>;
}

/**
 * A `Settler` that writes what has come together since its last transaction in one transaction. If
 * that fails, each ending is tried alone, in turn, so that a bad one does not hold up the others.
 */
export function openSettler(context: SettlerContext): Settler {
  const waiting: Ending[] = [];
  let working: Promise<void> | null = null;
  let givenUp = false;
  let alone = 0;
  let startedAt = Number.NEGATIVE_INFINITY;

  const { mayEnd = () => true } = context;
  const rest = async () => {
    const until = startedAt + REST_MS;
    while (performance.now() < until && !givenUp && mayEnd(waiting.length)) await pause(LOOK_MS);
  };
  const open = () => waiting.length > 0 && !givenUp;
  const work = async () => {
    while (open()) {
      await rest();
      startedAt = performance.now();
      const batch = waiting.splice(0, alone > 0 ? 1 : waiting.length);
      try {
        await context.taskLog.flush();
        const result = await settle(context, batch);
        alone = Math.max(0, alone - 1);
        context.settled(batch, result);
      } catch (error) {
        context.log("warn", `Cannot store how tasks ended, will try again: ${String(error)}`);
        alone = batch.length + waiting.length;
        waiting.push(...batch);
        await pause(RETRY_MS);
      }
    }
  };
  const start = (): Promise<void> => {
    working ??= work().then(() => {
      working = null;
      return open() ? start() : undefined;
    });
    return working;
  };
  return {
    add: (ending) => {
      waiting.push(ending);
      void start();
    },
    drain: async (ms) => {
      const deadline = pause(ms).then(() => {
        givenUp = true;
      });
      // Starting again, if something came meanwhile, is part of the same promise.
      await Promise.race([working, deadline]);
    },
  };
}
