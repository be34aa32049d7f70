import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError, algorithmOf, digestOf } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import { isMissing, onDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { newTemporaryName } from "./draft-name.ts";
import { writeAll } from "./gathered-writer.ts";
import { blobPath, uploadsFolder } from "./layout.ts";
import type { BlobStore } from "./ports.ts";
import { endsEarly, readSpan, releasePiece } from "./read-span.ts";
import type { Shards } from "./shards.ts";

/** The part of a file store that has to do with whole blobs. */
export interface FileBlobs extends Pick<BlobStore, "stat" | "read" | "put" | "list"> {
  /**
   * Moves the synced file `path` into its place as blob `digest`, over what is there, and syncs the
   * folder. Throws BLOB_UPLOAD_UNKNOWN if `path` is gone.
   */
  place(path: string, digest: Digest): Promise<void>;
}

/** The blobs in the store at `root`, whose layout is prepared. */
export function fileBlobs(
  disk: Disk,
  root: string,
  shards: Shards,
  takeBack: (digest: Digest) => Promise<boolean>,
): FileBlobs {
  async function place(path: string, digest: Digest): Promise<void> {
    await onDisk(`storing blob ${digest}`, root, async () => {
      await shards.make(digest);
      await disk.rename(path, blobPath(root, digest)).catch((error: unknown) => {
        throw isMissing(error) ? uploadGone(digest) : error;
      });
      await shards.sync(digest);
    });
  }

  const sizeOf = (digest: Digest) => sizeOnDisk(disk, root, digest);

  /** Whoever asks for content wants it kept: it comes back from quarantine. */
  async function stat(digest: Digest): Promise<number | null> {
    const size = await sizeOf(digest);
    if (size !== null) return size;
    await takeBack(digest);
    // Asked again either way: somebody else may have taken it back in between.
    return sizeOf(digest);
  }

  /** Opens the file of a blob, from quarantine too. */
  async function open(digest: Digest): Promise<FileHandle> {
    return await onDisk(`reading blob ${digest}`, root, async () => {
      try {
        return await disk.open(blobPath(root, digest), "r");
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
      // Out of sight since `read` found it.
      if ((await stat(digest)) === null) throw blobUnknown(digest);
      return await disk.open(blobPath(root, digest), "r");
    });
  }

  return {
    place,
    stat,
    async read(digest, { start, length } = { start: 0 }) {
      const size = await stat(digest);
      if (size === null) throw blobUnknown(digest);
      const end = length === undefined ? Math.max(start, size) : start + length;
      if (end > size) throw endsEarly(`blob ${digest}`, size, end);
      const span = { start, end, what: `blob ${digest}`, root };
      const pieces = () => readOpened(() => open(digest), span);
      return { [Symbol.asyncIterator]: pieces, release: releasePiece };
    },
    async put(digest, bytes) {
      checkDigest(digest, bytes);
      const temporary = join(uploadsFolder(root), newTemporaryName());
      await onDisk(`storing blob ${digest}`, root, () =>
        writeAndPlace(disk, temporary, bytes, () => place(temporary, digest)),
      );
    },
    async *list(after) {
      for await (const digest of shards.digests(after)) {
        const size = await sizeOf(digest);
        if (size !== null) yield { digest, size };
      }
    },
  };
}

/** The size of a blob that is in its place, in bytes; null if it is not. */
async function sizeOnDisk(disk: Disk, root: string, digest: Digest): Promise<number | null> {
  return await onDisk(`looking for blob ${digest}`, root, async () => {
    try {
      return (await disk.stat(blobPath(root, digest))).size;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  });
}

/** Opens the file only when somebody reads: bytes that nobody asks for keep no file open. */
async function* readOpened(
  open: () => Promise<FileHandle>,
  span: Parameters<typeof readSpan>[1],
): AsyncGenerator<Uint8Array> {
  if (span.start === span.end) return;
  const file = await open();
  try {
    yield* readSpan(file, span);
  } finally {
    await file.close();
  }
}

/** Writes and syncs `bytes` as `path`, then calls `place`. If any of it fails, `path` is gone. */
async function writeAndPlace(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  place: () => Promise<void>,
): Promise<void> {
  const file = await disk.open(path, "wx");
  let closing: Promise<void> | null = null;
  try {
    await writeAll(file, bytes.length > 0 ? [bytes] : [], 0);
    await file.sync();
    closing = file.close();
    await Promise.all([closing, place()]);
  } catch (error) {
    // The first failure is the one to tell.
    await (closing ?? file.close()).catch(() => undefined);
    await disk.unlink(path).catch(() => undefined);
    throw error;
  }
}

function checkDigest(digest: Digest, bytes: Uint8Array): void {
  const actual = digestOf(bytes, algorithmOf(digest));
  if (actual === digest) return;
  const message = `the bytes have digest ${actual}, not ${digest}; nothing was stored`;
  throw new RegistryError("DIGEST_INVALID", message);
}

function blobUnknown(digest: Digest): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", `blob ${digest} is not in this store`);
}

function uploadGone(digest: Digest): RegistryError {
  return new RegistryError(
    "BLOB_UPLOAD_UNKNOWN",
    `the upload of ${digest} was cancelled or swept away while it was finishing; push it again`,
  );
}
