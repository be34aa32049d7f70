import type { Catalog } from "@entrepot/catalog";
import type { Pacing } from "@entrepot/jobs";
import type { Throttle } from "@entrepot/registry";
import type { BlobStore, ObjectStore } from "@entrepot/storage";
import { dryObjects } from "./dry-objects.ts";
import { noteHeld, noteWritten } from "./growth.ts";
import type { Lease } from "./lease.ts";
import { planPrune, pruneBackup, type PrunePlan, type Pruned } from "./prune-backup.ts";
import type { SeenTables } from "./read-moment.ts";
import { type BackupPlan, type BackupProgress, takeBackup, type Taken } from "./take-backup.ts";
import { type Kept, readChains } from "./target-objects.ts";
import { type BackupTarget, holderOf } from "./targets.ts";

/** What backing up needs of the rest. */
export interface BackupContext {
  readonly catalog: Catalog;
  readonly store: Pick<BlobStore, "stat" | "read">;
  /** The objects at an address; throws for one that may not be used. */
  readonly openObjects: (address: string) => Promise<ObjectStore>;
  /** Limits bytes to what `bytesPerSecond` gives. */
  readonly throttle: (bytesPerSecond: () => number) => Throttle;
  readonly pacing?: Pacing | undefined;
}

/** A target as this process knows it: open, with where its last run here ended. */
export interface OpenTarget {
  readonly objects: ObjectStore;
  readonly seen: SeenTables;
  tip: Kept | null;
}

/** Targets of this process, each opened once. */
export function openTargetsOnce({ openObjects }: BackupContext) {
  const open = new Map<string, Promise<OpenTarget>>();
  return {
    at(address: string): Promise<OpenTarget> {
      const known = open.get(address);
      if (known) return known;
      const opening = openObjects(address).then((objects) => ({
        objects,
        seen: new Map<string, string>(),
        tip: null,
      }));
      open.set(address, opening);
      opening.catch(() => open.delete(address));
      return opening;
    },
    async close(): Promise<void> {
      for (const opening of open.values()) {
        const target = await opening.catch(() => null);
        await target?.objects.close();
      }
    },
  };
}

const DAY_MS = 24 * 3_600_000;

/** How one run is to go. */
export interface RunOptions {
  readonly lease: Lease;
  readonly full?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: BackupProgress) => void;
  readonly log?: (level: "info" | "warn", text: string) => void;
}

/** Brings `target` up to date and notes how far it has come. The lease is the caller's. */
export async function runBackup(
  context: BackupContext,
  target: BackupTarget,
  open: OpenTarget,
  options: RunOptions,
): Promise<Taken> {
  const { catalog, store, pacing } = context;
  const { lease, ...rest } = options;
  // Another process may have gone on since.
  const { tip } = open;
  const limit = () => target.bytesPerSecond;
  const taken = await takeBackup({
    ...rest,
    catalog,
    store,
    pacing,
    objects: open.objects,
    recipients: target.recipients,
    scope: target.scope,
    snapshotEveryMs: target.snapshotEveryDays * DAY_MS,
    seen: open.seen,
    tip: isAt(tip, target) ? tip : null,
    hold: (seq) => hold(catalog, target, seq),
    stillAlone: lease.check,
    ...(target.bytesPerSecond > 0 && { throttle: context.throttle(limit) }),
  });
  open.tip = taken.kept;
  const { snapshot, n } = taken.kept.manifest;
  const stored = JSON.stringify({ snapshot, n, ...taken.upTo });
  await catalog.db
    .updateTable("backup_target")
    .set({ tip: stored, last_error: "" })
    .where("id", "=", target.id)
    .execute();
  if (taken.added) await noteWritten(catalog, target.id, open.objects, taken.kept.manifest);
  return taken;
}

function isAt(tip: Kept | null, target: BackupTarget): boolean {
  return tip?.manifest.snapshot === target.tip?.snapshot && tip?.manifest.n === target.tip?.n;
}

/** What `runBackup` would write now; null: nothing. The lease is the caller's. */
export async function planBackup(
  { catalog, store, pacing }: BackupContext,
  target: BackupTarget,
  open: OpenTarget,
  { full, signal }: Pick<RunOptions, "full" | "signal">,
): Promise<Required<BackupPlan> | null> {
  const { added } = await takeBackup({
    catalog,
    store,
    pacing,
    objects: dryObjects(open.objects),
    recipients: target.recipients,
    scope: target.scope,
    snapshotEveryMs: target.snapshotEveryDays * DAY_MS,
    seen: new Map(open.seen),
    tip: isAt(open.tip, target) ? open.tip : null,
    hold: async () => undefined,
    signal,
    ...(full !== undefined && { full }),
  });
  return added && added.plan;
}

/** What pruning would remove by what the target says it keeps. */
export async function prunePlanOf(
  { catalog }: BackupContext,
  { keepLast, keepDays }: BackupTarget,
  { objects }: OpenTarget,
): Promise<PrunePlan> {
  const keep = { last: keepLast ?? undefined, days: keepDays ?? undefined };
  return planPrune(await readChains(objects), keep, catalog.now());
}

/** Prunes. The lease is the caller's. */
export async function runPrune(
  context: BackupContext,
  target: BackupTarget,
  open: OpenTarget,
  signal?: AbortSignal,
): Promise<Pruned> {
  const plan = await prunePlanOf(context, target, open);
  const pruned = await pruneBackup(open.objects, plan, signal);
  const { bytesLeft } = pruned;
  if (bytesLeft !== null) await noteHeld(context.catalog, target.id, bytesLeft);
  return pruned;
}

async function hold({ db }: Catalog, { id, name }: BackupTarget, seq: number): Promise<void> {
  const reason = `backup target '${name}' goes on from here`;
  await db
    .insertInto("history_hold")
    .values({ holder: holderOf(id), seq, reason, expires_at: null })
    .onConflict((conflict) => conflict.column("holder").doUpdateSet({ seq, reason }))
    .execute();
}
