import type { Execution, Jobs, Task, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { moveBlobs, type MoveProgress } from "@entrepot/storage";
import type { Stores } from "./open-store.ts";

/** Moving the storage to another place: one run at a time, by the job service. */
export interface StorageMove {
  /** Whether there is an old storage to move from. */
  readonly configured: boolean;
  /** Begins a run, if none is under way. Throws PRECONDITION without an old storage. */
  start(actor: string): Promise<void>;
  /** The newest run with its task, or null. */
  newest(): Promise<{ execution: Execution; task: Task | null } | null>;
}

const STORAGE_MIGRATION = "STORAGE_MIGRATION";
const MAX_ATTEMPTS = 10;
const RETRY_MS = 30_000;
/** There is one storage. */
const VENDOR_ID = 1;

/** Registers the task that moves blobs; before the jobs start. */
export function openStorageMove(jobs: Jobs, moving: Stores["moving"]): StorageMove {
  const query = { vendor: STORAGE_MIGRATION, page: 1, pageSize: 1 } as const;
  jobs.handle({
    kind: STORAGE_MIGRATION,
    maxAttempts: MAX_ATTEMPTS,
    retryDelayMs: (_error, attempt) => RETRY_MS * attempt,
    async run(run) {
      if (!moving) throw notConfigured();
      await move(moving, run);
    },
  });
  return {
    configured: moving !== null,
    async start(actor) {
      if (!moving) throw notConfigured();
      const { total } = await jobs.executions({ ...query, status: "Running" });
      if (total > 0) return;
      const whose = { vendor: STORAGE_MIGRATION, vendorId: VENDOR_ID, trigger: "manual", actor };
      const task = { kind: STORAGE_MIGRATION, lane: STORAGE_MIGRATION, payload: {} };
      await jobs.execute({ ...whose, tasks: [task] });
    },
    async newest() {
      const [execution] = (await jobs.executions(query)).items;
      if (!execution) return null;
      const tasks = await jobs.tasks({ executionId: execution.id, page: 1, pageSize: 1 });
      return { execution, task: tasks.items[0] ?? null };
    },
  };
}

/** May be run again at any point: what is there already is not copied again. */
async function move(moving: NonNullable<Stores["moving"]>, run: TaskRun): Promise<void> {
  const show = ({ moved, bytesSent, damaged }: MoveProgress) =>
    run.progress({ stage: "copy blobs", moved, bytesSent, damaged: damaged.length });
  const signal = AbortSignal.any([run.signal, run.draining]);
  const end = await moveBlobs(moving.from, moving.to, { signal, onProgress: show });
  show(end);
  for (const digest of end.damaged) run.log("error", `${digest} is damaged in the old storage`);
  run.log("info", `${end.moved} blobs are in the new storage; ${end.bytesSent} bytes copied`);
  if (end.damaged.length === 0) return;
  throw new RegistryError(
    "INTEGRITY",
    `${end.damaged.length} blobs are damaged in the old storage and were left out: the log names ` +
      "them; push them again, or heal them, and run this again",
  );
}

function notConfigured(): RegistryError {
  return new RegistryError(
    "PRECONDITION",
    "there is no old storage to move from; start the server with ENTREPOT_STORAGE (the new " +
      "place) and ENTREPOT_STORAGE_OLD (the old one)",
  );
}
