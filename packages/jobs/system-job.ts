import { type Catalog, readNote, storeNote } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import type { Execution, Jobs, Schedule, Task, TaskHandler } from "./ports.ts";

/** One run of a system job. */
export interface SystemRun<Parameters> {
  readonly execution: Execution;
  /** Of its one task, for its log. */
  readonly taskId: number;
  readonly parameters: Parameters;
}

/** When a system job runs by itself, and what is asked of it then. */
export interface SystemSchedule<Parameters> {
  readonly schedule: Schedule;
  readonly parameters: Parameters;
}

/**
 * A job about the whole registry, such as garbage collection. It runs once at a time, started by
 * hand or by its one schedule, and each run is an execution of one task.
 */
export interface SystemJob<Parameters, Run extends SystemRun<Parameters> = SystemRun<Parameters>> {
  /** Starts a run. Returns its id. Throws CONFLICT while one runs. */
  start(parameters: Parameters, actor: string, trigger?: string): Promise<number>;
  /** The newest first. */
  list(query: { page: number; pageSize: number }): Promise<{ items: Run[]; total: number }>;
  get(id: number): Promise<Run | null>;
  /** The newest that has ended well, of those that `counts` says. */
  last(counts?: (parameters: Parameters) => boolean): Promise<Run | null>;
  /** False if it has ended. */
  stop(id: number): Promise<boolean>;
  /** Sets when it runs by itself; null: never. See `Jobs.schedule`. */
  schedule(cron: string | null, parameters?: Parameters): Promise<void>;
  scheduled(): Promise<SystemSchedule<Parameters> | null>;
}

/** What a system job is made of. */
export interface SystemJobOptions<Parameters, Run> {
  readonly catalog: Pick<Catalog, "db" | "transaction">;
  readonly jobs: Jobs;
  /** Its payload is the parameters and `actor`, the name of who asked. */
  readonly task: TaskHandler;
  /** What people call run `id`. */
  readonly nameOf: (id: number) => string;
  /** The note of what scheduled runs are asked to do (see `readNote`); until it is, `initial`. */
  readonly note: string;
  readonly initial: Parameters;
  /** Throws for parameters that no run can have. */
  readonly refuse?: (parameters: Parameters) => void;
  /** A run with what this job adds to it. */
  readonly shown: (run: SystemRun<Parameters>, task: Task) => Run | Promise<Run>;
}

/** All runs of a system job are of one thing. */
const VENDOR_ID = 1;
/** How far back `last` looks. */
const LOOKED_AT = 50;

/** Opens a system job. Its task and schedule are registered with `jobs`, not begun yet. */
export function openSystemJob<
  Parameters extends object,
  Run extends SystemRun<Parameters> = SystemRun<Parameters>,
>(options: SystemJobOptions<Parameters, Run>): SystemJob<Parameters, Run> {
  const { catalog, jobs, task, nameOf, note, initial, refuse = () => {} } = options;
  const vendor = task.kind;
  const running = { vendor, status: "Running", page: 1, pageSize: 1 } as const;
  const asked = async (): Promise<Parameters> => ({
    ...initial,
    ...((await readNote(catalog.db, note)) as Partial<Parameters> | null),
  });

  const start: SystemJob<Parameters>["start"] = async (parameters, actor, trigger = "manual") => {
    refuse(parameters);
    const [before] = (await jobs.executions(running)).items;
    if (before) {
      const message = `${nameOf(before.id)} is running; wait for it or stop it`;
      throw new RegistryError("CONFLICT", message);
    }
    // Should two start at once all the same, the lane lets one wait for the other.
    const tasks = [{ kind: vendor, lane: vendor, payload: { ...parameters, actor } }];
    return jobs.execute({ vendor, vendorId: VENDOR_ID, trigger, actor, plan: parameters, tasks });
  };
  const shown = async (execution: Execution): Promise<Run> => {
    const query = { executionId: execution.id, page: 1, pageSize: 1 };
    const only = (await jobs.tasks(query)).items[0]!;
    const parameters = execution.plan as Parameters;
    return options.shown({ execution, taskId: only.id, parameters }, only);
  };

  jobs.handle(task);
  jobs.onSchedule(vendor, async () => {
    // One that runs still does what this one would.
    if ((await jobs.executions(running)).total > 0) return;
    await start(await asked(), "system:scheduler", "scheduled");
  });

  return {
    start,
    async list(query) {
      const { items, total } = await jobs.executions({ vendor, ...query });
      return { items: await Promise.all(items.map(shown)), total };
    },
    async get(id) {
      const execution = await jobs.execution(id);
      return execution?.vendor === vendor ? shown(execution) : null;
    },
    async last(counts = () => true) {
      const query = { vendor, status: "Success", page: 1, pageSize: LOOKED_AT } as const;
      const { items } = await jobs.executions(query);
      const found = items.find(({ plan }) => counts(plan as Parameters));
      return found ? shown(found) : null;
    },
    stop: (id) => jobs.stopExecution(id),
    async schedule(cron, parameters = initial) {
      refuse(parameters);
      await catalog.transaction(async (db) => {
        await jobs.schedule({ vendor, vendorId: VENDOR_ID, cron }, db);
        await storeNote(db, note, parameters);
      });
    },
    async scheduled() {
      const schedule = (await jobs.schedules()).find((one) => one.vendor === vendor);
      return schedule ? { schedule, parameters: await asked() } : null;
    },
  };
}
