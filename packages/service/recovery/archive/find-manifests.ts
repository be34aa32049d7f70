import type { Database } from "@entrepot/catalog";
import {
  childrenOf,
  type Digest,
  type Manifest,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import type { BlobStore } from "@entrepot/storage";
import { type Kysely, sql } from "kysely";

const AT_A_TIME = 500;
/** Manifests that are kept in memory at a time; beyond it, the scan says that it stopped. */
const MOST_FOUND = 100_000;
const BRACE = "{".charCodeAt(0);

/** A manifest among the blobs. */
export interface FoundManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly kind: "image" | "index";
  /** Of all that it is made of, as it says. */
  readonly bytes: number;
  /** What it is made of and what is not in the storage. */
  readonly missing: readonly Digest[];
  /** What it says of itself that may tell a person what it was; empty if nothing. */
  readonly hint: string;
}

/** What a scan came to: those that no index among them is made of, by digest. */
export interface FoundManifests {
  readonly manifests: readonly FoundManifest[];
  readonly blobs: number;
  /** There are more: the scan ended early. */
  readonly more: boolean;
}

/**
 * Finds manifests among the blobs of a storage, by reading all that could be one. Names are in no
 * blob. With `db` only those that no name of it knows, now or in its history.
 */
export async function findManifests(
  store: Pick<BlobStore, "list" | "read" | "stat">,
  { db, signal }: { db?: Kysely<Database> | undefined; signal?: AbortSignal | undefined } = {},
): Promise<FoundManifests> {
  const found = new Map<Digest, Manifest>();
  let [blobs, more] = [0, false];
  let batch: Digest[] = [];
  const look = async () => {
    for (const digest of await unknownTo(db, batch)) {
      signal?.throwIfAborted();
      const manifest = await manifestAt(store, digest);
      if (manifest) found.set(digest, manifest);
    }
    batch = [];
    more = found.size >= MOST_FOUND;
  };
  for await (const { digest, size } of store.list()) {
    blobs += 1;
    if (size > 2 && size <= MANIFEST_LIMIT_BYTES) batch.push(digest);
    if (batch.length >= AT_A_TIME) await look();
    if (more) break;
  }
  await look();

  const children = new Set<Digest>();
  for (const manifest of found.values()) {
    for (const child of childrenOf(manifest).manifests) children.add(child.digest);
  }
  const manifests: FoundManifest[] = [];
  for (const [digest, manifest] of found) {
    if (children.has(digest)) continue;
    manifests.push(await described(store, digest, manifest));
  }
  return { manifests, blobs, more };
}

async function unknownTo(db: Kysely<Database> | undefined, digests: Digest[]): Promise<Digest[]> {
  if (!db || digests.length === 0) return digests;
  const { rows } = await sql<{ digest: Digest }>`
    SELECT d.digest FROM unnest(${digests}::text[]) AS d(digest)
    WHERE NOT EXISTS (SELECT FROM manifest m WHERE m.digest = d.digest)
      AND NOT EXISTS (SELECT FROM past_manifest p WHERE p.digest = d.digest)
      AND NOT EXISTS (SELECT FROM repository_blob b WHERE b.digest = d.digest)`.execute(db);
  return rows.map(({ digest }) => digest);
}

/** The manifest that blob `digest` is, or null for any other blob. */
async function manifestAt(
  store: Pick<BlobStore, "read">,
  digest: Digest,
): Promise<Manifest | null> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of await store.read(digest)) {
      if (pieces.length === 0 && piece[0] !== BRACE) return null;
      pieces.push(Buffer.from(piece));
    }
    return parseManifest(Buffer.concat(pieces));
  } catch (error) {
    // A config is JSON too, and so are many others.
    if (error instanceof RegistryError && NO_MANIFEST.has(error.code)) return null;
    throw error;
  }
}

const NO_MANIFEST: ReadonlySet<string> = new Set(["MANIFEST_INVALID", "BLOB_UNKNOWN", "INTEGRITY"]);

async function described(
  store: Pick<BlobStore, "stat">,
  digest: Digest,
  manifest: Manifest,
): Promise<FoundManifest> {
  const parts = childrenOf(manifest);
  const missing: Digest[] = [];
  let bytes = 0;
  for (const child of [...parts.blobs, ...parts.manifests]) {
    bytes += child.size;
    if ((await store.stat(child.digest)) === null) missing.push(child.digest);
  }
  const { mediaType, kind, annotations = {} } = manifest;
  const said = HINTS.map((name) => annotations[`org.opencontainers.image.${name}`]);
  const hint = said.filter(Boolean).join(" ").slice(0, 200);
  return { digest, mediaType, kind, bytes, missing, hint };
}

const HINTS = ["ref.name", "title", "version", "source", "created"] as const;
