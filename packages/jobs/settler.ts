import type { Ending } from "./ending.ts";
import type { JobsLog } from "./jobs-log.ts";
import { settle, type SettleContext } from "./settle.ts";
import type { TaskLog } from "./task-log.ts";
import { pause } from "./timing.ts";

const RETRY_MS = 500;

/** What a settler needs. */
export interface SettlerContext extends SettleContext {
  readonly taskLog: Pick<TaskLog, "flush">;
  readonly log: JobsLog;
  /** Called when these are stored. */
  readonly settled: (endings: readonly Ending[], retryDelaysMs: readonly number[]) => void;
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
  let waiting: Ending[] = [];
  let working: Promise<void> | null = null;
  let givenUp = false;
  let alone = 0;

  const work = async () => {
    while (waiting.length > 0 && !givenUp) {
      const batch = waiting.splice(0, alone > 0 ? 1 : waiting.length);
      try {
        await context.taskLog.flush();
        const delaysMs = await settle(context, batch);
        alone = Math.max(0, alone - 1);
        context.settled(batch, delaysMs);
      } catch (error) {
        context.log("warn", `Cannot store how tasks ended, will try again: ${String(error)}`);
        alone = batch.length + waiting.length;
        waiting.push(...batch);
        await pause(RETRY_MS);
      }
    }
  };
  const start = () => {
    working ??= work().finally(() => {
      working = null;
      if (waiting.length > 0 && !givenUp) start();
    });
  };
  return {
    add: (ending) => {
      waiting.push(ending);
      start();
    },
    drain: async (ms) => {
      const deadline = pause(ms).then(() => {
        givenUp = true;
      });
      while (working && !givenUp) await Promise.race([working, deadline]);
    },
  };
}
