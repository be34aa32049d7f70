import type { Jobs, Progress, TaskHandler, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { REPLICATE } from "@entrepot/replication";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** A job service whose tasks are measured on this node. */
export type MeasureJobs = (jobs: Jobs) => Jobs;

/** Counters of transfers, by the field of a task's progress that they add up. */
const TRANSFERS = {
  bytesSent: ["entrepot_replication_bytes_sent_total", "Bytes sent to targets."],
  bytesSkipped: ["entrepot_replication_bytes_skipped_total", "Bytes that targets had already."],
  bytesMounted: ["entrepot_replication_bytes_mounted_total", "Bytes that targets mounted."],
  blobsSent: ["entrepot_replication_blobs_sent_total", "Blobs sent to targets."],
  blobsSkipped: ["entrepot_replication_blobs_skipped_total", "Blobs that targets had already."],
  blobsMounted: ["entrepot_replication_blobs_mounted_total", "Blobs that targets mounted."],
} as const;

type Transfer = keyof typeof TRANSFERS;

/** Measures what tasks do: how long, how they end, what they move; adds to `registry`. */
export function jobMetrics(registry: Registry): MeasureJobs {
  const registers = [registry];
  const attempts = new Counter({
    name: "entrepot_task_attempts_total",
    help: "Attempts at tasks that have ended on this node, by what came of them.",
    labelNames: ["kind", "result"] as const,
    registers,
  });
  const retries = new Counter({
    name: "entrepot_task_retries_total",
    help: "Attempts at tasks that were not their first, on this node.",
    labelNames: ["kind"] as const,
    registers,
  });
  const errors = new Counter({
    name: "entrepot_task_errors_total",
    help: "Attempts at tasks that failed on this node, by the code of the error.",
    labelNames: ["kind", "code"] as const,
    registers,
  });
  const durations = new Histogram({
    name: "entrepot_task_duration_seconds",
    help: "Attempts at tasks, on this node.",
    labelNames: ["kind"] as const,
    buckets: [0.05, 0.25, 1, 5, 30, 120, 600, 3600],
    registers,
  });
  const running = new Gauge({
    name: "entrepot_workers_busy",
    help: "Tasks that run on this node.",
    registers,
  });
  const workers = new Gauge({
    name: "entrepot_workers",
    help: "Tasks that may run on this node at a time.",
    registers,
  });
  const moved = transferCounters(registers);

  const measured = (handler: TaskHandler): TaskHandler => ({
    ...handler,
    async run(run) {
      const { kind } = run.task;
      const end = durations.startTimer({ kind });
      running.inc();
      if (run.attempt > 1) retries.inc({ kind });
      const progressed = kind === REPLICATE ? withProgress(run, moved) : run;
      try {
        await handler.run(progressed);
        attempts.inc({ kind, result: "success" });
      } catch (error) {
        attempts.inc({ kind, result: run.signal.aborted ? "stopped" : "error" });
        if (!run.signal.aborted) errors.inc({ kind, code: codeOf(error) });
        throw error;
      } finally {
        running.dec();
        end();
      }
    },
  });
  return (jobs) => ({
    ...jobs,
    handle: (handler) => jobs.handle(measured(handler)),
    start: (options) => {
      workers.set(options.workers);
      return jobs.start(options);
    },
  });
}

type Count = (policy: string, field: Transfer, amount: number) => void;

function transferCounters(registers: Registry[]): Count {
  const counters = new Map<Transfer, Counter<"policy">>();
  for (const [field, [name, help]] of Object.entries(TRANSFERS)) {
    const counter = new Counter({ name, help, labelNames: ["policy"] as const, registers });
    counters.set(field as Transfer, counter);
  }
  return (policy, field, amount) => counters.get(field)!.inc({ policy }, amount);
}

/** Adds what a task's progress says it has moved; each attempt begins at nothing. */
function withProgress(run: TaskRun, count: Count): TaskRun {
  const policy = String(run.execution.vendorId);
  const counted: Partial<Record<Transfer, number>> = {};
  return {
    ...run,
    progress(progress: Progress) {
      for (const field of Object.keys(TRANSFERS) as Transfer[]) {
        const value = progress[field];
        const before = counted[field] ?? 0;
        if (typeof value !== "number" || value <= before) continue;
        count(policy, field, value - before);
        counted[field] = value;
      }
      run.progress(progress);
    },
  };
}

/** The closed set of codes; what is not foreseen is a bug and counted as one. */
function codeOf(error: unknown): string {
  return error instanceof RegistryError ? error.code : "BUG";
}
