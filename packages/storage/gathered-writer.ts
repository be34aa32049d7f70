import type { FileHandle } from "node:fs/promises";
import type { Bytes } from "@entrepot/oci";

const GATHER_BYTES = 1024 * 1024;
const GATHER_CHUNKS = 1024; // the kernel takes so many pieces in one call
const SYNC_EVERY_BYTES = 16 * 1024 * 1024;

/** Writes a stream of small pieces to a file in large steps. */
export interface GatheredWriter {
  /** Bytes in the file, counting from its beginning. Only settled after `finish`. */
  readonly offset: number;
  /** True if a sync failed: then what the file holds on disk is unknown. */
  readonly lost: boolean;
  /**
   * Takes `chunk`, which nobody may change or use afterwards. When it returns a promise, the next
   * chunk waits for it. Throws what the disk refused.
   */
  add(chunk: Uint8Array): Promise<void> | undefined;
  /** Writes what is left and waits for everything. Throws what the disk refused, again if asked. */
  finish(): Promise<void>;
}

/**
 * A writer to `file` from `start` on. One step is written while the next is gathered, so at most
 * 2 MiB (and one chunk) are held. Long files are synced on the way, in the background: the disk
 * then works while bytes still arrive, and the sync that ends a push has little left to do. Each
 * piece is given to `release` once it is written.
 */
export function gatheredWriter(
  file: FileHandle,
  start: number,
  release?: Bytes["release"],
): GatheredWriter {
  let chunks: Uint8Array[] = [];
  let gatheredBytes = 0;
  let offset = start;
  let unsyncedBytes = 0;
  let syncFailure: { error: unknown } | null = null;
  let writing: Promise<void> = Promise.resolve();
  let syncing: Promise<void> | null = null;

  async function writeStep(step: Uint8Array[], bytes: number): Promise<void> {
    await writeAll(file, step, offset);
    for (const chunk of step) release?.(chunk);
    offset += bytes;
    unsyncedBytes += bytes;
    if (unsyncedBytes < SYNC_EVERY_BYTES || syncing) return;
    unsyncedBytes = 0;
    syncing = syncEarly();
  }

  async function syncEarly(): Promise<void> {
    try {
      await file.datasync();
    } catch (error) {
      syncFailure = { error };
    }
    syncing = null;
  }

  async function flush(): Promise<void> {
    await writing;
    if (syncFailure) throw syncFailure.error;
    if (gatheredBytes === 0) return;
    const step = chunks;
    const bytes = gatheredBytes;
    chunks = [];
    gatheredBytes = 0;
    writing = writeStep(step, bytes);
    writing.catch(() => undefined); // whoever awaits `writing` next hears of it
  }

  return {
    get offset() {
      return offset;
    },
    get lost() {
      return syncFailure !== null;
    },
    add(chunk) {
      if (chunk.length === 0) return;
      chunks.push(chunk);
      gatheredBytes += chunk.length;
      return gatheredBytes >= GATHER_BYTES || chunks.length >= GATHER_CHUNKS ? flush() : undefined;
    },
    async finish() {
      await flush();
      await writing;
      await syncing;
      if (syncFailure) throw syncFailure.error;
    },
  };
}

/** Writes all of `chunks` at `position`, going on after a short write. */
export async function writeAll(file: FileHandle, chunks: Uint8Array[], position: number) {
  let rest = chunks;
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    if (bytesWritten === 0) throw new Error(`the disk took none of ${rest.length} pieces`);
    at += bytesWritten;
    rest = after(rest, bytesWritten);
  }
}

function after(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const first = chunks.findIndex((chunk) => {
    if (skip < chunk.length) return true;
    skip -= chunk.length;
    return false;
  });
  if (first < 0) return [];
  return [chunks[first]!.subarray(skip), ...chunks.slice(first + 1)];
}
