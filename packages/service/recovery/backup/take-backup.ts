import type { Catalog } from "@entrepot/catalog";
import type { PacedWork, Pacing } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Throttle } from "@entrepot/registry";
import type { BlobStore, ObjectStore } from "@entrepot/storage";
import { askedOf, type CopyBlobs, copyBlobs, listedIn } from "./copy-blobs.ts";
import { encryptedFor, plain } from "./encryption.ts";
import type { BackupManifest, BlobLine } from "./format.ts";
import { readParts } from "./parts.ts";
import { type MomentRead, readSegment, readSnapshot, schemaOf } from "./read-moment.ts";
import type { SeenTables } from "./read-moment.ts";
import { claimTarget, isKept, type Kept, putManifest, readTip } from "./target-objects.ts";

/** What a run of a backup is told, and needs. */
export interface BackupRun {
  readonly catalog: Catalog;
  /** Where blobs are; null: names only, as where the target is the store itself. */
  readonly store: Pick<BlobStore, "stat" | "read"> | null;
  readonly objects: ObjectStore;
  readonly recipients: readonly string[];
  /** Only these projects and repositories, sorted; empty or absent: everything. */
  readonly scope?: readonly string[];
  /** Begin with a new snapshot even where a segment would do. */
  readonly full?: boolean;
  /** A snapshot that is older is followed by a new one. */
  readonly snapshotEveryMs: number;
  /** What the process remembers of small tables in this target. */
  readonly seen: SeenTables;
  /** Where the last run of this process ended, if it did: spares reading it from the target. */
  readonly tip?: Kept | null;
  /** Keeps history from `seq` on, from now until told otherwise. */
  readonly hold: (seq: number) => Promise<void>;
  /** Throws if somebody else may be writing to this target by now. */
  readonly stillAlone?: () => Promise<void>;
  readonly throttle?: Throttle | undefined;
  /** Has snapshots rest, which are all there is; nobody waits for them as for a segment. */
  readonly pacing?: Pacing | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: (progress: BackupProgress) => void;
  readonly log?: (level: "info" | "warn", text: string) => void;
}

/** How far a run is. */
export interface BackupProgress {
  readonly stage: "names" | "blobs" | "ending";
  readonly bytesSent?: number;
  /** What it writes, once that is known. */
  readonly plan?: BackupPlan;
}

/** What a run writes, or would write. */
export interface BackupPlan {
  /** A new snapshot of all names, or what has changed since the last backup. */
  readonly kind: "snapshot" | "segment";
  /** The journal's seq before, and the newest one in it. */
  readonly from: number;
  readonly to: number;
  /** Rows of names, and bytes as stored. */
  readonly rows: number;
  readonly namesBytes: number;
  /** Blobs that names need. */
  readonly blobs: number;
  /** Those that the target has not yet, and their bytes; absent while that is not known. */
  readonly newBlobs?: number;
  readonly newBytes?: number;
}

/** A backup that is whole, and what it added to the target; `added` null: nothing had changed. */
export interface Taken {
  readonly kept: Kept;
  /** Up to where the target now tells everything that it is of. */
  readonly upTo: { readonly seq: number; readonly at: string };
  readonly added: { readonly bytesSent: number; readonly plan: Required<BackupPlan> } | null;
}

/**
 * Brings the target up to date: with a segment where one can follow what is there, else with a new
 * snapshot. What a run that was cut off has copied is not copied again. Throws CONFLICT if the
 * target is another registry's, or has gone on with another timeline of this one.
 */
export async function takeBackup(run: BackupRun): Promise<Taken> {
  const { catalog, objects, recipients, scope = [], signal } = run;
  const seal = encryptedFor(recipients);
  run.progress?.({ stage: "names" });
  await claimTarget(objects, catalog, recipients, scope);
  // Whoever goes on from it tells its checksum: it has to be there as it was written.
  const isMine = run.tip && (await isKept(objects, run.tip));
  const tip = isMine ? run.tip! : await readTip(objects);
  if (!isMine) run.seen.clear();
  const options = { catalog, objects, seal, scope, signal, namesOnly: run.store === null };
  if (tip === null || run.full || (await needsSnapshot(run, tip.manifest))) {
    // What the snapshot will show is kept from before it is read.
    if (tip === null) await run.hold(await catalog.head());
    run.log?.("info", "writes a new snapshot of all names");
    const paced = run.pacing?.work();
    return await finish(run, await readSnapshot({ ...options, paced }), paced);
  }
  const segment = await readSegment(options, tip, run.seen);
  if (segment.read === null) {
    const { seq, at } = segment;
    await run.hold(seq);
    return { kept: tip, upTo: { seq, at }, added: null };
  }
  const taken = await finish(run, segment.read);
  segment.note();
  return taken;
}

