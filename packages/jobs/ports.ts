import type { Database } from "@entrepot/catalog";
import type { Transaction } from "kysely";
import type { Queues } from "./queues.ts";
import type { OnStatus } from "./status-hooks.ts";
import type { Pools } from "./worker-pool.ts";

/** Running until its last task has ended. How one follows another: `transitions.ts`. */
export type ExecutionStatus = "Running" | "Success" | "Error" | "Stopped";
/**
 * Pending: runs as soon as it may. Scheduled: waits for a time, to be tried again. How one follows
 * another: `transitions.ts`.
 */
export type TaskStatus = "Pending" | "Scheduled" | "Running" | "Success" | "Error" | "Stopped";

/** One run of a plan. Ends with its last task: Stopped or Error if one of them is, or Success. */
export interface Execution {
  readonly id: number;
  readonly vendor: string;
  readonly vendorId: number;
  readonly trigger: string;
  readonly status: ExecutionStatus;
  readonly statusText: string;
  readonly plan: unknown;
  readonly actor: string;
  readonly startTime: Date;
  readonly endTime: Date | null;
  /** Tasks by status. */
  readonly counts: Readonly<Record<TaskStatus, number>>;
}

/** How far a task is. All optional; sizes in bytes. */
export interface Progress {
  readonly stage?: string;
  readonly bytesSent?: number;
  readonly bytesTotal?: number;
  readonly [more: string]: unknown;
}

/** One repeatable step. */
export interface Task {
  readonly id: number;
  readonly executionId: number;
  readonly kind: string;
  /**
   * At most one task of a lane runs at a time, in order of id. One that waits to be tried again
   * gives up its lane meanwhile: newer ones may overtake it, and it must do no harm afterwards.
   */
  readonly lane: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly status: TaskStatus;
  /** Why it failed, or what it waits for. */
  readonly statusText: string;
  /** How many times it has been started. */
  readonly attempts: number;
  readonly progress: Progress;
  readonly startTime: Date;
  readonly endTime: Date | null;
}

/** A task to store. */
export interface NewTask {
  readonly kind: string;
  readonly lane: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Whose limits it is bound by; see `Jobs.setLimit`. Groups without a limit are no bound. */
  readonly groups?: readonly string[];
}

/** An execution to store. */
export interface NewExecution {
  /** Whose plan: `REPLICATION`, … and which one. */
  readonly vendor: string;
  readonly vendorId: number;
  /** `manual`, `scheduled`, `event_based`, … */
  readonly trigger: string;
  readonly actor: string;
  readonly plan?: unknown;
  readonly statusText?: string;
  /** It has no tasks, and is there only to say that and why it was not begun. */
  readonly refused?: boolean;
  /** Whose tasks go first where workers are short: the higher's, always. 0 if absent. */
  readonly priority?: number;
  readonly tasks: readonly NewTask[];
}

/** What a handler is given. */
export interface TaskRun {
  readonly task: Task;
  readonly execution: { readonly id: number; readonly vendorId: number; readonly trigger: string };
  /** 1 for the first; starts that ended with their worker's death are counted too. */
  readonly attempt: number;
  /** Aborted when the task is to end within a second; `interruptionOf` tells why. */
  readonly signal: AbortSignal;
  /**
   * Aborted before `signal` when this node is about to stop: finish soon, or throw its reason at
   * the next point from which another run can go on. The task then runs elsewhere, uncounted.
   */
  readonly draining: AbortSignal;
  /** Adds a line to the task's log. Cheap: lines are written in batches. */
  log(level: "info" | "warn" | "error", text: string): void;
  /** Shows how far it is. Cheap: written at most once a second. */
  progress(progress: Progress): void;
  /** Adds tasks to this execution, in `db`'s transaction if given. */
  addTasks(tasks: readonly NewTask[], db?: Transaction<Database>): Promise<void>;
}

/**
 * Runs one kind of task. Returns when it is done, throws when it failed; must be repeatable, since
 * a killed worker's task is run again by another.
 */
