import type { BusyWorker, JobQueue, Schedule, WorkerPool } from "@entrepot/api";
import { formatSeconds } from "../format.ts";
import type { View } from "../output.ts";

/** How queues are shown. */
export const queueView: View<JobQueue> = {
  name: (queue) => queue.job_type,
  columns: () => [
    { title: "TYPE", value: (queue) => queue.job_type },
    { title: "WAITING", value: (queue) => String(queue.count), align: "right" },
    { title: "LATENCY", value: (queue) => formatSeconds(queue.latency), align: "right" },
    { title: "PAUSED", value: (queue) => (queue.paused ? "yes" : "no") },
  ],
};

/** How worker pools are shown. */
export const poolView: View<WorkerPool> = {
  name: (pool) => pool.worker_pool_id,
  columns: ({ time }) => [
    { title: "POOL", value: (pool) => pool.worker_pool_id },
    { title: "HOST", value: (pool) => pool.host },
    { title: "PID", value: (pool) => String(pool.pid), align: "right" },
    { title: "WORKERS", value: (pool) => String(pool.concurrency), align: "right" },
    { title: "STARTED", value: (pool) => time(pool.start_at) },
    { title: "SEEN", value: (pool) => time(pool.heartbeat_at) },
    { title: "STATE", value: (pool) => (pool.draining ? "draining" : "working") },
  ],
};

/** How busy workers are shown. */
export const workerView: View<BusyWorker> = {
  name: (worker) => worker.job_id,
  columns: ({ time }) => [
    { title: "JOB", value: (worker) => worker.job_id, align: "right" },
    { title: "TYPE", value: (worker) => worker.job_name },
    { title: "STAGE", value: (worker) => worker.check_in },
    { title: "STARTED", value: (worker) => time(worker.start_at) },
    { title: "POOL", value: (worker) => worker.pool_id },
  ],
};

/** How schedules are shown. */
export const scheduleView: View<Schedule> = {
  name: (schedule) => String(schedule.id),
  columns: ({ time }) => [
    { title: "ID", value: (schedule) => String(schedule.id), align: "right" },
    { title: "TYPE", value: (schedule) => schedule.vendor_type },
    { title: "OF", value: (schedule) => String(schedule.vendor_id), align: "right" },
    { title: "CRON", value: (schedule) => schedule.cron },
    { title: "TIME ZONE", value: (schedule) => schedule.time_zone },
    { title: "NEXT", value: (schedule) => time(schedule.next_at) },
  ],
};
