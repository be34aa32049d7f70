import type { Execution, Jobs, Schedule } from "@entrepot/jobs";
import { isRepositoryName, RegistryError } from "@entrepot/oci";
import { CHECK_BEGIN, type CheckState } from "./check-run.ts";
import { CHECK, checkTask } from "./check-task.ts";
import { countFindings, type FindingQuery, readFindings } from "./findings.ts";
import type { CheckContext, CheckParameters, CheckReport, Finding, FindingClass } from "./ports.ts";

/** All checks are of one thing. */
const VENDOR_ID = 1;
/** The setting with what scheduled checks are asked to do. */
const SETTING = "check_schedule";
const WHOLE: CheckParameters = { quick: false, scope: "", bytesPerSecond: 0 };

/** One check. */
export interface Check {
  readonly execution: Execution;
  /** Of its one task, for its log. */
  readonly taskId: number;
  /** Why that failed, if it did. */
  readonly statusText: string;
  readonly parameters: CheckParameters;
  readonly stage: string;
  readonly report: CheckReport;
  readonly counts: Readonly<Partial<Record<FindingClass, number>>>;
}

/** Checks of the registry. */
export interface Checks {
  /** Starts one. Returns its id. Throws CONFLICT while one runs, BAD_REQUEST for no scope. */
  start(parameters: CheckParameters, actor: string, trigger?: string): Promise<number>;
  /** The newest first. */
  list(query: { page: number; pageSize: number }): Promise<{ items: Check[]; total: number }>;
  get(id: number): Promise<Check | null>;
  /** The newest that has ended well. */
  last(): Promise<Check | null>;
  /** What check `id` found; null: what pulls have met since it was last healed. */
  findings(id: number | null, query: FindingQuery): Promise<{ items: Finding[]; total: number }>;
  /** False if it has ended. */
  stop(id: number): Promise<boolean>;
  /** Sets when it runs by itself; null: never. See `Jobs.schedule`. */
  schedule(cron: string | null, parameters?: CheckParameters): Promise<void>;
  scheduled(): Promise<{ schedule: Schedule; parameters: CheckParameters } | null>;
}

/** Opens checks. Their task and schedule are registered with `jobs`, not begun yet. */
export function openChecks(context: CheckContext & { readonly jobs: Jobs }): Checks {
  const { jobs, catalog } = context;
  jobs.handle(checkTask(context));
  const running = { vendor: CHECK, status: "Running", page: 1, pageSize: 1 } as const;
  const start: Checks["start"] = async (parameters, actor, trigger = "manual") => {
    const { scope } = parameters;
    if (scope !== "" && !isRepositoryName(scope.includes("/") ? scope : `${scope}/x`)) {
      throw new RegistryError("BAD_REQUEST", `'${scope}' is no name of a project or repository`);
    }
    const [before] = (await jobs.executions(running)).items;
    if (before) {
      const message = `check ${before.id} is running; wait for it or stop it`;
      throw new RegistryError("CONFLICT", message);
    }
    const task = { kind: CHECK, lane: CHECK, payload: { ...parameters } };
    const whose = { vendor: CHECK, vendorId: VENDOR_ID, trigger, actor };
    return await jobs.execute({ ...whose, plan: parameters, tasks: [task] });
  };
  const shown = async (execution: Execution): Promise<Check> => {
    const query = { executionId: execution.id, page: 1, pageSize: 1 };
    const task = (await jobs.tasks(query)).items[0]!;
    const { stage = "waiting", report } = task.progress as Partial<CheckState>;
    return {
      execution,
      taskId: task.id,
      statusText: task.statusText || execution.statusText,
      parameters: execution.plan as CheckParameters,
      stage,
      report: report ?? CHECK_BEGIN.report,
      counts: await countFindings(catalog, execution.id),
    };
  };
  const { parametersNow, ...schedules } = checkSchedules(context);
  jobs.onSchedule(CHECK, async () => {
    if ((await jobs.executions(running)).total > 0) return;
    await start(await parametersNow(), "system:scheduler", "scheduled");
  });

  return {
    start,
    async list(query) {
      const { items, total } = await jobs.executions({ vendor: CHECK, ...query });
      return { items: await Promise.all(items.map(shown)), total };
    },
    async get(id) {
      const execution = await jobs.execution(id);
      return execution?.vendor === CHECK ? await shown(execution) : null;
    },
    async last() {
      const query = { vendor: CHECK, status: "Success", page: 1, pageSize: 1 } as const;
      const [found] = (await jobs.executions(query)).items;
      return found ? await shown(found) : null;
    },
    findings: (id, query) => readFindings(catalog, id, query),
    stop: (id) => jobs.stopExecution(id),
    ...schedules,
  };
}

/** When the registry is checked by itself. */
function checkSchedules({ jobs, catalog }: CheckContext & { readonly jobs: Jobs }) {
  const parametersNow = async (): Promise<CheckParameters> => {
    const settings = catalog.db.selectFrom("setting").select("value").where("key", "=", SETTING);
    const row = await settings.executeTakeFirst();
    return { ...WHOLE, ...(row?.value as Partial<CheckParameters> | undefined) };
  };
  return {
    parametersNow,
    async schedule(cron: string | null, parameters: CheckParameters = WHOLE) {
      const value = JSON.stringify(parameters);
      await catalog.transaction(async (db) => {
        await jobs.schedule({ vendor: CHECK, vendorId: VENDOR_ID, cron }, db);
        await db
          .insertInto("setting")
          .values({ key: SETTING, value })
          .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
          .execute();
      });
    },
    async scheduled() {
      const all = await jobs.schedules();
      const schedule = all.find(({ vendor }) => vendor === CHECK);
      return schedule ? { schedule, parameters: await parametersNow() } : null;
    },
  };
}
