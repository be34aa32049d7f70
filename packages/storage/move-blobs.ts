import { algorithmOf, RegistryError } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import type { BlobStore } from "./ports.ts";

/** How far moving blobs is. */
export interface MoveProgress {
  /** Blobs that are in the new place: copied now, or there before. */
  readonly moved: number;
  /** Bytes copied now. */
  readonly bytesSent: number;
  /** Blobs whose bytes are not what their names say; they stay behind. */
  readonly damaged: readonly Digest[];
}

/** What `moveBlobs` is told beside the stores. */
export interface MoveOptions {
  readonly signal?: AbortSignal;
  /** Called after every blob. */
  readonly onProgress?: (progress: MoveProgress) => void;
}

const AT_A_TIME = 4;
/** Whose drafts these are: no repository has such a name. */
const SCOPE = "storage migration";

/**
 * Copies every blob of `from` that `to` lacks, each checked against its digest before it is seen
 * there. `from` is left as it is. Running it again goes on with what is missing. A blob that is
 * damaged in `from` is counted, and left out.
 */
export async function moveBlobs(
  from: BlobStore,
  to: BlobStore,
  { signal, onProgress }: MoveOptions = {},
): Promise<MoveProgress> {
  let [moved, bytesSent] = [0, 0];
  const damaged: Digest[] = [];
  const told = () => ({ moved, bytesSent, damaged });
  const blobs = from.list()[Symbol.asyncIterator]();

  async function mover(): Promise<void> {
    for (let next = await blobs.next(); !next.done; next = await blobs.next()) {
      signal?.throwIfAborted();
      const { digest, size } = next.value;
      if ((await to.stat(digest)) !== size) {
        if (await copyBlob(from, to, digest, signal)) bytesSent += size;
        else {
          damaged.push(digest);
          continue;
        }
      }
      moved += 1;
      onProgress?.(told());
    }
  }

  // If one fails the others end with the blob that they are at.
  const ended = await Promise.allSettled(Array.from({ length: AT_A_TIME }, mover));
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
  return told();
}

/** False if the blob is damaged in `from`, or has gone from there. */
async function copyBlob(
  from: BlobStore,
  to: BlobStore,
  digest: Digest,
  signal?: AbortSignal,
): Promise<boolean> {
  const draft = await to.start(SCOPE, algorithmOf(digest));
  try {
    await draft.append(untilAborted(await from.read(digest), signal));
    await draft.commit(digest);
    return true;
  } catch (error) {
    await draft.cancel().catch(() => undefined); // the first failure is the one to tell
    const isDamage =
      error instanceof RegistryError &&
      ["DIGEST_INVALID", "INTEGRITY", "BLOB_UNKNOWN"].includes(error.code);
    if (isDamage) return false;
    throw error;
  }
}

async function* untilAborted(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal) {
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    yield chunk;
  }
}
