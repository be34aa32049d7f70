import type { Execution, Jobs, Schedule } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { SweepReport } from "./sweep-report.ts";
import type { SweepContext, SweepParameters } from "./sweep-run.ts";
import { GARBAGE_COLLECTION, sweepTask } from "./sweep-task.ts";

/** All garbage collections are of one thing. */
const VENDOR_ID = 1;
/** The setting with what scheduled runs are asked to do. */
const SETTING = "gc_schedule";
const UNSCHEDULED = { dryRun: false, deleteUntagged: false, workers: 1 };

/** One garbage collection. */
export interface Sweep {
  readonly execution: Execution;
  /** Of its one task, for its log. */
  readonly taskId: number;
  readonly parameters: SweepParameters;
  readonly stage: string;
  /** What it has done or found so far; null before it begins. */
  readonly report: SweepReport | null;
}

/** When garbage is collected by itself, and what is asked of it. */
export interface SweepSchedule {
  readonly schedule: Schedule;
  readonly parameters: SweepParameters;
}

/** Garbage collections. */
export interface Sweeps {
  readonly graceMs: number;
  readonly quarantineMs: number;
  /** Starts one. Returns its id. Throws CONFLICT while one runs. */
  start(parameters: SweepParameters, actor: string, trigger?: string): Promise<number>;
  /** The newest first. */
  list(query: { page: number; pageSize: number }): Promise<{ items: Sweep[]; total: number }>;
  get(id: number): Promise<Sweep | null>;
  /** The newest that has ended well; `real`: and was no dry run. */
  last(query?: { real: boolean }): Promise<Sweep | null>;
  /** False if it has ended. */
  stop(id: number): Promise<boolean>;
  /** Nothing of the kind starts or goes on until `resume`; a running one stops at its next step. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Sets when it runs by itself; null: never. See `Jobs.schedule`. */
  schedule(cron: string | null, parameters?: SweepParameters): Promise<void>;
  scheduled(): Promise<SweepSchedule | null>;
}

/** Opens garbage collection. Its task and schedule are registered with `jobs`, not begun yet. */
export function openSweeps(context: SweepContext & { readonly jobs: Jobs }): Sweeps {
  const { jobs, graceMs, quarantineMs } = context;
  jobs.handle(sweepTask(context, jobs));
  const running = { vendor: GARBAGE_COLLECTION, status: "Running", page: 1, pageSize: 1 } as const;

  const start: Sweeps["start"] = async (parameters, actor, trigger = "manual") => {
    const [before] = (await jobs.executions(running)).items;
    if (before) {
      const message = `garbage collection ${before.id} is running; wait for it or stop it`;
      throw new RegistryError("CONFLICT", message);
    }
    // Should two start at once all the same, the lane lets one wait for the other.
    const payload = { ...parameters };
    const task = { kind: GARBAGE_COLLECTION, lane: GARBAGE_COLLECTION, payload };
    const whose = { vendor: GARBAGE_COLLECTION, vendorId: VENDOR_ID, trigger, actor };
    return await jobs.execute({ ...whose, plan: parameters, tasks: [task] });
  };
  const shown = async (execution: Execution): Promise<Sweep> => {
    const query = { executionId: execution.id, page: 1, pageSize: 1 };
    const task = (await jobs.tasks(query)).items[0]!;
    const { stage = "waiting", report } = task.progress as { stage?: string; report?: SweepReport };
    const parameters = execution.plan as SweepParameters;
    return { execution, taskId: task.id, parameters, stage, report: report ?? null };
  };
  const { parametersNow, ...schedules } = sweepSchedules(context);
  jobs.onSchedule(GARBAGE_COLLECTION, async () => {
    // One that runs still does what this one would.
    if ((await jobs.executions(running)).total > 0) return;
    await start(await parametersNow(), "system:scheduler", "scheduled");
  });

  return {
    graceMs,
    quarantineMs,
    start,
    async list(query) {
      const { items, total } = await jobs.executions({ vendor: GARBAGE_COLLECTION, ...query });
      return { items: await Promise.all(items.map(shown)), total };
    },
    async get(id) {
      const execution = await jobs.execution(id);
      return execution?.vendor === GARBAGE_COLLECTION ? await shown(execution) : null;
    },
    async last({ real } = { real: false }) {
      const query = {
        vendor: GARBAGE_COLLECTION,
        status: "Success",
        page: 1,
        pageSize: 50,
      } as const;
      const { items } = await jobs.executions(query);
      const found = items.find(({ plan }) => !real || !(plan as SweepParameters).dryRun);
      return found ? await shown(found) : null;
    },
    stop: (id) => jobs.stopExecution(id),
    pause: () => jobs.queues.pause(GARBAGE_COLLECTION),
    resume: () => jobs.queues.resume(GARBAGE_COLLECTION),
    ...schedules,
  };
}

/** When garbage is collected by itself. */
function sweepSchedules({ jobs, catalog }: SweepContext & { readonly jobs: Jobs }) {
  const parametersNow = async (): Promise<SweepParameters> => {
    const settings = catalog.db.selectFrom("setting").select("value").where("key", "=", SETTING);
    const row = await settings.executeTakeFirst();
    return { ...UNSCHEDULED, ...(row?.value as Partial<SweepParameters> | undefined) };
  };

  return {
    parametersNow,
    async schedule(cron: string | null, parameters: SweepParameters = UNSCHEDULED) {
      const value = JSON.stringify(parameters);
      await catalog.transaction(async (db) => {
        await jobs.schedule({ vendor: GARBAGE_COLLECTION, vendorId: VENDOR_ID, cron }, db);
        await db
          .insertInto("setting")
          .values({ key: SETTING, value })
          .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
          .execute();
      });
    },
    async scheduled(): Promise<SweepSchedule | null> {
      const all = await jobs.schedules();
      const schedule = all.find(({ vendor }) => vendor === GARBAGE_COLLECTION);
      return schedule ? { schedule, parameters: await parametersNow() } : null;
    },
  };
}
