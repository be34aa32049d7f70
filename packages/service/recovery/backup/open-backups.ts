import type { Actor } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { type Bytes, type Digest, RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { blobKey } from "./format.ts";
import { backupTasks, PRUNE, RUN, VERIFY } from "./backup-tasks.ts";
import { type BackupContext, openTargetsOnce, prunePlanOf, runBackup } from "./carry-out.ts";
import { type BackupSample, growthOf } from "./growth.ts";
import { takeLease } from "./lease.ts";
import type { PrunePlan } from "./prune-backup.ts";
import { type Chain, readChains } from "./target-objects.ts";
import {
  BACKUP,
  type BackupTarget,
  type CanDrill,
  type CheckAddress,
  openTargets,
  SYSTEM,
  type Targets,
} from "./targets.ts";

/** Backups of this registry. */
export interface Backups {
  readonly targets: Targets;
  /**
   * Each starts an execution, whose id comes back. A dry run only tells, in its progress, what
   * would be written. Throws NOT_FOUND.
   */
  run(id: number, actor: Actor, full?: boolean, dryRun?: boolean): Promise<number>;
  verify(id: number, actor: Actor, share: number): Promise<number>;
  prune(id: number, actor: Actor): Promise<number>;
  prunePlan(id: number): Promise<PrunePlan>;
  /** Snapshots in a target with their segments, oldest first. */
  snapshots(id: number): Promise<Chain[]>;
  /** What a target held day by day, for the last `days`, oldest first. Throws NOT_FOUND. */
  growth(id: number, days: number): Promise<BackupSample[]>;
  /** The size of a blob in a target, or null; null as well where targets are encrypted. */
  statBlob(id: number, digest: Digest): Promise<number | null>;
  /** Its bytes there. Throws BLOB_UNKNOWN. */
  fetchBlob(id: number, digest: Digest): Promise<Bytes>;
  /** Begins to follow changes into the targets that are continuous. */
  start(): void;
  close(): Promise<void>;
}

/** What backups are opened with. */
export interface BackupsOptions extends BackupContext {
  readonly jobs: Jobs;
  readonly checkAddress: CheckAddress;
  /** Every target, if absent. */
  readonly canDrill?: CanDrill | undefined;
  readonly onError: (error: unknown) => void;
  /** How often continuous targets are looked at. */
  readonly everyMs?: number;
}

const EVERY_MS = 2_000;
/** What is no name, and therefore in no journal, follows within this. */
const QUIET_MS = 60_000;
const AFTER_FAILURE_MS = 30_000;

/** Opens backups; before `jobs.start`. */
export function openBackups(options: BackupsOptions): Backups {
  const { catalog, jobs, checkAddress, canDrill } = options;
  const targets = openTargets(catalog, jobs, checkAddress, canDrill);
  const open = openTargetsOnce(options);
  for (const handler of backupTasks({ ...options, targets, open })) jobs.handle(handler);

  const execute = async (
    id: number,
    kind: string,
    actor: Actor,
    payload: object,
    trigger: string,
  ) => {
    const { name } = await targets.get(id);
    return await jobs.execute({
      vendor: BACKUP,
      vendorId: id,
      trigger,
      actor: actor.name,
      plan: { target: name, ...payload },
      tasks: [{ kind, lane: `backup:${id}`, payload: { ...payload } }],
    });
  };
  jobs.onSchedule(BACKUP, async (id) => {
    const target = (await targets.list()).find((one) => one.id === id);
    if (target?.enabled) await execute(id, RUN, SYSTEM, {}, "scheduled");
  });
  const following = followChanges({ ...options, targets, open });

  return {
    targets,
    run: (id, actor, full = false, dryRun = false) =>
      execute(id, RUN, actor, { full, ...(dryRun && { dryRun }) }, "manual"),
    verify: (id, actor, share) => execute(id, VERIFY, actor, { share }, "manual"),
    prune: (id, actor) => execute(id, PRUNE, actor, {}, "manual"),
    async prunePlan(id) {
      const target = await targets.get(id);
      return await prunePlanOf(options, target, await open.at(target.address));
    },
    async snapshots(id) {
      const { address } = await targets.get(id);
      return await readChains((await open.at(address)).objects);
    },
    async growth(id, days) {
      await targets.get(id);
      return await growthOf(catalog, id, days);
    },
    async statBlob(id, digest) {
      const { address, recipients } = await targets.get(id);
      // What is encrypted can be read with its key only, which is not here.
      if (recipients.length > 0) return null;
      const { objects } = await open.at(address);
      return (await objects.stat(blobKey(digest)))?.size ?? null;
    },
    async fetchBlob(id, digest) {
      const { objects } = await open.at((await targets.get(id)).address);
      const bytes = await objects.get(blobKey(digest));
      if (bytes) return bytes;
      throw new RegistryError("BLOB_UNKNOWN", `backup target ${id} does not have ${digest}`);
    },
    start: following.start,
    async close() {
      await following.stop();
      await open.close();
    },
  };
}

/** Writes a segment to each continuous target soon after names have changed. */
function followChanges(
  options: BackupsOptions & { targets: Targets; open: ReturnType<typeof openTargetsOnce> },
) {
  const { catalog, targets, open, onError, everyMs = EVERY_MS } = options;
  const lookedAt = new Map<number, number>();
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;

  const bring = async (target: BackupTarget) => {
    const lease = await takeLease(catalog, target.id);
    if (!lease) return;
    try {
      const now = await targets.get(target.id);
      const opened = await open.at(now.address);
      await runBackup(options, now, opened, { lease, signal: stopped.signal });
      lookedAt.set(target.id, performance.now());
    } catch (error) {
      if (stopped.signal.aborted) return;
      lookedAt.set(target.id, performance.now() + AFTER_FAILURE_MS);
      const text = error instanceof Error ? error.message : String(error);
      await sql`UPDATE backup_target SET last_error = ${text.slice(0, 1_000)}
        WHERE id = ${target.id}`.execute(catalog.db);
      onError(error);
    } finally {
      await lease.release();
    }
  };
  const look = async () => {
    for (const target of await targets.list()) {
      if (stopped.signal.aborted || !target.enabled || !target.continuous) continue;
      const ago = performance.now() - (lookedAt.get(target.id) ?? -Infinity);
      if (target.behindSince !== null ? ago >= 0 : ago >= QUIET_MS) await bring(target);
    }
  };
  return {
    start() {
      timer = setInterval(() => {
        looking ??= look()
          .catch(onError)
          .finally(() => (looking = null));
      }, everyMs);
    },
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await looking;
    },
  };
}
