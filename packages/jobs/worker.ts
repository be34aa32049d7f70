import type { Catalog } from "@entrepot/catalog";
import { CHANNELS } from "./channels.ts";
import { claim, type Claim, type Firing } from "./claim.ts";
import type { Outcome } from "./ending.ts";
import { fire } from "./firing.ts";
import type { JobsLog } from "./jobs-log.ts";
import type { ScheduleHandler, TaskHandler } from "./ports.ts";
import type { Queue } from "./queue.ts";
import { returned, type Run, type RunContext, startRun } from "./run.ts";
import { openSettler, type Settler } from "./settler.ts";
import type { TaskLog } from "./task-log.ts";
import { every, pause } from "./timing.ts";
import { startUpkeep } from "./upkeep.ts";

/** The safety net under the wake-up messages; also finds retries that came due elsewhere. */
const POLL_MS = 2_000;
const AFTER_ERROR_MS = 500;
/** How long the last settling may take when this node stops. */
const DRAIN_MS = 3_000;

/** What a worker works with. */
export interface WorkerContext {
  readonly catalog: Catalog;
  readonly queue: Queue;
  readonly taskLog: TaskLog;
  readonly handlers: ReadonlyMap<string, TaskHandler>;
  readonly scheduleHandlers: ReadonlyMap<string, ScheduleHandler>;
  readonly addTasks: RunContext["addTasks"];
  /** This process's name; no other process may bear it, now or later. */
  readonly worker: string;
  readonly clock: () => Date;
  readonly log: JobsLog;
}

/** The pool of workers of one process. */
export interface Worker {
  /** Takes nothing new, aborts what runs and puts it back; waits at most `graceMs` for handlers. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Runs tasks, `size` at a time, woken by messages. A slot is taken until the task's end is stored,
 * so that at most `size` endings ever wait for the database.
 */
export function startWorker(context: WorkerContext, size: number): Worker {
  const { catalog, worker, log } = context;
  const state: State = {
    context,
    size,
    runs: new Map(),
    firings: new Set(),
    hungry: false,
    looking: null,
    stopping: false,
    settler: openSettler({
      ...context,
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
    catalog.listen(CHANNELS.cancel, (target) => abortCancelled(state, target)),
    every(POLL_MS, async () => wake(state), log),
    startUpkeep(context, state, () => wake(state)),
  ];
  wake(state);
  return {
    stop: async (graceMs) => {
      await windDown(state, graceMs);
      await Promise.all(ends.map((endOne) => endOne()));
    },
  };
}

interface State {
  readonly context: WorkerContext;
  readonly size: number;
  readonly settler: Settler;
  /** By task id. */
  readonly runs: Map<number, Run>;
  readonly firings: Set<Firing>;
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

const slotsLeft = ({ size, runs, firings }: State) => size - runs.size - firings.size;
const canClaim = (state: State) => state.hungry && !state.stopping && slotsLeft(state) > 0;

async function claimAll(state: State): Promise<void> {
  const { catalog, queue, worker, log } = state.context;
  while (canClaim(state)) {
    state.hungry = false;
    const slots = slotsLeft(state);
    try {
      const { claims, firings, fetched } = await claim(catalog, queue, worker, slots);
      if (fetched === slots) state.hungry = true;
      for (const claimed of claims) start(state, claimed);
      for (const firing of firings) void startFiring(state, firing);
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
  const run = startRun(claimed, { handler: handlers.get(kind), log: taskLog.of(id), addTasks });
  state.runs.set(id, run);
  if (state.stopping) run.abort("shutdown");
  void run.outcome.then((outcome) => end(state, run, outcome));
}

function end({ settler, runs }: State, run: Run, outcome: Outcome): void {
  const { claim: claimed, handler } = run;
  // Taken from us meanwhile, and perhaps already running here again.
  if (runs.get(claimed.task.id) !== run) return;
  settler.add({ claim: claimed, handler, outcome, progress: run.progress(), failedThrew: 0 });
}

function release({ runs }: State, claimed: Claim): void {
  if (runs.get(claimed.task.id)?.claim === claimed) runs.delete(claimed.task.id);
}

/** Longer waits are left to the poll. */
function wakeLater(state: State, ms: number): void {
  if (ms < POLL_MS) void pause(ms + 1).then(() => wake(state));
}

async function startFiring(state: State, firing: Firing): Promise<void> {
  const { context, firings } = state;
  firings.add(firing);
  // If its end cannot be stored its ticket falls silent, and another worker fires it again.
  await fire(context, firing).catch((error: unknown) => {
    context.log("warn", `Cannot store how a scheduled run ended: ${String(error)}`);
  });
  firings.delete(firing);
  look(state);
}

function abortCancelled({ runs }: State, target: string): void {
  for (const run of runs.values()) {
    const { id, executionId } = run.claim.task;
    if (target === `task:${id}` || target === `execution:${executionId}`) run.abort("cancelled");
  }
}

async function windDown(state: State, graceMs: number): Promise<void> {
  state.stopping = true;
  for (const run of state.runs.values()) run.abort("shutdown");
  const handlersEnd = async () => {
    await state.looking;
    await Promise.all([...state.runs.values()].map(({ outcome }) => outcome));
    while (state.firings.size > 0) await pause(10);
  };
  await Promise.race([handlersEnd(), pause(graceMs)]);
  await state.settler.drain(DRAIN_MS);
  // Handlers that do not heed their signal: their tasks go back all the same.
  for (const run of state.runs.values()) end(state, run, returned("shutdown"));
  await state.settler.drain(DRAIN_MS);
}
