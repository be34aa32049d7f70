import {
  childrenOf,
  type Descriptor,
  isNonDistributable,
  type Manifest,
  RegistryError,
} from "@entrepot/oci";
import { collect } from "@entrepot/registry";
import type { Pushed } from "./manifest-row.ts";
import type { Place } from "./room.ts";

/** The children that a repository has to have: those fetched from elsewhere may be absent. */
export function neededOf(manifest: Manifest, sparse: boolean) {
  const children = childrenOf(manifest);
  const blobs = children.blobs.filter((blob) => !isNonDistributable(blob));
  return {
    blobs: blobs.map((blob) => blob.digest),
    manifests: sparse ? [] : children.manifests.map((child) => child.digest),
  };
}

/** Throws MANIFEST_BLOB_UNKNOWN unless all children are among those found `here`. */
export function childrenHere(at: Place, manifest: Manifest, here: ReadonlySet<string>): void {
  const { blobs, manifests } = neededOf(manifest, at.sparse);
  const missing = [...blobs, ...manifests].find((digest) => !here.has(digest));
  if (missing) throw childUnknown(at.repository, missing);
}

/**
 * The manifest's bytes and those of its children lie in the store, whole and durable. Runs beside
 * the statements, so a failure waits until somebody asks; MANIFEST_BLOB_UNKNOWN: a child's do not.
 */
export function bytesWhole(at: Place, { content, manifest, bytes }: Pushed): Promise<unknown> {
  const stored = bytesStored(at, content, bytes);
  const whole = Promise.allSettled([childBlobsStored(at, manifest), stored]).then((outcomes) => {
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  });
  whole.catch(() => undefined);
  return whole;
}

/**
 * The store's copy is durable and whole: what was pushed lately is compared, which is cheaper
 * than written again.
 */
async function bytesStored(at: Place, content: Descriptor, bytes: Uint8Array): Promise<void> {
  const { manifestBytes, store } = at.room;
  if (
    manifestBytes.wasStored(content.digest) &&
    (await store.stat(content.digest)) === bytes.length
  ) {
    const stored = await collect(await store.read(content.digest), bytes.length);
    if (Buffer.compare(stored, bytes) === 0) return;
  }
  await store.put(content.digest, bytes);
  manifestBytes.noteStored(content.digest);
}

/** Bytes of every child blob lie in the store whole; those fetched from elsewhere may be absent. */
async function childBlobsStored(at: Place, manifest: Manifest): Promise<void> {
  const blobs = childrenOf(manifest).blobs.filter((blob) => !isNonDistributable(blob));
  const stored = await Promise.all(blobs.map((blob) => at.room.store.stat(blob.digest)));
  const missing = blobs.find((blob, i) => stored[i] !== blob.size);
  if (!missing) return;
  const size = stored[blobs.indexOf(missing)];
  throw childUnknown(
    at.repository,
    missing.digest,
    size === null ? "" : ` with ${missing.size} bytes (here it has ${size})`,
  );
}

function childUnknown(repository: string, digest: string, more = ""): RegistryError {
  return new RegistryError(
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest refers to ${digest}, which repository '${repository}' does not have${more}; ` +
      "push it first",
    { detail: { digest } },
  );
}
