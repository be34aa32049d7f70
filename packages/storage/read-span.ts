import type { FileHandle } from "node:fs/promises";
import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import { bufferPool } from "./buffer-pool.ts";
import { onDisk } from "./disk.ts";

// Each piece costs a hop to a thread and back.
const PIECE_BYTES = 1024 * 1024;

/** For memory that is new the kernel finds and clears pages: most of what a pull used to cost. */
const pool = bufferPool(PIECE_BYTES, 16);

/** Takes back a piece that `readSpan` gave; see `Bytes.release`. */
export const releasePiece = pool.give;

/** Which bytes of a file to read: from `start` up to `end`, exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** What the file is, and the folder that it lies under, for messages. */
  readonly what: string;
  readonly root: string;
}

/**
 * The bytes of `span` in `file`, in pieces of 1 MiB, reading one ahead. Throws INTEGRITY if the
 * file ends before they do. The caller closes `file`, and may hand pieces to `releasePiece`.
 */
export async function* readSpan(file: FileHandle, span: Span): Bytes {
  const from = (position: number): Promise<Uint8Array> | null =>
    position < span.end
      ? onDisk(`reading ${span.what}`, span.root, () => readPiece(file, span, position))
      : null;

  let position = span.start;
  let ahead = from(position);
  try {
    while (ahead) {
      const chunk = await ahead;
      position += chunk.length;
      ahead = from(position);
      ahead?.catch(() => undefined); // told when it is asked for, if it ever is
      yield chunk;
    }
  } finally {
    // A consumer that stops early must not have the file closed under a read that is under way.
    await ahead?.catch(() => undefined);
  }
}

async function readPiece(file: FileHandle, span: Span, position: number): Promise<Uint8Array> {
  const wanted = Math.min(PIECE_BYTES, span.end - position);
  // What is small is often kept as it is; a buffer of the pool would keep much more.
  const buffer = wanted > PIECE_BYTES / 2 ? pool.take() : Buffer.allocUnsafeSlow(wanted);
  let filled = 0;
  while (filled < wanted) {
    const { bytesRead } = await file.read(buffer, filled, wanted - filled, position + filled);
    if (bytesRead === 0) throw endsEarly(span.what, position + filled, span.end);
    filled += bytesRead;
  }
  return buffer.subarray(0, wanted);
}

/** INTEGRITY: `what` ends at byte `at`, where `expected` were to be there. */
export function endsEarly(what: string, at: number, expected: number): RegistryError {
  return new RegistryError(
    "INTEGRITY",
    `${what} ends at byte ${at} where ${expected} were expected: it is damaged; push it again`,
  );
}
