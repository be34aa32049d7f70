import { createHash } from "node:crypto";
import type { PacedWork } from "@entrepot/jobs";
import { algorithmOf, type Digest, RegistryError } from "@entrepot/oci";
import type { Throttle } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import type { Expected } from "./expected.ts";
import type { NewFinding } from "./ports.ts";

/** What reading a blob came to. */
export interface BytesRead {
  /** Whether the bytes have the digest. */
  readonly whole: boolean;
  /** Bytes that were read. */
  readonly size: number;
  /** What kept them from being read, if anything did. */
  readonly failure?: string;
}

/** How blobs are read. */
export interface Reading {
  readonly store: Pick<BlobStore, "stat" | "read">;
  readonly throttle?: Throttle | undefined;
  readonly paced?: PacedWork | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads blob `digest` and tells whether it is whole; null if it is not there. Flat memory. */
export async function readBlob(reading: Reading, digest: Digest): Promise<BytesRead | null> {
  const { store, throttle, paced, signal } = reading;
  const hash = createHash(algorithmOf(digest));
  let size = 0;
  try {
    const bytes = await store.read(digest);
    for await (const piece of bytes) {
      signal?.throwIfAborted();
      hash.update(piece);
      size += piece.length;
      const { length } = piece;
      bytes.release?.(piece);
      if (throttle?.isLimited) await throttle.take(length);
      await paced?.rest(signal);
    }
  } catch (error) {
    if (isGone(error)) return null;
    if (!isBroken(error)) throw error;
    return { whole: false, size, failure: (error as Error).message };
  }
  return { whole: `${algorithmOf(digest)}:${hash.digest("hex")}` === digest, size };
}

/** What is wrong with a blob that lies in the store with `size` bytes. */
export async function checkBlob(
  reading: Reading,
  expected: Expected,
  size: number,
  quick: boolean,
): Promise<{ finding: NewFinding | null; read: BytesRead | null }> {
  const { digest, sizes, repositories } = expected;
  const unlike = sizes.filter((one) => one !== size);
  if (quick && unlike.length === 0) return { finding: null, read: null };
  let read = await readBlob(reading, digest);
  // Stored anew just now, perhaps.
  if (read && !read.whole) read = await readBlob(reading, digest);
  if (!read) return { finding: missing(expected), read };
  if (read.whole) {
    const wrong = sizes.filter((one) => one !== read.size);
    if (wrong.length === 0) return { finding: null, read };
    const detail =
      `rows of ${repositories.join(", ")} say ${wrong.join(" and ")} bytes, and its ` +
      `bytes, which are whole, are ${read.size}`;
    return { finding: { class: "blob-row", name: digest, size: read.size, detail }, read };
  }
  const [should = null] = unlike.length > 0 ? unlike : sizes;
  if (should !== null && should !== size) {
    const detail = `it has ${size} bytes instead of ${should}`;
    return { finding: { class: "truncated", name: digest, size: should, detail }, read };
  }
  const detail = read.failure ?? `its ${size} bytes have another digest`;
  return { finding: { class: "corrupt", name: digest, size: should, detail }, read };
}

/** The finding for a blob that is not in the store. */
export function missing({ digest, sizes, past }: Expected): NewFinding {
  const size = sizes[0] ?? null;
  const who = past ? "only history needs it" : "names say that it is here";
  const detail = `it is not in the store, and ${who}`;
  return { class: "missing", name: digest, size, detail };
}

function isGone(error: unknown): boolean {
  return error instanceof RegistryError && error.code === "BLOB_UNKNOWN";
}

/** Of this very blob: what concerns the whole disk is no finding. */
function isBroken(error: unknown): boolean {
  if (error instanceof RegistryError && error.code === "INTEGRITY") return true;
  const causes = [error, (error as { cause?: unknown } | null)?.cause];
  return causes.some((one) => (one as { code?: unknown } | null)?.code === "EIO");
}
