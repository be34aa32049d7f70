import { z } from "@hono/zod-openapi";
import { flag, Time } from "./contract.ts";

/** A process that runs tasks; `concurrency` at a time. `draining` is ours: it is about to stop. */
export const WorkerPool = z
  .object({
    worker_pool_id: z.string(),
    host: z.string(),
    pid: z.int(),
    concurrency: z.int(),
    draining: z.boolean(),
    start_at: Time,
    heartbeat_at: Time,
  })
  .openapi("WorkerPool");
export type WorkerPool = z.infer<typeof WorkerPool>;

/** A worker and its task. `check_in` is the stage that the task is in. */
export const BusyWorker = z
  .object({
    id: z.string(),
    pool_id: z.string(),
    job_id: z.string(),
    job_name: z.string(),
    start_at: Time,
    check_in: z.string(),
  })
  .openapi("Worker");
export type BusyWorker = z.infer<typeof BusyWorker>;

/** What waits of one type; `latency` is how long the oldest that could run has waited, in s. */
export const JobQueue = z
  .object({ job_type: z.string(), count: z.int(), latency: z.int(), paused: z.boolean() })
  .openapi("JobQueue");
export type JobQueue = z.infer<typeof JobQueue>;

/** When a thing is due. `time_zone` and `next_at` (absent if never again) are ours. */
export const Schedule = z
  .object({
    id: z.int(),
    vendor_type: z.string(),
    vendor_id: z.int(),
    cron: z.string(),
    time_zone: z.string(),
    next_at: Time.optional(),
    update_time: Time,
  })
  .openapi("ScheduleTask");
export type Schedule = z.infer<typeof Schedule>;

/** Which part of a log, and whether to go on as it grows. */
export const LogQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(10_000),
  follow: flag(false),
});

/** When a job runs by itself: six fields for `Custom`. Source: Harbor API v2.0 `ScheduleObj`. */
export const JobSchedule = z.object({
  type: z.enum(["Hourly", "Daily", "Weekly", "Custom", "Manual", "None", "Schedule"]),
  cron: z.string().default(""),
  next_scheduled_time: Time.optional(),
});
export type JobSchedule = z.output<typeof JobSchedule>;
