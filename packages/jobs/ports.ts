import type { Database } from "@entrepot/catalog";
import type { Transaction } from "kysely";

/** Running until its last task has ended. */
export type ExecutionStatus = "Running" | "Success" | "Error" | "Stopped";
/** Pending → Running → Success, Error or Stopped; back to Pending to be tried again. */
export type TaskStatus = "Pending" | "Running" | "Success" | "Error" | "Stopped";

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
  readonly tasks: readonly NewTask[];
}

/** What a handler is given. */
export interface TaskRun {
  readonly task: Task;
  readonly execution: { readonly id: number; readonly vendorId: number; readonly trigger: string };
  /** 1 for the first; starts that ended with their worker's death are counted too. */
  readonly attempt: number;
  /** Aborted when the task is cancelled or the worker stops: end within a second. */
  readonly signal: AbortSignal;
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

  /** Stops taking tasks, aborts running ones (they will be run again), waits up to `graceMs`. */
  stop(graceMs?: number): Promise<void>;

  /** Stores an execution with its tasks and enqueues them, all in `db`'s transaction if given. */
  execute(execution: NewExecution, db?: Transaction<Database>): Promise<number>;

  /** Cancels: pending tasks at once, running ones by their signal. False if it had ended. */
  stopExecution(id: number): Promise<boolean>;
  stopTask(id: number): Promise<boolean>;

  execution(id: number): Promise<Execution | null>;
  executions(query: {
    vendor: string;
    vendorId?: number;
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

/** One line of a task's log. */
export interface LogLine {
  readonly id: number;
  readonly at: Date;
  readonly level: string;
  readonly text: string;
}
