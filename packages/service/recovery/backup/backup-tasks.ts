import type { TaskHandler, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import {
  type BackupContext,
  type OpenTarget,
  openTargetsOnce,
  planBackup,
  runBackup,
  runPrune,
} from "./carry-out.ts";
import { counted } from "./counted.ts";
import { plain } from "./encryption.ts";
import { type Lease, takeLease } from "./lease.ts";
import type { BackupPlan } from "./take-backup.ts";
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
        if (run.task.payload["dryRun"] === true) {
          const plan = await planBackup(context, target, open, { full, signal });
          progress({ stage: "ended", plan });
          return log("info", plan ? planText(plan) : NOTHING_NEW);
        }
        const shown = (more: object) => progress({ ...more });
        const options = { lease, full, signal, log, progress: shown };
        const { kept, added } = await runBackup(context, target, open, options);
        if (!added) log("info", NOTHING_NEW);
        if (target.keepLast !== null || target.keepDays !== null) {
          const { snapshots, blobs } = await runPrune(context, target, open, signal);
          if (snapshots > 0) {
            log("info", `removed ${counted(snapshots, "snapshot")} and ${counted(blobs, "blob")}`);
          }
        }
        const lacking = kept.manifest.absent.filter(({ needed }) => needed);
        if (lacking.length > 0) throw lacks(lacking.map(({ digest }) => digest));
      });
    }),
    handler(PRUNE, async (run) => {
      await withTarget(context, run, async (target, open) => {
        const { snapshots, blobs, bytes } = await runPrune(context, target, open, run.signal);
        const removed = `${counted(snapshots, "snapshot")} and ${counted(blobs, "blob")}`;
        run.log("info", `removed ${removed}, ${bytes} bytes`);
      });
    }),
    handler(VERIFY, (run) => verify(context, run)),
  ];
}

const NOTHING_NEW = "nothing has changed since the last backup";

function planText(plan: Required<BackupPlan>): string {
  const { kind, from, to, rows, namesBytes, blobs, newBlobs, newBytes } = plan;
  return (
    `would write a ${kind}, seq ${from} to ${to}: ` +
    `${counted(rows, "row")} in ${namesBytes} bytes; ` +
    `of ${counted(blobs, "blob")} ${newBlobs} new, ${newBytes} bytes`
  );
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
  const found = `${counted(snapshots, "snapshot")}, ${counted(segments, "segment")}`;
  run.log("info", `${found}; newest: ${newest?.at ?? "none"}`);
  run.log("info", `read ${counted(blobsRead, "blob")}, ${bytesRead} bytes`);
  for (const problem of problems) run.log("error", problem);
  if (problemCount > 0) {
    const message = `${counted(problemCount, "piece")} missing or damaged, first: ${problems[0]}`;
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
    `the backup is whole but for ${counted(digests.length, "blob")} that this registry ` +
      `lacks itself or has damaged (${digests.slice(0, 3).join(", ")}); push their images again`,
  );
}
