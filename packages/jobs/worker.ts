import type { Catalog } from "@entrepot/catalog";
import { CHANNELS } from "./channels.ts";
import { claim, type Claim } from "./claim.ts";
import type { Outcome } from "./ending.ts";
import type { JobsLog } from "./jobs-log.ts";
import type { TaskHandler } from "./ports.ts";
import { returned, type Run, type RunContext, startRun } from "./run.ts";
import { openSettler, type Settler } from "./settler.ts";
import type { StatusChanged } from "./status-hooks.ts";
import type { TaskLog } from "./task-log.ts";
import { every, pause } from "./timing.ts";
import { startUpkeep } from "./upkeep.ts";
import { enterPool, leavePool, noteDraining } from "./worker-pool.ts";

/** The safety net under the wake-up messages; also finds retries that came due elsewhere. */
const POLL_MS = 2_000;
const AFTER_ERROR_MS = 500;
/** How long handlers have to end once they are aborted. */
const ABORT_MS = 1_000;
/** How long the last settling may take when this node stops. */
const SETTLE_MS = 3_000;

/** What a worker works with. */
export interface WorkerContext {
  readonly catalog: Catalog;
  readonly taskLog: TaskLog;
  readonly handlers: ReadonlyMap<string, TaskHandler>;
  readonly addTasks: RunContext["addTasks"];
  /** This process's name; no other process may bear it, now or later. */
  readonly worker: string;
  readonly clock: () => Date;
  readonly log: JobsLog;
  readonly statusChanged: StatusChanged;
}

/** The pool of workers of one process. */
export interface Worker {
  /** Takes nothing new, lets what runs end, then aborts it and puts it back; see `Jobs.stop`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Runs tasks, `size` at a time, woken by messages. A slot is taken until the task's end is stored,
 * so that at most `size` endings ever wait for the database.
 */
export async function startWorker(context: WorkerContext, size: number): Promise<Worker> {
  const { catalog, worker, log } = context;
  await enterPool(catalog.db, worker, size);
  const state: State = {
    context,
    size,
    runs: new Map(),
    hungry: false,
    looking: null,
    stopping: false,
    settler: openSettler({
      ...context,
      // With all slots taken by what waits nothing is gained by waiting longer.
      mayEnd: (waiting) => waiting < state.runs.size,
      settled: (endings, { advanced, retryDelaysMs }) => {
        for (const ending of endings) release(state, ending.claim);
        for (const ms of retryDelaysMs) wakeLater(state, ms);
        state.hungry ||= advanced;
        look(state);
      },
    }),
  };
  const ends = [
    // What this worker itself has handed out it looks for without being told.
    catalog.listen(CHANNELS.wake, (by) => by === worker || wake(state)),
    catalog.listen(CHANNELS.cancel, (ids) => abortCancelled(state, ids)),
    every(POLL_MS, async () => wake(state), log),
    startUpkeep(context, state, () => wake(state)),
  ];
  wake(state);
  return {
    stop: async (graceMs) => {
      await windDown(state, graceMs);
      await Promise.all(ends.map((endOne) => endOne()));
      // If it cannot say so it is taken for dead in a few seconds.
      await leavePool(catalog.db, worker).catch(() => {});
    },
  };
}

interface State {
  readonly context: WorkerContext;
  readonly size: number;
  readonly settler: Settler;
  /** By task id. */
  readonly runs: Map<number, Run>;
  /** There may be something to claim. */
  hungry: boolean;
  looking: Promise<void> | null;
  stopping: boolean;
}

function wake(state: State): void {
  state.hungry = true;
  look(state);
}

function look(state: State): void {
  state.looking ??= claimAll(state).finally(() => {
    state.looking = null;
    if (canClaim(state)) look(state);
  });
}

const slotsLeft = ({ size, runs }: State) => size - runs.size;
const canClaim = (state: State) => state.hungry && !state.stopping && slotsLeft(state) > 0;

async function claimAll(state: State): Promise<void> {
  const { catalog, worker, log } = state.context;
  while (canClaim(state)) {
    state.hungry = false;
    try {
      const { claims, more } = await claim(catalog, worker, slotsLeft(state));
      if (more) state.hungry = true;
      for (const claimed of claims) start(state, claimed);
    } catch (error) {
      log("warn", `Cannot look for tasks, will try again: ${String(error)}`);
      state.hungry = true;
      await pause(AFTER_ERROR_MS);
    }
  }
}

function start(state: State, claimed: Claim): void {
  const { handlers, taskLog, addTasks } = state.context;
  const { id, kind } = claimed.task;
  const log = taskLog.of(id, claimed.logBytes);
  const run = startRun(claimed, { handler: handlers.get(kind), log, addTasks });
  state.runs.set(id, run);
  if (state.stopping) run.drain();
  void run.outcome.then((outcome) => end(state, run, outcome));
}

function end({ settler, runs }: State, run: Run, outcome: Outcome): void {
  const { claim: claimed, handler } = run;
  // Taken from us meanwhile, and perhaps already running here again.
  if (runs.get(claimed.task.id) !== run) return;
  const [progress, logBytes] = [run.progress(), run.logBytes()];
  settler.add({ claim: claimed, handler, outcome, progress, logBytes, failedThrew: 0 });
}

function release({ runs }: State, claimed: Claim): void {
  if (runs.get(claimed.task.id)?.claim === claimed) runs.delete(claimed.task.id);
}

/** Longer waits are left to the poll. */
function wakeLater(state: State, ms: number): void {
  if (ms < POLL_MS) void pause(ms + 1).then(() => wake(state));
}

function abortCancelled({ runs }: State, ids: string): void {
  for (const id of ids.split(",")) runs.get(Number(id))?.abort("cancelled");
}

async function windDown(state: State, graceMs: number): Promise<void> {
  const { catalog, worker } = state.context;
  state.stopping = true;
  const handlersEnd = async () => {
    await state.looking;
    await Promise.all([...state.runs.values()].map(({ outcome }) => outcome));
  };
  for (const run of state.runs.values()) run.drain();
  if (state.runs.size > 0) await noteDraining(catalog.db, worker).catch(() => {});
  await Promise.race([handlersEnd(), pause(Math.max(0, graceMs - ABORT_MS))]);
  for (const run of state.runs.values()) run.abort("shutdown");
  await Promise.race([handlersEnd(), pause(Math.min(graceMs, ABORT_MS))]);
  await state.settler.drain(SETTLE_MS);
  // Handlers that do not heed their signal: their tasks go back all the same.
  for (const run of state.runs.values()) end(state, run, returned("shutdown"));
  await state.settler.drain(SETTLE_MS);
}
