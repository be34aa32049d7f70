import { stopsRequested } from "./cancel.ts";
import type { Firing } from "./claim.ts";
import { writeProgress } from "./progress.ts";
import { reap } from "./reap.ts";
import type { Run } from "./run.ts";
import { every } from "./timing.ts";
import type { WorkerContext } from "./worker.ts";

/** Progress is written, and cancels looked for that no message told of. */
const TICK_MS = 1_000;
const TOUCH_MS = 2_000;
/** After this long without an answered touch a worker lets go of its tasks, … */
const LET_GO_MS = 6_000;
/** … and after this long others take them: a killed worker's task starts again within 10 s. */
const SILENCE_MS = 7_500;
const SUPERVISE_MS = 10_000;

/** What is held by this process. */
export interface Held {
  /** By task id. */
  readonly runs: ReadonlyMap<number, Run>;
  readonly firings: ReadonlySet<Firing>;
}

/**
 * Does what must be done again and again while tasks run: shows their progress, tells the queue
 * that this worker lives, lets go of them if the queue does not answer, stops what was cancelled,
 * and takes over from workers that fell silent (then it calls `wake`). Returns what ends it.
 */
export function startUpkeep(
  context: Pick<WorkerContext, "catalog" | "queue" | "log">,
  held: Held,
  wake: () => void,
): () => Promise<void> {
  const { catalog, queue, log } = context;
  const { runs, firings } = held;
  let heardAt = performance.now();

  const touch = async () => {
    const askedAt = performance.now();
    const running = [...runs.values()];
    const tickets = [...running.map(({ claim }) => claim), ...firings].map(({ ticket }) => ticket);
    const kept = await queue.touch(tickets);
    heardAt = askedAt;
    for (const run of running) if (!kept.has(run.claim.ticket.id)) run.abort("lost");
  };
  // Asks nobody, so that it also works when no answer comes.
  const letGo = async () => {
    if (performance.now() - heardAt <= LET_GO_MS) return;
    for (const run of runs.values()) run.abort("lost");
  };
  const takeOver = async () => {
    if ((await reap(catalog, queue, SILENCE_MS)) > 0) wake();
  };
  const ends = [
    every(TICK_MS, () => showAndStop(context, runs), log),
    every(TICK_MS, letGo, log),
    every(TICK_MS, takeOver, log),
    every(TOUCH_MS, touch, log),
    every(SUPERVISE_MS, () => queue.supervise(), log),
  ];
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}

async function showAndStop(
  { catalog }: Pick<WorkerContext, "catalog">,
  runs: Held["runs"],
): Promise<void> {
  if (runs.size === 0) return;
  const news = [...runs].flatMap(([id, run]) => {
    const progress = run.takeProgress();
    return progress ? [{ id, progress }] : [];
  });
  await writeProgress(catalog.db, news);
  const stops = await stopsRequested(catalog.db, [...runs.keys()]);
  for (const id of stops) runs.get(id)?.abort("cancelled");
}
