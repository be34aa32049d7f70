import { sql } from "kysely";
import { writeProgress } from "./progress.ts";
import type { Run } from "./run.ts";
import { takeOver } from "./take-over.ts";
import { every } from "./timing.ts";
import { beat, enterPool } from "./worker-pool.ts";
import type { WorkerContext } from "./worker.ts";

/** Progress is written, and cancels looked for that no message told of. */
const TICK_MS = 1_000;
const BEAT_MS = 2_000;
/** After this long without an answer to its heartbeat a worker lets go of its tasks, … */
const LET_GO_MS = 6_000;
/** … and after this long others take them: a killed worker's task starts again within 10 s. */
const SILENCE_MS = 7_500;

/** What is held by this process. */
export interface Held {
  /** By task id. */
  readonly runs: ReadonlyMap<number, Run>;
  readonly size: number;
}

/**
 * Does what must be done again and again while tasks run: shows their progress, says that this
 * worker lives, lets go of them if the database does not answer, stops what was cancelled, and
 * takes over from workers that fell silent (then it calls `wake`). Returns what ends it.
 */
export function startUpkeep(
  context: Pick<WorkerContext, "catalog" | "worker" | "log">,
  { runs, size }: Held,
  wake: () => void,
): () => Promise<void> {
  const { catalog, worker, log } = context;
  let heardAt = performance.now();

  const sayAlive = async () => {
    const askedAt = performance.now();
    const alive = await beat(catalog.db, worker);
    heardAt = askedAt;
    if (alive) return;
    for (const run of runs.values()) run.abort("lost");
    await enterPool(catalog.db, worker, size);
    wake();
  };
  // Asks nobody, so that it also works when no answer comes.
  const letGo = async () => {
    if (performance.now() - heardAt <= LET_GO_MS) return;
    for (const run of runs.values()) run.abort("lost");
  };
  const takeFromSilent = async () => {
    if ((await takeOver(catalog, SILENCE_MS)) > 0) wake();
  };
  const ends = [
    every(TICK_MS, () => showAndStop(context, runs), log),
    every(TICK_MS, letGo, log),
    every(TICK_MS, takeFromSilent, log),
    every(BEAT_MS, sayAlive, log),
  ];
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
}

async function showAndStop(
  { catalog, worker }: Pick<WorkerContext, "catalog" | "worker">,
  runs: Held["runs"],
): Promise<void> {
  if (runs.size === 0) return;
  const asked = [...runs];
  const news = asked.flatMap(([id, run]) => {
    const progress = run.takeProgress();
    return progress ? [{ id, progress }] : [];
  });
  await writeProgress(catalog.db, news);
  const { rows } = await sql<{ id: number; attempts: number; stop: boolean }>`
    SELECT task.id, attempts, task.stop_requested OR execution.stop_requested AS stop
    FROM task JOIN execution ON execution.id = execution_id
    WHERE task.id = ANY(${asked.map(([id]) => id)}) AND task.status = 'Running'
      AND worker = ${worker}
  `.execute(catalog.db);
  const ours = new Map(rows.map((row) => [Number(row.id), row]));
  for (const [id, run] of asked) {
    const row = ours.get(id);
    if (row?.attempts !== run.claim.task.attempts) {
      if (!run.ended()) run.abort("lost");
    } else if (row.stop) run.abort("cancelled");
  }
}
