import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Catalog, Database } from "@entrepot/catalog";
import type { Transaction } from "kysely";
import { stopExecution, stopTask } from "./cancel.ts";
import { storeExecution, storeTasks } from "./enqueue.ts";
import { openHistory } from "./history.ts";
import type { JobsLog } from "./jobs-log.ts";
import type { Jobs, ScheduleHandler, TaskHandler } from "./ports.ts";
import { openQueue } from "./queue.ts";
import { storeSchedule, watchSchedules } from "./schedule.ts";
import { sweep } from "./sweep.ts";
import { openTaskLog } from "./task-log.ts";
import { every } from "./timing.ts";
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
}

/**
 * Opens the job service of this process. It takes no tasks before `start`. `stop` ends it for good;
 * the catalog stays open. Throws UNAVAILABLE if the database cannot be reached.
 */
export async function openJobs(options: JobsOptions): Promise<Jobs> {
  const { catalog, clock = () => new Date(), log = toStderr } = options;
  const queue = await openQueue(catalog.db, log);
  const taskLog = openTaskLog(catalog.db, clock);
  const worker = `${options.workerName ?? hostname()}-${randomUUID()}`;
  const handlers = new Map<string, TaskHandler>();
  const scheduleHandlers = new Map<string, ScheduleHandler>();
  const context = { catalog, queue, taskLog, handlers, scheduleHandlers, worker, clock, log };
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
    await queue.close();
  };

  return {
    ...openHistory(catalog.db),
    handle: (handler) => void handlers.set(handler.kind, handler),
    onSchedule: (vendor, handler) => void scheduleHandlers.set(vendor, handler),
    start: async ({ workers }) => {
      if (pool || stopped || workers === 0) return;
      const addTasks = (id: number, tasks: Parameters<typeof storeTasks>[2], db?: Tx) =>
        within(db, (tx) => storeTasks(context, id, tasks, tx));
      pool = startWorker({ ...context, addTasks }, workers);
      ends = [watchSchedules(context), every(SWEEP_MS, () => sweep(context), log)];
    },
    stop: (graceMs = DEFAULT_GRACE_MS) => (stopped ??= stopAll(graceMs)),
    execute: (execution, db) => within(db, (tx) => storeExecution(context, execution, tx)),
    stopExecution: (id) => stopExecution(context, id),
    stopTask: (id) => stopTask(context, id),
    schedule: (entry, db) => storeSchedule(context, entry, db ?? catalog.db),
  };
}

function toStderr(level: string, text: string): void {
  console.error(`${level}: ${text}`);
}
