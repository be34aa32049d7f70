import { createHash, type Hash } from "node:crypto";
import { algorithmOf, RegistryError, type Bytes, type Descriptor } from "@entrepot/oci";
import { releasing } from "./bytes.ts";
import { countBytes, type Copy, type Transfers } from "./copy.ts";
import { bytesOrCancelled, orCancelled } from "./or-cancelled.ts";
import type { Upload } from "./ports.ts";
import { slowed } from "./slowed.ts";

/** Larger blobs travel by uploads whose place is kept; what is cut off costs a chunk at most. */
export const CHUNK_BYTES = 16 * 1024 * 1024;

/** Interruptions without progress between them, until the transfer is given up. */
const MOST_FAILURES = 3;
/** Answers that mean: not in pieces, or not in pieces like these. */
const NO_CHUNKS = new Set(["METHOD_NOT_ALLOWED", "NOT_FOUND", "RANGE_INVALID", "UNSUPPORTED"]);

/** An upload under way, and what has been seen of its bytes. */
interface Sending {
  upload: Upload;
  /** Of all bytes so far; null once some were sent by another process. */
  hash: Hash | null;
  /** Bytes that `hash` has seen. */
  hashed: number;
}

/**
 * Brings the large `blob` by an upload that goes on where it was, also after this process was
 * killed. False if the target takes no uploads in pieces: then nothing is left there, and a push
 * must do. Throws what source and target throw; `once` is not its concern.
 */
export async function copyByUpload(
  copy: Copy,
  blob: Descriptor,
  transfers: Transfers,
): Promise<boolean> {
  const { target, options } = copy;
  const { digest } = blob;
  const kept = await transfers.take(target.name, digest, options.signal);
  let done = false;
  try {
    const sending = await begin(copy, blob, kept);
    if (sending === null) return false;
    await transfers.keep(target.name, digest, sending.upload.id, sending.upload.offset);
    const finished = await sendAll(copy, blob, sending, transfers);
    done = true;
    return finished;
  } catch (error) {
    // An upload with wrong bytes in it is of no more use.
    done = error instanceof RegistryError && /^(?:DIGEST|SIZE)_INVALID$/.test(error.code);
    throw error;
  } finally {
    await transfers.release(target.name, digest, done);
  }
}

/** The upload `kept`, if it can go on, or a new one; null if the target wants none. */
async function begin(copy: Copy, blob: Descriptor, kept: string | null): Promise<Sending | null> {
  const { target } = copy;
  const found = kept === null ? null : await resumed(copy, kept);
  if (found && found.offset <= blob.size) {
    countSkipped(copy, found.offset);
    return { upload: found, hash: null, hashed: 0 };
  }
  await found?.cancel();
  const upload = await target.startUpload(algorithmOf(blob.digest));
  if ((upload.chunkMinBytes ?? 0) > CHUNK_BYTES) {
    await upload.cancel();
    return null;
  }
  return { upload, hash: createHash(algorithmOf(blob.digest)), hashed: 0 };
}

/** A registry that no longer knows the upload may say so in many ways: begin anew. */
function resumed({ target }: Copy, id: string): Promise<Upload | null> {
  return target.resumeUpload(id).catch((error: unknown) => {
    const code = error instanceof RegistryError ? error.code : "UNKNOWN";
    if (/^(?:UNREACHABLE|UNAVAILABLE|TOOMANYREQUESTS|UNAUTHORIZED|DENIED)$/.test(code)) throw error;
    return null;
  });
}

/** What is there already need not be sent after all. */
function countSkipped({ options }: Copy, bytes: number): void {
  if (bytes > 0) options.onExpected?.(-bytes);
}

async function sendAll(
  copy: Copy,
  blob: Descriptor,
  sending: Sending,
  transfers: Transfers,
): Promise<boolean> {
  const { signal, draining } = copy.options;
  for (let failures = 0; ;) {
    const before = sending.upload.offset;
    try {
      await sendRest(copy, blob, sending, transfers);
      checkHash(blob, sending);
      await orCancelled(sending.upload.commit(blob.digest), signal);
      return true;
    } catch (error) {
      if (signal?.aborted) throw error;
      draining?.throwIfAborted();
      const code = error instanceof RegistryError ? error.code : "UNKNOWN";
      const refused = NO_CHUNKS.has(code) && !isOfSource(error);
      if (!refused && code !== "UNREACHABLE" && code !== "BLOB_UPLOAD_UNKNOWN") throw error;
      const now = await resumed(copy, sending.upload.id);
      // Refused, and not for being out of step: it takes no chunks, or none of this size.
      if (refused && (now === null || now.offset === before)) {
        await now?.cancel();
        return false;
      }
      if ((now?.offset ?? 0) > before) failures = 0;
      if (++failures > MOST_FAILURES) throw error;
      const { upload, hash, hashed } = now
        ? { upload: now, ...hashAt(sending, now.offset) }
        : { ...(await begin(copy, blob, null))! };
      Object.assign(sending, { upload, hash, hashed });
      await transfers.keep(copy.target.name, blob.digest, upload.id, upload.offset);
    }
  }
}

