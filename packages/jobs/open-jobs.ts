import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Catalog, Database } from "@entrepot/catalog";
import type { Transaction } from "kysely";
import { stopExecution, stopTask } from "./cancel.ts";
import { storeExecution, storeTasks } from "./enqueue.ts";
import { openHistory } from "./history.ts";
import type { JobsLog } from "./jobs-log.ts";
import { hurry, setLimit } from "./limit.ts";
import type { Jobs, ScheduleHandler, TaskHandler } from "./ports.ts";
import { openQueues } from "./queues.ts";
import { retryExecution } from "./retry.ts";
import { fireTask, readSchedules, storeSchedule, watchSchedules } from "./schedule.ts";
import { type OnStatus, tellAll } from "./status-hooks.ts";
import { DEFAULT_KEPT, type Kept, sweep } from "./sweep.ts";
import { openTaskLog } from "./task-log.ts";
import { every } from "./timing.ts";
import { openPools } from "./worker-pool.ts";
import { startWorker, type Worker } from "./worker.ts";

const SWEEP_MS = 60_000;
const DEFAULT_GRACE_MS = 5_000;

/** What the job service needs. */
export interface JobsOptions {
  readonly catalog: Catalog;
  /** Says when schedules are due and dates log lines. The queue itself goes by the database's. */
  readonly clock?: () => Date;
  readonly log?: JobsLog;
  /** Shown for running tasks; made unique by what is added to it. Default: the host's name. */
  readonly workerName?: string;
  /** Which ended executions are kept. Default: 50 of each vendor's thing, however old. */
  readonly kept?: Kept;
}

/**
 * Opens the job service of this process. It takes no tasks before `start`. `stop` ends it for good;
 * the catalog stays open.
 */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const { catalog, clock = () => new Date(), log = toStderr } = options;
  const taskLog = openTaskLog(catalog.db, clock);
  const worker = `${options.workerName ?? hostname()}-${randomUUID()}`;
  const handlers = new Map<string, TaskHandler>();
  const scheduleHandlers = new Map<string, ScheduleHandler>();
  const fire = fireTask(scheduleHandlers, log);
  handlers.set(fire.kind, fire);
  const hooks: OnStatus[] = [];
  const statusChanged = tellAll(hooks);
  const { kept = DEFAULT_KEPT } = options;
  const context = { catalog, taskLog, handlers, worker, clock, log, statusChanged, kept };
  let pool: Worker | undefined;
  let ends: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;

  type Tx = Transaction<Database>;
  const within = <T>(db: Tx | undefined, work: (tx: Tx) => Promise<T>): Promise<T> =>
    db ? work(db) : catalog.transaction(work);

  const stopAll = async (graceMs: number) => {
    await Promise.all(ends.map((end) => end()));
    await pool?.stop(graceMs);
    await taskLog.close();
  };

  return {
    ...openHistory(catalog.db),
    handle: (handler) => void handlers.set(handler.kind, handler),
    onSchedule: (vendor, handler) => void scheduleHandlers.set(vendor, handler),
    start: async ({ workers }) => {
      if (pool || stopped || workers === 0) return;
      const addTasks = (id: number, tasks: Parameters<typeof storeTasks>[2], db?: Tx) =>
        within(db, (tx) => storeTasks(context, id, tasks, tx));
      pool = await startWorker({ ...context, addTasks }, workers);
      ends = [watchSchedules(context), every(SWEEP_MS, () => sweep(context), log)];
    },
    stop: (graceMs = DEFAULT_GRACE_MS) => (stopped ??= stopAll(graceMs)),
    execute: (execution, db) => within(db, (tx) => storeExecution(context, execution, tx)),
    stopExecution: (id) => stopExecution(context, id),
    stopTask: (id) => stopTask(context, id),
    retryExecution: (id) => retryExecution(context, id),
    setLimit: (group, most, db) => within(db, (tx) => setLimit(context, group, most, tx)),
    hurry: (group, db) => within(db, (tx) => hurry(context, group, tx)),
    onStatus: (handler) => void hooks.push(handler),
    queues: openQueues(context, () => [...scheduleHandlers.keys()]),
    pools: openPools(catalog.db),
    schedules: () => readSchedules(catalog.db),
    schedule: (entry, db) => storeSchedule(context, entry, db ?? catalog.db),
  };
}

function toStderr(level: string, text: string): void {
  console.error(`${level}: ${text}`);
}
