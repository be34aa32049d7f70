import {
  type Jobs,
  openSystemJob,
  type Pacing,
  type SystemJob,
  type SystemRun,
} from "@entrepot/jobs";
import type { SweepReport } from "./sweep-report.ts";
import type { SweepContext, SweepParameters } from "./sweep-run.ts";
import { GARBAGE_COLLECTION, sweepTask } from "./sweep-task.ts";

const UNSCHEDULED = { dryRun: false, deleteUntagged: false, workers: 1 };

/** One garbage collection. */
export interface Sweep extends SystemRun<SweepParameters> {
  readonly stage: string;
  /** What it has done or found so far; null before it begins. */
  readonly report: SweepReport | null;
}

/** Garbage collections. */
export interface Sweeps extends Omit<SystemJob<SweepParameters, Sweep>, "last"> {
  readonly graceMs: number;
  readonly quarantineMs: number;
  /** The newest that has ended well; `real`: and was no dry run. */
  last(query?: { real: boolean }): Promise<Sweep | null>;
  /** Nothing of the kind starts or goes on until `resume`; a running one stops at its next step. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** Opens garbage collection. Its task and schedule are registered with `jobs`, not begun yet. */
export function openSweeps(
  context: SweepContext & { readonly jobs: Jobs; readonly pacing?: Pacing | undefined },
): Sweeps {
  const { catalog, jobs, graceMs, quarantineMs } = context;
  const { last, ...sweeps } = openSystemJob<SweepParameters, Sweep>({
    catalog,
    jobs,
    task: sweepTask(context, jobs),
    nameOf: (id) => `garbage collection ${id}`,
    note: "gc_schedule",
    initial: UNSCHEDULED,
    shown: (run, { progress }) => {
      const { stage = "waiting", report } = progress as { stage?: string; report?: SweepReport };
      return { ...run, stage, report: report ?? null };
    },
  });
  return {
    ...sweeps,
    graceMs,
    quarantineMs,
    last: ({ real } = { real: false }) => last(({ dryRun }) => !real || !dryRun),
    pause: () => jobs.queues.pause(GARBAGE_COLLECTION),
    resume: () => jobs.queues.resume(GARBAGE_COLLECTION),
  };
}
