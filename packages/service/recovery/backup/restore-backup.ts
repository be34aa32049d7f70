import { type Database, knownMigrations, migrate } from "@entrepot/catalog";
import { type Digest, RegistryError } from "@entrepot/oci";
import type { BlobStore, ObjectStore } from "@entrepot/storage";
import { type Kysely, sql, type Transaction } from "kysely";
import { counted } from "./counted.ts";
import { calmDown, type Calm } from "./calm-down.ts";
import { eachAtOnce } from "./copy-blobs.ts";
import { type Conversion, plain } from "./encryption.ts";
import { type BackupManifest, type BlobLine, blobKey, damaged } from "./format.ts";
import { loadNames, withBareTables } from "./load-names.ts";
import { readParts } from "./parts.ts";
import type { RestorePlan, RestorePoint } from "./plan-restore.ts";
import { noteUnfinished } from "./unfinished-restore.ts";

const AT_ONCE = 4;

/** What a restore needs. */
export interface RestoreRun {
  readonly objects: ObjectStore;
  readonly plan: RestorePlan;
  /** Opens what is encrypted. */
  readonly open: Conversion;
  /** An empty database. */
  readonly db: Kysely<Database>;
  readonly store: Pick<BlobStore, "stat" | "put" | "start">;
  /** Keep sealed secrets: the key that sealed them is there. Else they are cleared. */
  readonly keepSecrets: boolean;
  /** The id of a registry that is to be another one from now on. */
  readonly newId?: string | undefined;
  /** Where names go back to next; noted with them, for whoever goes on after a crash. */
  readonly backTo?: RestorePoint | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: (stage: "blobs" | "names", count: number, bytes: number) => void;
}

interface BlobsInto {
  readonly store: Pick<BlobStore, "start">;
}

/** What came back. */
export interface Restored extends Calm {
  readonly blobs: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly tags: number;
}

/**
 * Carries out `plan`: blobs first, those that are there already left alone, then all names in one
 * transaction. Cut off anywhere it may be run again. Throws PRECONDITION if the plan has problems,
 * the database is not empty, or a newer program made the backup; INTEGRITY for a damaged blob.
 */
export async function restoreBackup(run: RestoreRun): Promise<Restored> {
  const { plan, db } = run;
  if (plan.problemCount > 0) {
    throw new RegistryError(
      "PRECONDITION",
      `missing or damaged in this backup: ${counted(plan.problemCount, "piece")} ` +
        `(${plan.problems[0]}); ` +
        "choose an earlier moment, which is still whole",
    );
  }
  await prepareDatabase(db, plan.links[0]!.manifest);
  const absent = new Map<Digest, boolean>();
  const blobs = { blobs: 0, bytes: 0 };
  for (const { manifest } of plan.links) {
    for (const { digest, needed } of manifest.absent) absent.set(digest, needed);
    const { count, bytes } = await fetchBlobs(run, manifest, blobs);
    blobs.blobs += count;
    blobs.bytes += bytes;
  }
  const names = await db.transaction().execute(async (trx) => {
    await withBareTables(trx, async () => {
      for (const { manifest } of plan.links) {
        run.signal?.throwIfAborted();
        await loadNames(trx, run.objects, manifest, run.open);
        run.progress?.("names", manifest.n, 0);
      }
    });
    const gone = [...absent].filter(([, needed]) => !needed).map(([digest]) => digest);
    await sql`DELETE FROM repository_blob WHERE digest = ANY(${gone}::text[])`.execute(trx);
    const manifests = await storeManifests(trx, run);
    const calm = await calmDown(trx, run);
    if (run.backTo) await noteUnfinished(trx, plan, run.backTo);
    const tags = await sql<{ count: number }>`SELECT count(*) AS count FROM tag`.execute(trx);
    return { ...calm, manifests, tags: tags.rows[0]!.count };
  });
  await migrate(db);
  return { ...blobs, ...names };
}

/** Brings an empty database to the schema that the backup was made with. */
async function prepareDatabase(db: Kysely<Database>, { schema }: BackupManifest): Promise<void> {
  const known = knownMigrations();
  const versions = new Set(schema);
  const asThen = known.filter(({ version }) => versions.has(version));
  if (asThen.length < schema.length) {
    const newest = schema.at(-1);
    const message = `the backup is of schema version ${newest}; restore with a program as new`;
    throw new RegistryError("PRECONDITION", message);
  }
  const { rows } = await sql<{ used: boolean }>`
    SELECT to_regclass('journal') IS NOT NULL AS used`.execute(db);
  if (rows[0]!.used) {
    const entry = await db.selectFrom("journal").select("seq").limit(1).executeTakeFirst();
    if (entry) {
      const message = "this registry is not empty; restore into an empty data folder and database";
      throw new RegistryError("PRECONDITION", message);
    }
  }
  await migrate(db, asThen);
}

async function fetchBlobs(
  run: RestoreRun,
  { blobs, absent }: BackupManifest,
  before: { blobs: number; bytes: number },
): Promise<{ count: number; bytes: number }> {
  const without = new Set(absent.map(({ digest }) => digest));
  const wanted = readParts<BlobLine>(run.objects, blobs, plain);
  let [count, bytes] = [0, 0];
  await eachAtOnce(wanted, AT_ONCE, async ({ digest, size }) => {
    run.signal?.throwIfAborted();
    if (without.has(digest)) return;
    const there = await isStored(run, digest, size);
    // Awaited before it is added: others add meanwhile.
    const brought = there ? (size ?? 0) : await fetchBlob(run, digest);
    bytes += brought;
    count += 1;
    run.progress?.("blobs", before.blobs + count, before.bytes + bytes);
  });
  return { count, bytes };
}

async function isStored({ store }: RestoreRun, digest: Digest, size: number | null) {
  const there = await store.stat(digest);
  return there !== null && (size === null || there === size);
}

/**
 * Brings blob `digest` out of a backup into the store; returns its bytes. Throws INTEGRITY if it is
 * missing there, or damaged.
 */
export async function fetchBlob(
  { objects, open, store }: Pick<RestoreRun, "objects" | "open"> & BlobsInto,
  digest: Digest,
): Promise<number> {
  const stored = await objects.get(blobKey(digest));
  if (!stored) throw damaged(blobKey(digest), "it is missing");
  const draft = await store.start("restore", digest.startsWith("sha512:") ? "sha512" : "sha256");
  try {
    await draft.append(open(stored));
    return await draft.commit(digest);
  } catch (error) {
    await draft.cancel().catch(() => undefined); // the first failure is the one to tell
    if (!(error instanceof RegistryError) || error.code !== "DIGEST_INVALID") throw error;
    throw damaged(blobKey(digest), "its bytes have another digest");
  }
}

/** The files of manifests, whose bytes are in the tables. Returns how many there are. */
async function storeManifests(db: Transaction<Database>, { store }: RestoreRun): Promise<number> {
  let count = 0;
  for (let after = ""; ;) {
    const { rows } = await sql<{ digest: Digest; bytes: Buffer }>`
      SELECT DISTINCT ON (digest) digest, bytes FROM (
        SELECT digest, bytes FROM manifest UNION ALL SELECT digest, bytes FROM past_manifest) m
      WHERE digest > ${after} ORDER BY digest LIMIT 50`.execute(db);
    for (const { digest, bytes } of rows) {
      if ((await store.stat(digest)) !== bytes.length) await store.put(digest, bytes);
    }
    count += rows.length;
    if (rows.length < 50) return count;
    after = rows.at(-1)!.digest;
  }
}
