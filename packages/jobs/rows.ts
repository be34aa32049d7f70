import type { Execution, ExecutionStatus, Progress, Task, TaskStatus } from "./ports.ts";

/** A row of `task`, as far as others may see it. */
export interface TaskRow {
  readonly id: number;
  readonly execution_id: number;
  readonly kind: string;
  readonly lane: string;
  readonly payload: Record<string, unknown>;
  readonly status: TaskStatus;
  readonly status_text: string;
  readonly attempts: number;
  readonly progress: Progress;
  readonly start_time: Date;
  readonly end_time: Date | null;
}

/** A row of `execution` with its tasks counted. */
export interface ExecutionRow {
  readonly id: number;
  readonly vendor: string;
  readonly vendor_id: number;
  readonly trigger: string;
  readonly status: ExecutionStatus;
  readonly status_text: string;
  readonly plan: unknown;
  readonly actor: string;
  readonly start_time: Date;
  readonly end_time: Date | null;
  /** Only the statuses that occur. */
  readonly counts: Partial<Record<TaskStatus, number>> | null;
}

/** The task a row stands for. */
export function taskOf(row: TaskRow): Task {
  return {
    id: Number(row.id),
    executionId: row.execution_id,
    kind: row.kind,
    lane: row.lane,
    payload: row.payload,
    status: row.status,
    statusText: row.status_text,
    attempts: row.attempts,
    progress: row.progress,
    startTime: row.start_time,
    endTime: row.end_time,
  };
}

/** The execution a row stands for. */
export function executionOf(row: ExecutionRow): Execution {
  return {
    id: row.id,
    vendor: row.vendor,
    vendorId: row.vendor_id,
    trigger: row.trigger,
    status: row.status,
    statusText: row.status_text,
    plan: row.plan,
    actor: row.actor,
    startTime: row.start_time,
    endTime: row.end_time,
    counts: {
      Pending: 0,
      Scheduled: 0,
      Running: 0,
      Success: 0,
      Error: 0,
      Stopped: 0,
      ...row.counts,
    },
  };
}
