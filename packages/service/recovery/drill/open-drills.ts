import type { Actor, Catalog } from "@entrepot/catalog";
import type { Execution, Jobs, Task, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { ObjectStore } from "@entrepot/storage";
import { type Conversion, plain } from "../backup/encryption.ts";
import { type CanDrill, DRILL, SYSTEM, type Targets, withoutKey } from "../backup/targets.ts";
import { type DrillReport, runDrill, type Scratch } from "./run-drill.ts";

/** How a drill is to go. */
export interface DrillOptions {
  /** Of the blobs, how many are read again: 0 to 1. */
  readonly share: number;
  /** Tags that are pulled. */
  readonly samples: number;
}

/** A drill, running or ended. */
export interface Drill {
  readonly execution: Execution;
  readonly statusText: string;
  /** Its one step. */
  readonly task: Task | null;
  /** Null as long as there is none. */
  readonly report: DrillReport | null;
}

/** Trial restores of backups. */
export interface Drills {
  /**
   * Starts one; returns the execution's id. Throws NOT_FOUND, and PRECONDITION where nothing opens
   * the target.
   */
  run(targetId: number, actor: Actor, options?: Partial<DrillOptions>): Promise<number>;
  /** Those of a target that are kept, newest first. */
  list(targetId: number): Promise<Drill[]>;
  /** Throws NOT_FOUND. */
  get(targetId: number, executionId: number): Promise<Drill>;
}

/** What drills are opened with. */
export interface DrillsContext {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly targets: Targets;
  readonly openObjects: (address: string) => Promise<ObjectStore>;
  /** A place to restore into, of drill `id`; null: this node has none. */
  readonly scratch: ((id: number) => Promise<Scratch>) | null;
  /** What opens encrypted backups; null: nothing here does. */
  readonly key: Conversion | null;
  /** Which targets a drill is asked for; every one, if absent. */
  readonly canDrill?: CanDrill | undefined;
}

const STANDARD: DrillOptions = { share: 1, samples: 20 };
const KEPT = 100;

/** Opens drills; before `jobs.start`. */
export function openDrills(context: DrillsContext): Drills {
  const { jobs, targets, canDrill } = context;
  jobs.handle({
    kind: TASK,
    maxAttempts: 1,
    retryDelayMs: () => null,
    run: (run) => drill(context, run),
  });
  const execute = async (
    id: number,
    actor: Actor,
    trigger: string,
    options: Partial<DrillOptions>,
  ) => {
    const { name } = await targets.get(id);
    const payload = { ...STANDARD, ...options };
    return await jobs.execute({
      vendor: DRILL,
      vendorId: id,
      trigger,
      actor: actor.name,
      plan: { target: name, ...payload },
      // Of one after the other: each takes the room of a whole registry.
      tasks: [{ kind: TASK, lane: "drill", payload }],
    });
  };
  jobs.onSchedule(DRILL, async (id) => {
    const target = (await targets.list()).find((one) => one.id === id);
    if (target?.enabled) await execute(id, SYSTEM, "scheduled", {});
  });
  const shown = async (execution: Execution): Promise<Drill> => {
    const { items } = await jobs.tasks({ executionId: execution.id, page: 1, pageSize: 1 });
    const task = items[0] ?? null;
    const report = (task?.progress["report"] as DrillReport | undefined) ?? null;
    return { execution, statusText: task?.statusText || execution.statusText, task, report };
  };
  return {
    async run(id, actor, options = {}) {
      const { name, recipients } = await targets.get(id);
      if (canDrill && !canDrill(recipients)) throw withoutKey(name);
      return await execute(id, actor, "manual", options);
    },
    async list(targetId) {
      await targets.get(targetId);
      const query = { vendor: DRILL, vendorId: targetId, page: 1, pageSize: KEPT };
      return await Promise.all((await jobs.executions(query)).items.map(shown));
    },
    async get(targetId, executionId) {
      const execution = await jobs.execution(executionId);
      if (execution?.vendor === DRILL && execution.vendorId === targetId) {
        return await shown(execution);
      }
      const message = `backup target ${targetId} has no drill ${executionId}`;
      throw new RegistryError("NOT_FOUND", message);
    },
  };
}

const TASK = "drill";

async function drill(context: DrillsContext, run: TaskRun): Promise<void> {
  const { catalog, targets, openObjects, scratch: place } = context;
  const target = await targets.get(run.execution.vendorId);
  const open = target.recipients.length > 0 ? context.key : plain;
  if (!open) throw withoutKey(target.name);
  if (!place) throw new RegistryError("PRECONDITION", "this node has no room for drills");
  const objects = await openObjects(target.address);
  try {
    const scratch = await place(run.execution.id);
    try {
      const { share, samples } = run.task.payload as unknown as DrillOptions;
      const report = await runDrill({
        target: target.name,
        objects,
        open,
        scratch,
        share,
        samples,
        behindSince: target.behindSince,
        now: catalog.now,
        signal: run.signal,
        stage: (stage, bytesSent) => run.progress({ stage, bytesSent }),
      });
      run.progress({ stage: "ended", report });
      conclude(report, run);
    } finally {
      await scratch.close();
    }
  } finally {
    await objects.close();
  }
}

function conclude(report: DrillReport, { log }: TaskRun): void {
  const { tags, recoverySeconds, lossSeconds, problems, problemCount } = report;
  log("info", `${tags} tags, ${recoverySeconds ?? "no"} s; ${lossSeconds} s would be lost`);
  for (const problem of problems.slice(0, 100)) log("error", problem);
  if (problemCount === 0) return;
  const message = `the drill found ${problemCount} problems, first: ${problems[0]}`;
  throw new RegistryError("INTEGRITY", message);
}