/** The hash goes on only if the target has just what it has seen. */
function hashAt({ hash, hashed }: Sending, offset: number): Pick<Sending, "hash" | "hashed"> {
  return hashed === offset ? { hash, hashed } : { hash: null, hashed: 0 };
}

async function sendRest(
  copy: Copy,
  blob: Descriptor,
  sending: Sending,
  transfers: Transfers,
): Promise<void> {
  const { source, target, options } = copy;
  const { upload } = sending;
  const start = upload.offset;
  if (start === blob.size) return;
  const range = start > 0 ? { start } : undefined;
  const fetched = bytesOrCancelled(await source.fetch(blob, range), options.signal);
  const slow = slowed(fetched, options.throttle, options.signal);
  const rest = passing(copy, blob, sending, slow)[Symbol.asyncIterator]();
  try {
    const chunkBytes = chunkBytesOf(copy, upload);
    for (let offset = start; offset < blob.size;) {
      const size = Math.min(chunkBytes, blob.size - offset);
      offset = await orCancelled(upload.append(part(rest, size, slow), size), options.signal);
      await transfers.keep(target.name, blob.digest, upload.id, offset);
      if (offset < blob.size) options.draining?.throwIfAborted();
    }
  } finally {
    await rest.return?.(undefined);
  }
}

/** Where what arrives counts at once, all goes in one request, unless chunks are wanted. */
function chunkBytesOf({ options }: Copy, { chunkMinBytes }: Upload): number {
  return chunkMinBytes === undefined && !options.chunked ? Infinity : CHUNK_BYTES;
}

/** `bytes`, hashed and counted. */
async function* passing(copy: Copy, blob: Descriptor, sending: Sending, bytes: Bytes) {
  const { draining } = copy.options;
  // Where what arrives counts at once, any point will do.
  const anywhere = chunkBytesOf(copy, sending.upload) === Infinity ? draining : undefined;
  let at = sending.upload.offset;
  for await (const chunk of bytes) {
    anywhere?.throwIfAborted();
    at += chunk.length;
    if (at > blob.size) {
      throw new RegistryError("SIZE_INVALID", `more bytes came than ${blob.digest} has`);
    }
    sending.hash?.update(chunk);
    sending.hashed += chunk.length;
    countBytes(copy, chunk.length);
    yield chunk;
  }
  if (at < blob.size) {
    const message = `${blob.digest} should be ${blob.size} bytes long, but ${at} came`;
    throw new RegistryError("SIZE_INVALID", message, { detail: { side: "source" } });
  }
}

const leftovers = new WeakMap<object, Uint8Array>();

/** The next `size` bytes of `rest`, which come from `whole`: its pieces can be given back. */
function part(rest: AsyncIterator<Uint8Array>, size: number, whole: Bytes): Bytes {
  const cut = new WeakSet<Uint8Array>();
  return releasing(partOf(rest, size, cut), whole, cut);
}

async function* partOf(
  rest: AsyncIterator<Uint8Array>,
  size: number,
  cut: WeakSet<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = size;
  while (left > 0) {
    const before = leftovers.get(rest);
    leftovers.delete(rest);
    const next = before ? { value: before } : await rest.next();
    if ("done" in next && next.done) return;
    const chunk = next.value as Uint8Array;
    if (before) cut.add(chunk);
    const taken = chunk.length > left ? chunk.subarray(0, left) : chunk;
    if (taken !== chunk) {
      cut.add(taken);
      leftovers.set(rest, chunk.subarray(left));
    }
    left -= taken.length;
    yield taken;
  }
}

function checkHash({ digest }: Descriptor, { hash }: Sending): void {
  if (!hash) return;
  const found = `${algorithmOf(digest)}:${hash.copy().digest("hex")}`;
  if (found === digest) return;
  throw new RegistryError("DIGEST_INVALID", `the bytes that came for ${digest} are ${found}`, {
    detail: { expected: digest, found },
  });
}

function isOfSource(error: unknown): boolean {
  const detail = error instanceof RegistryError ? error.detail : undefined;
  return (detail as { side?: unknown } | null | undefined)?.side === "source";
}