async function finish(run: BackupRun, read: MomentRead, paced?: PacedWork): Promise<Taken> {
  const { objects, signal, log, progress } = run;
  let bytesSent = 0;
  const plan = planOf(read);
  progress?.({ stage: "blobs", bytesSent, plan });
  const sent = (bytes: number) => {
    bytesSent += bytes;
    progress?.({ stage: "blobs", bytesSent, plan });
  };
  const { store } = run;
  const copied = store && (await bringBlobs({ ...run, store }, read, { sent, paced }));
  const { count = 0, bytes = 0, newCount = 0, newBytes = 0, absent = [] } = copied ?? {};

  const done = { ...plan, newBlobs: newCount, newBytes };
  progress?.({ stage: "ending", bytesSent, plan: done });
  signal?.throwIfAborted();
  await run.stillAlone?.();
  const kept = await putManifest(objects, {
    ...read,
    blobCount: count,
    blobBytes: bytes,
    newCount,
    newBytes,
    absent,
  });
  await run.hold(read.to);
  log?.("info", `seq ${read.from} to ${read.to}: ${newCount} new blobs, ${bytesSent} bytes sent`);
  return { kept, upTo: { seq: read.to, at: read.at }, added: { bytesSent, plan: done } };
}

function planOf({ n, from, to, names, blobs }: MomentRead): BackupPlan {
  const sum = (parts: MomentRead["names"], of: "bytes" | "lines") =>
    parts.reduce((total, part) => total + part[of], 0);
  const kind = n === 0 ? "snapshot" : "segment";
  const [rows, namesBytes] = [sum(names, "lines"), sum(names, "bytes")];
  return { kind, from, to, rows, namesBytes, blobs: sum(blobs, "lines") };
}

function bringBlobs(
  run: BackupRun & { readonly store: CopyBlobs["store"] },
  read: MomentRead,
  how: Pick<CopyBlobs, "sent" | "paced">,
) {
  const { store, objects, throttle, signal, log } = run;
  const encrypted = run.recipients.length > 0;
  const isThere = read.n === 0 ? listedIn(objects, encrypted) : askedOf(objects, encrypted);
  const wanted = readParts<BlobLine>(objects, read.blobs, plain);
  const options = {
    store,
    objects,
    seal: encryptedFor(run.recipients),
    throttle,
    signal,
    log,
    ...how,
  };
  return copyBlobs(options, wanted, isThere);
}

/** Whether a segment cannot follow `before`, or should not. */
async function needsSnapshot(run: BackupRun, before: BackupManifest): Promise<boolean> {
  const { catalog } = run;
  const head = await catalog.db
    .selectFrom("journal_head")
    .select(["timeline", "seq"])
    .executeTakeFirstOrThrow();
  if (
    before.timeline > head.timeline ||
    (before.timeline === head.timeline && before.to > head.seq)
  ) {
    throw new RegistryError(
      "CONFLICT",
      `this place is ahead: it holds timeline ${before.timeline} up to seq ${before.to}, and ` +
        `this registry is at timeline ${head.timeline}, seq ${head.seq}; was it restored from ` +
        "an older backup, or does a copy of it write here? Choose an empty place",
    );
  }
  if (before.timeline < head.timeline) return true;
  const schema = await schemaOf(catalog.db);
  if (schema.join() !== before.schema.join()) return true;
  // Its id begins with when it was made, in milliseconds.
  const age = catalog.now().getTime() - Number(before.snapshot.slice(0, 14));
  return (
    age > run.snapshotEveryMs || before.n >= MOST_SEGMENTS || head.seq - before.to > MOST_ENTRIES
  );
}

/** Each is a file to be read before the next one is written, and at a restore. */
const MOST_SEGMENTS = 5_000;
/** Beyond this a snapshot is hardly more work than a segment. */
const MOST_ENTRIES = 250_000;