export interface TaskHandler {
  readonly kind: string;
  /** Failed attempts before the task ends as Error; those whose worker died are not counted. */
  readonly maxAttempts: number;
  /**
   * Asked before each start: for how long the task shall wait yet and why, or null. A start that
   * waits does not count as an attempt.
   */
  waits?(task: Task): Promise<{ readonly delayMs: number; readonly text: string } | null>;
  /** Takes less than a day: what runs longer is aborted and run again, on any node. */
  run(run: TaskRun): Promise<void>;
  /** How long to wait after failed attempt `attempt` (1-based), in ms; null: do not try again. */
  retryDelayMs(error: unknown, attempt: number): number | null;
  /**
   * Asked after a failure: if it was only made to wait (a rate limit), for how long and why. Then
   * it runs again, and the attempt does not count.
   */
  heldBack?(error: unknown): { readonly delayMs: number; readonly text: string } | null;
  /**
   * Called in the transaction that ends the task for good with an error (not if it was stopped).
   * If it throws, nothing of this is stored and it is called again; after three times no more.
   */
  failed?(task: Task, error: unknown, db: Transaction<Database>): Promise<void>;
}

/**
 * Called when a schedule is due, on one node only, and again if that node dies meanwhile. If it
 * throws it is called again after 30 s, at most three times.
 */
export type ScheduleHandler = (vendorId: number) => Promise<void>;

/** The job service. */
export interface Jobs {
  /** Registers handlers; before `start`. */
  handle(handler: TaskHandler): void;
  onSchedule(vendor: string, handler: ScheduleHandler): void;

  /**
   * Begins to take tasks, `workers` at a time, and to fire schedules (0: neither, this node only
   * enqueues).
   */
  start(options: { workers: number }): Promise<void>;

  /**
   * Takes no more tasks and lets running ones end; those that have not a second before `graceMs` is
   * over are aborted, and run again elsewhere.
   */
  stop(graceMs?: number): Promise<void>;

  /** Stores an execution with its tasks and enqueues them, all in `db`'s transaction if given. */
  execute(execution: NewExecution, db?: Transaction<Database>): Promise<number>;

  /** Cancels: pending tasks at once, running ones by their signal. False if it had ended. */
  stopExecution(id: number): Promise<boolean>;
  stopTask(id: number): Promise<boolean>;

  /**
   * Runs the failed and stopped tasks of an ended execution again, and no others; the execution is
   * Running again. Returns how many. Throws NOT_FOUND, and PRECONDITION if it has not ended or has
   * none.
   */
  retryExecution(id: number): Promise<number>;

  /**
   * From now on at most `most` tasks of `group` start to run at a time, over all nodes (null: as
   * many as there are workers). Holds for waiting tasks at once; what runs goes on. Repeating is
   * safe.
   */
  setLimit(group: string, most: number | null, db?: Transaction<Database>): Promise<void>;

  /** Lets tasks of `group` that wait for a time run now. Returns how many. */
  hurry(group: string, db?: Transaction<Database>): Promise<number>;

  /** Calls `handler` for every change of an execution's status; see `OnStatus`. Before `start`. */
  onStatus(handler: OnStatus): void;

  /** What waits, by vendor, and pausing it. */
  readonly queues: Queues;
  /** Which processes work, and on what. */
  readonly pools: Pools;

  execution(id: number): Promise<Execution | null>;
  executions(query: {
    vendor: string;
    vendorId?: number;
    /** Only of these. */
    vendorIds?: readonly number[];
    status?: ExecutionStatus;
    trigger?: string;
    page: number;
    pageSize: number;
  }): Promise<{ items: Execution[]; total: number }>;
  task(id: number): Promise<Task | null>;
  tasks(query: {
    executionId: number;
    status?: TaskStatus;
    page: number;
    pageSize: number;
  }): Promise<{ items: Task[]; total: number }>;

  /** Log lines of a task with an id greater than `after`, oldest first, at most `limit`. */
  taskLog(taskId: number, after?: number, limit?: number): Promise<LogLine[]>;

  /** All schedules, by id. */
  schedules(): Promise<Schedule[]>;

  /**
   * Sets (or with null cron removes) the schedule of one vendor's thing: six fields, second first,
   * which must be 0; the minute may not be `*` (Harbor's rules). Times missed while no node was up
   * fire once together. Throws BAD_REQUEST for anything else and for an unknown time zone.
   */
  schedule(
    entry: { vendor: string; vendorId: number; cron: string | null; timeZone?: string },
    db?: Transaction<Database>,
  ): Promise<void>;
}

/** When a vendor's thing is due. */
export interface Schedule {
  readonly id: number;
  readonly vendor: string;
  readonly vendorId: number;
  readonly cron: string;
  readonly timeZone: string;
  /** Null if its time never comes again. */
  readonly nextAt: Date | null;
  readonly updatedAt: Date;
}

/** One line of a task's log. */
export interface LogLine {
  readonly id: number;
  readonly at: Date;
  readonly level: string;
  readonly text: string;
}
