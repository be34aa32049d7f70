import type { Catalog } from "@entrepot/catalog";
import type { Execution, Jobs, Schedule, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Audit } from "./open-audit.ts";

/** The type of purges of the audit log among jobs. Source: Harbor. */
const PURGE_AUDIT_LOG = "PURGE_AUDIT_LOG";
/** Among types: whatever is old enough. */
const ALL_TYPES = "*";

/** What is purged. */
export interface PurgeParameters {
  /** Records are kept for so long at least. */
  readonly retentionHours: number;
  /** `create_label`, `create` for whatever was created, or `*`. */
  readonly types: readonly string[];
  readonly dryRun: boolean;
}

/** One purge. */
export interface Purge {
  readonly execution: Execution;
  /** Of its one task, for its log. */
  readonly taskId: number;
  readonly parameters: PurgeParameters;
}

/** Purges of the audit log, besides the one of every hour that the settings say. */
export interface Purges {
  /** Starts one. Returns its id. Throws CONFLICT while one runs. */
  start(parameters: PurgeParameters, actor: string, trigger?: string): Promise<number>;
  /** The newest first. */
  list(query: { page: number; pageSize: number }): Promise<{ items: Purge[]; total: number }>;
  get(id: number): Promise<Purge | null>;
  /** False if it has ended. */
  stop(id: number): Promise<boolean>;
  /** Sets when one runs by itself; null: never. See `Jobs.schedule`. */
  schedule(cron: string | null, parameters: PurgeParameters): Promise<void>;
  scheduled(): Promise<{
    readonly schedule: Schedule;
    readonly parameters: PurgeParameters;
  } | null>;
}

/** What they are opened with. */
export interface PurgesOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly audit: Pick<Audit, "purge" | "empty">;
}

/** All purges are of one log. */
const VENDOR_ID = 1;
/** The setting with what scheduled purges are asked to do. */
const SETTING = "purge_audit_schedule";
const HOUR_MS = 3_600_000;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 30_000;

/** Opens purges. Their task and schedule are registered with `jobs`, not begun yet. */
export function openPurges({ catalog, jobs, audit }: PurgesOptions): Purges {
  jobs.handle({
    kind: PURGE_AUDIT_LOG,
    maxAttempts: MAX_ATTEMPTS,
    retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
    run: (run) => purge({ catalog, audit }, run),
  });
  const running = { vendor: PURGE_AUDIT_LOG, status: "Running", page: 1, pageSize: 1 } as const;

  const start: Purges["start"] = async (parameters, actor, trigger = "manual") => {
    const [before] = (await jobs.executions(running)).items;
    if (before) {
      const message = `purge ${before.id} of the audit log is running; wait for it or stop it`;
      throw new RegistryError("CONFLICT", message);
    }
    const payload = { ...parameters, actor };
    const task = { kind: PURGE_AUDIT_LOG, lane: PURGE_AUDIT_LOG, payload };
    const whose = { vendor: PURGE_AUDIT_LOG, vendorId: VENDOR_ID, trigger, actor };
    return jobs.execute({ ...whose, plan: parameters, tasks: [task] });
  };
  const shown = async (execution: Execution): Promise<Purge> => {
    const query = { executionId: execution.id, page: 1, pageSize: 1 };
    const task = (await jobs.tasks(query)).items[0]!;
    return { execution, taskId: task.id, parameters: execution.plan as PurgeParameters };
  };
  const stored = async (): Promise<PurgeParameters | null> => {
    const settings = catalog.db.selectFrom("setting").select("value").where("key", "=", SETTING);
    return ((await settings.executeTakeFirst())?.value ?? null) as PurgeParameters | null;
  };
  jobs.onSchedule(PURGE_AUDIT_LOG, async () => {
    const parameters = await stored();
    if (!parameters || (await jobs.executions(running)).total > 0) return;
    await start(parameters, "system:scheduler", "scheduled");
  });

  return {
    start,
    async list(query) {
      const { items, total } = await jobs.executions({ vendor: PURGE_AUDIT_LOG, ...query });
      return { items: await Promise.all(items.map(shown)), total };
    },
    async get(id) {
      const execution = await jobs.execution(id);
      return execution?.vendor === PURGE_AUDIT_LOG ? await shown(execution) : null;
    },
    stop: (id) => jobs.stopExecution(id),
    async schedule(cron, parameters) {
      const value = JSON.stringify(parameters);
      await catalog.transaction(async (db) => {
        await jobs.schedule({ vendor: PURGE_AUDIT_LOG, vendorId: VENDOR_ID, cron }, db);
        await db
          .insertInto("setting")
          .values({ key: SETTING, value })
          .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
          .execute();
      });
    },
    async scheduled() {
      const schedule = (await jobs.schedules()).find(({ vendor }) => vendor === PURGE_AUDIT_LOG);
      const parameters = schedule && (await stored());
      return schedule && parameters ? { schedule, parameters } : null;
    },
  };
}

async function purge(
  { catalog, audit }: Pick<PurgesOptions, "catalog" | "audit">,
  { task, execution, log, signal, draining }: TaskRun,
): Promise<void> {
  const { actor, ...parameters } = task.payload as unknown as PurgeParameters & { actor: string };
  const { retentionHours, types, dryRun } = parameters;
  const before = new Date(catalog.now().getTime() - retentionHours * HOUR_MS);
  const by = { actor, cause: `execution:${execution.id}`, dryRun };
  const would = dryRun ? "would be " : "";
  log("info", `records before ${before.toISOString()}, of types ${types.join(", ") || "none"}`);
  if (types.includes(ALL_TYPES)) {
    const { records, upTo } = await audit.purge(before, by);
    log("info", `${records} records ${would}purged${upTo === null ? "" : `, up to ${upTo}`}`);
    return;
  }
  const ending = AbortSignal.any([signal, draining]);
  const emptied = await audit.empty({ before, types, by, signal: ending });
  log("info", `${emptied} records ${would}emptied; their hashes stay, so that the chain holds`);
}
