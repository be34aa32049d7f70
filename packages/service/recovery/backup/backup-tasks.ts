import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import {
  type BackupContext,
  type OpenTarget,
  openTargetsOnce,
  runBackup,
  runPrune,
} from "./carry-out.ts";
import { plain } from "./encryption.ts";
import { type Lease, takeLease } from "./lease.ts";
import type { BackupTarget, Targets } from "./targets.ts";
import { verifyBackup } from "./verify-backup.ts";

/** Kinds of tasks. */
export const [RUN, VERIFY, PRUNE] = ["backup", "backup-verify", "backup-prune"] as const;

const ATTEMPTS = 5;
const FIRST_DELAY_MS = 5_000;
const BUSY = "somebody writes to this target at the moment";

/** What tasks are given. */
export interface TaskContext extends BackupContext {
  readonly targets: Targets;
  readonly open: ReturnType<typeof openTargetsOnce>;
}

/** The tasks of backups: a run, a check, a removal of old snapshots. */
export function backupTasks(context: TaskContext): TaskHandler[] {
  return [
    handler(RUN, async (run) => {
      await withTarget(context, run, async (target, open, lease) => {
        const { signal, log, progress } = run;
        const full = run.task.payload["full"] === true;
        const shown = (more: object) => progress({ ...more });
        const options = { lease, full, signal, log, progress: shown };
        const { kept, added } = await runBackup(context, target, open, options);
        if (!added) log("info", "nothing has changed since the last backup");
        if (target.keepLast !== null || target.keepDays !== null) {
          const { snapshots, blobs } = await runPrune(context, target, open, signal);
          if (snapshots > 0) log("info", `removed ${snapshots} snapshots and ${blobs} blobs`);
        }
        const lacking = kept.manifest.absent.filter(({ needed }) => needed);
        if (lacking.length > 0) throw lacks(lacking.map(({ digest }) => digest));
      });
    }),
    handler(PRUNE, async (run) => {
      await withTarget(context, run, async (target, open) => {
        const { snapshots, blobs, bytes } = await runPrune(context, target, open, run.signal);
        run.log("info", `removed ${snapshots} snapshots and ${blobs} blobs, ${bytes} bytes`);
      });
    }),
    handler(VERIFY, (run) => verify(context, run)),
  ];
}

async function verify({ targets, open }: TaskContext, run: TaskRun): Promise<void> {
  const target = await targets.get(run.execution.vendorId);
  const { objects } = await open.at(target.address);
  const encrypted = target.recipients.length > 0;
  if (encrypted) run.log("info", "encrypted: blobs are looked for, and not read without the key");
  const checked = await verifyBackup(objects, {
    share: Number(run.task.payload["share"] ?? 1),
    open: encrypted ? null : plain,
    signal: run.signal,
    progress: (blobs, bytes) => run.progress({ stage: "blobs", blobs, bytesSent: bytes }),
  });
  const { snapshots, segments, blobsRead, bytesRead, newest, problems, problemCount } = checked;
  run.log("info", `${snapshots} snapshots, ${segments} segments; newest: ${newest?.at ?? "none"}`);
  run.log("info", `read ${blobsRead} blobs, ${bytesRead} bytes`);
  for (const problem of problems) run.log("error", problem);
  if (problemCount > 0) {
    const message = `${problemCount} pieces are missing or damaged, first: ${problems[0]}`;
    throw new RegistryError("INTEGRITY", message);
  }
}

function handler(kind: string, run: TaskHandler["run"]): TaskHandler {
  return {
    kind,
    maxAttempts: ATTEMPTS,
    run,
    retryDelayMs: (error, attempt) =>
      error instanceof RegistryError && FINAL.has(error.code)
        ? null
        : FIRST_DELAY_MS * 3 ** (attempt - 1),
    heldBack: (error) =>
      error instanceof RegistryError && error.message === BUSY
        ? { delayMs: FIRST_DELAY_MS, text: BUSY }
        : null,
  };
}

/** Trying again would find the same. */
const FINAL: ReadonlySet<string> = new Set(["CONFLICT", "FORBIDDEN", "INTEGRITY", "NOT_FOUND"]);

async function withTarget(
  { catalog, targets, open }: TaskContext,
  run: TaskRun,
  work: (target: BackupTarget, open: OpenTarget, lease: Lease) => Promise<void>,
): Promise<void> {
  const { vendorId: id } = run.execution;
  const { address } = await targets.get(id);
  const opened = await open.at(address);
  const lease = await takeLease(catalog, id);
  if (!lease) throw new RegistryError("UNAVAILABLE", BUSY);
  try {
    // What it is now that nobody else writes.
    await work(await targets.get(id), opened, lease);
  } catch (error) {
    opened.tip = null;
    const text = error instanceof Error ? error.message : String(error);
    const row = { last_error: text.slice(0, 1_000) };
    await catalog.db.updateTable("backup_target").set(row).where("id", "=", id).execute();
    throw error;
  } finally {
    await lease.release();
  }
}

function lacks(digests: readonly string[]): RegistryError {
  return new RegistryError(
    "INTEGRITY",
    `the backup is whole but for ${digests.length} blobs that this registry lacks itself or has ` +
      `damaged (${digests.slice(0, 3).join(", ")}); push their images again`,
  );
}
