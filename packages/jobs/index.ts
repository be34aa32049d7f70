export type * from "./ports.ts";
export type { JobsLog } from "./jobs-log.ts";
export { nextOccurrence } from "./cron.ts";
export { openJobs, type JobsOptions } from "./open-jobs.ts";
export type { Queue, Queues } from "./queues.ts";
export { openPacing, type PacedWork, type Pacing, UNPACED } from "./pacing.ts";
export { type AbortCause, interruptionOf } from "./run.ts";
export type { OnStatus, StatusChange } from "./status-hooks.ts";
export { DEFAULT_KEPT, type Kept } from "./sweep.ts";
export { EXECUTION_TRANSITIONS, TASK_TRANSITIONS } from "./transitions.ts";
export type { BusyWorker, Pools, WorkerPool } from "./worker-pool.ts";
export { settled } from "./settled.ts";
export {
  openSystemJob,
  type SystemJob,
  type SystemRun,
  type SystemSchedule,
} from "./system-job.ts";
