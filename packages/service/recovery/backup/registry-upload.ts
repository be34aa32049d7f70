import { createHash } from "node:crypto";
import { setTimeout as pauseFor } from "node:timers/promises";
import { type Bytes, type Descriptor, type Digest, mediaTypes, RegistryError } from "@entrepot/oci";
import { bytesOf, type Repository, type Upload } from "@entrepot/registry";

/** Up to this size an object goes in one piece, which can be sent again. */
export const SMALL_BYTES = 1024 * 1024;
/** A larger one goes in chunks, each held until it has arrived. */
const CHUNK_BYTES = 8 * 1024 * 1024;
/** Failures in a row without a byte between them. */
const MOST_FAILURES = 5;
const FIRST_PAUSE_MS = 250;

/**
 * Stores bytes that come once, as a blob of a repository: a few at once, more by an upload in
 * chunks, which goes on where the line broke. Its digest is known at its end. Throws what the
 * source throws, and what the repository says.
 */
export async function storeStream(
  repository: Repository,
  content: Bytes,
  pause: (ms: number) => Promise<unknown> = pauseFor,
): Promise<Descriptor> {
  const hash = createHash("sha256");
  let size = 0;
  const pieces = content[Symbol.asyncIterator]();
  const next = async (): Promise<Buffer | null> => {
    const { value, done } = await pieces.next();
    if (done) return null;
    hash.update(value);
    size += value.length;
    return Buffer.from(value); // whoever gave it may use its memory again
  };
  const described = (): Descriptor => {
    const digest = `sha256:${hash.digest("hex")}` as Digest;
    return { mediaType: mediaTypes.bytes, digest, size };
  };
  try {
    const begun = await gatheredUpTo(SMALL_BYTES, next, NONE);
    if (begun.isAll) {
      const layer = described();
      await repository.push(layer, bytesOf(...begun.pieces));
      return layer;
    }
    const sending = { repository, upload: await repository.startUpload("sha256"), pause };
    try {
      for (let chunk: Chunk = begun; !chunk.isAll;) {
        chunk = await gatheredUpTo(
          chunkBytesOf(sending.upload),
          next,
          chunk === begun ? chunk : NONE,
        );
        await sendChunk(sending, chunk);
      }
      const layer = described();
      await sending.upload.commit(layer.digest);
      return layer;
    } catch (error) {
      // The first failure is the one to tell; what stays begun the registry forgets.
      await sending.upload.cancel().catch(() => undefined);
      throw error;
    }
  } finally {
    await pieces.return?.(undefined);
  }
}

/** Some of an object's bytes. */
interface Chunk {
  readonly pieces: readonly Buffer[];
  readonly size: number;
  /** Whether these are the last. */
  readonly isAll: boolean;
}

const NONE: Chunk = { pieces: [], size: 0, isAll: false };

/** `begun` and what comes next, more than `bytes` together, or all that there is. */
async function gatheredUpTo(
  bytes: number,
  next: () => Promise<Buffer | null>,
  begun: Chunk,
): Promise<Chunk> {
  const pieces = [...begun.pieces];
  let { size } = begun;
  while (size <= bytes) {
    const piece = await next();
    if (piece === null) return { pieces, size, isAll: true };
    pieces.push(piece);
    size += piece.length;
  }
  return { pieces, size, isAll: false };
}

/** The bytes of `chunk` from `start` on. */
async function* from({ pieces }: Chunk, start: number): Bytes {
  let at = 0;
  for (const piece of pieces) {
    if (at + piece.length > start) yield piece.subarray(Math.max(0, start - at));
    at += piece.length;
  }
}

function chunkBytesOf({ chunkMinBytes = 0 }: Upload): number {
  return Math.max(CHUNK_BYTES, chunkMinBytes);
}

interface Sending {
  readonly repository: Repository;
  upload: Upload;
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Adds `chunk`, as often as it takes: what has arrived of it is not sent again. */
async function sendChunk(sending: Sending, chunk: Chunk): Promise<void> {
  const start = sending.upload.offset;
  const end = start + chunk.size;
  for (let failures = 0; ;) {
    const at = sending.upload.offset;
    try {
      if (at < end) await sending.upload.append(from(chunk, at - start), end - at);
      return;
    } catch (error) {
      if (!isCutOff(error) || ++failures > MOST_FAILURES) throw error;
      await sending.pause(FIRST_PAUSE_MS * 2 ** failures);
      const found = await resumed(sending);
      if (!found || found.offset < start || found.offset > end) throw error;
      if (found.offset > at) failures = 0;
      sending.upload = found;
    }
  }
}

/** As the registry has it; as it was, while that cannot be reached. */
async function resumed({ repository, upload }: Sending): Promise<Upload | null> {
  return await repository.resumeUpload(upload.id).catch((error: unknown) => {
    if (isCutOff(error)) return upload;
    throw error;
  });
}

function isCutOff(error: unknown): boolean {
  return error instanceof RegistryError && CUT_OFF.has(error.code);
}

const CUT_OFF: ReadonlySet<string> = new Set(["UNREACHABLE", "UNAVAILABLE", "RANGE_INVALID"]);
