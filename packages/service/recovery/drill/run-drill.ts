import type { Database } from "@entrepot/catalog";
import {
  childrenOf,
  type Descriptor,
  isManifestType,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { collect, type Registry, type Repository, verified } from "@entrepot/registry";
import type { BlobStore, ObjectStore } from "@entrepot/storage";
import { type Kysely, sql } from "kysely";
import { checkStored } from "../archive/check-stored.ts";
import type { Conversion } from "../backup/encryption.ts";
import {
  checkKey,
  planBackupRestore,
  problemList,
  type RestorePlan,
} from "../backup/plan-restore.ts";
import { restoreBackup } from "../backup/restore-backup.ts";

/** A registry of its own that is thrown away afterwards. */
export interface Scratch {
  /** An empty database. */
  readonly db: Kysely<Database>;
  readonly store: BlobStore;
  /** Throws PRECONDITION unless it can take so many bytes. */
  reserve(bytes: number): Promise<void>;
  /** Listens, as the server does; returns it as a client reaches it, over HTTP. */
  serve(): Promise<Registry>;
  /** Ends it and removes all of it. */
  close(): Promise<void>;
}

/** What a drill found. */
export interface DrillReport {
  readonly target: string;
  /** What came back: the newest moment in the target; null where none could be planned. */
  readonly snapshot: string | null;
  readonly seq: number | null;
  readonly at: string | null;
  /** From the start until the restored registry answered. */
  readonly recoverySeconds: number | null;
  /** How old the oldest change was that the target did not hold: what would have been lost. */
  readonly lossSeconds: number;
  /** How old the newest moment in the target was. */
  readonly ageSeconds: number | null;
  readonly tags: number;
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** What was read again and its digest compared. */
  readonly verified: { readonly blobs: number; readonly bytes: number };
  /** What was pulled over HTTP. */
  readonly pulled: { readonly images: number; readonly bytes: number };
  readonly problems: readonly string[];
  readonly problemCount: number;
}

/** What a drill is told, and needs. */
export interface DrillRun {
  readonly target: string;
  readonly objects: ObjectStore;
  readonly open: Conversion;
  readonly scratch: Scratch;
  /** Of the blobs, how many are read again: 0 to 1. */
  readonly share: number;
  /** Tags that are pulled. */
  readonly samples: number;
  /** Since when the oldest change waits that the target does not hold; null: none does. */
  readonly behindSince: Date | null;
  readonly now: () => Date;
  readonly random?: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly stage?: (stage: string, bytes: number) => void;
}

type Problems = ReturnType<typeof problemList>;

/**
 * Restores the newest state of a target into `scratch` and tries it: every digest (or a share of
 * them) is computed again from the disk, and some images are pulled as a client would. What is
 * wrong with the backup is in the report; throws what is wrong with this machine.
 */
export async function runDrill(run: DrillRun): Promise<DrillReport> {
  const { objects, scratch, now, behindSince } = run;
  const began = now().getTime();
  const seconds = (from: number) => Math.max(0, (now().getTime() - from) / 1000);
  const lossSeconds = behindSince ? seconds(behindSince.getTime()) : 0;
  const problems = problemList();
  const nothing = { blobs: 0, bytes: 0 };
  let plan: RestorePlan | null = null;
  let report: Partial<DrillReport> = {};
  try {
    run.stage?.("planning", 0);
    plan = await planBackupRestore(objects);
    for (const problem of plan.problems) problems.add(problem);
    if (plan.problemCount === 0) {
      // Told at once, before any blob is fetched in vain.
      await checkKey(objects, plan, run.open);
      await scratch.reserve(plan.blobBytes + plan.namesBytes * NAMES_GROW);
      report = await restoreAndTry(run, plan, problems, () => seconds(began));
    }
  } catch (error) {
    if (!(error instanceof RegistryError) || !OF_THE_BACKUP.has(error.code)) throw error;
    problems.add(error.message);
  }
  return {
    target: run.target,
    snapshot: plan?.snapshot ?? null,
    seq: plan?.seq ?? null,
    at: plan?.at ?? null,
    recoverySeconds: null,
    lossSeconds,
    ageSeconds: plan && Math.max(0, (began - Date.parse(plan.at)) / 1000),
    tags: 0,
    manifests: 0,
    ...nothing,
    verified: nothing,
    pulled: { images: 0, bytes: 0 },
    ...report,
    problems: problems.shown,
    problemCount: problems.count(),
  };
}

/** Rows and their indexes take more room than the compressed text that they come from. */
const NAMES_GROW = 20;
const OF_THE_BACKUP: ReadonlySet<string> = new Set([
  "BLOB_UNKNOWN",
  "DIGEST_INVALID",
  "INTEGRITY",
  "MANIFEST_UNKNOWN",
  "NOT_FOUND",
  "SIZE_INVALID",
]);

async function restoreAndTry(
  run: DrillRun,
  plan: RestorePlan,
  problems: Problems,
  elapsed: () => number,
): Promise<Partial<DrillReport>> {
  const { objects, open, scratch, signal, stage } = run;
  const { db, store } = scratch;
  const progress = (at: string, _: number, bytes: number) => stage?.(`restoring ${at}`, bytes);
  const options = { objects, plan, open, db, store, signal, progress, keepSecrets: false };
  const { tags, manifests } = await restoreBackup(options);
  stage?.("opening", 0);
  const registry = await scratch.serve();
  const recoverySeconds = elapsed();

  const stored = await checkStored(db, store, signal);
  for (const { digest, neededBy } of stored.missing) {
    problems.add(`blob ${digest} is missing; needed by ${neededBy}`);
  }
  const checked = await verifyStore(run, problems);
  const pulled = await pullSamples(run, registry, problems);
  const { blobs, bytes } = stored;
  return { recoverySeconds, tags, manifests, blobs, bytes, verified: checked, pulled };
}

async function verifyStore(run: DrillRun, problems: Problems) {
  const { scratch, share, random = Math.random, signal, stage } = run;
  let [blobs, bytes] = [0, 0];
  for await (const { digest, size } of scratch.store.list()) {
    signal?.throwIfAborted();
    if (random() >= share) continue;
    const content = { mediaType: "application/octet-stream", digest, size };
    await drained(verified(await scratch.store.read(digest), content)).catch((error: unknown) =>
      noted(problems, `blob ${digest}`, error),
    );
    blobs += 1;
    bytes += size;
    stage?.("verifying", bytes);
  }
  return { blobs, bytes };
}

/** Pulls tags chosen at random, each whole. */
async function pullSamples(run: DrillRun, registry: Registry, problems: Problems) {
  const { rows } = await sql<{ repository: string; tag: string; digest: string }>`
    SELECT r.name AS repository, t.name AS tag, t.digest FROM tag t
    JOIN repository r ON r.id = t.repository_id
    ORDER BY random() LIMIT ${run.samples}`.execute(run.scratch.db);
  let [images, bytes] = [0, 0];
  for (const { repository, tag, digest } of rows) {
    run.signal?.throwIfAborted();
    const name = `${repository}:${tag}`;
    try {
      const source = registry.repository(repository);
      const found = await source.resolve(tag);
      if (found?.digest !== digest) {
        problems.add(`${name} is ${found?.digest ?? "missing"} when it is pulled, not ${digest}`);
        continue;
      }
      bytes += await pull(source, found);
      images += 1;
      run.stage?.("pulling", bytes);
    } catch (error) {
      noted(problems, name, error);
    }
  }
  return { images, bytes };
}

/** Reads `content` and all that it is made of. Returns the bytes. */
async function pull(source: Repository, content: Descriptor): Promise<number> {
  const bytes = verified(await source.fetch(content), content);
  if (!isManifestType(content.mediaType)) return await drained(bytes);
  const whole = await collect(bytes, content.size);
  const { blobs, manifests } = childrenOf(parseManifest(whole, content.mediaType));
  let count = whole.length;
  for (const child of [...blobs, ...manifests]) {
    // A sparse index, and layers that lie elsewhere, are whole without them.
    const isThere = isManifestType(child.mediaType)
      ? await source.resolve(child.digest)
      : await source.stat(child.digest);
    if (isThere || !child.urls) count += isThere ? await pull(source, child) : 0;
  }
  return count;
}

async function drained(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0;
  for await (const piece of bytes) count += piece.length;
  return count;
}

function noted(problems: Problems, what: string, error: unknown): void {
  if (!(error instanceof RegistryError)) throw error;
  problems.add(`${what}: ${error.message}`);
}
