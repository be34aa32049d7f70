import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { Bucket, BucketPart } from "./bucket.ts";
import { checkObjectKey } from "./object-key.ts";
import type { ObjectStore } from "./objects.ts";
import { readObject } from "./read-object.ts";

const PARTS_AHEAD = 3;
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Objects in a bucket, each under its key. What a killed process left half-written is never seen,
 * and is removed after a day. `partBytes` bounds the memory of a `put`.
 */
export async function openS3Objects(bucket: Bucket, partBytes: number): Promise<ObjectStore> {
  await bucket.check();
  await sweep(bucket);
  return {
    async put(key, bytes) {
      await putObject(bucket, checkObjectKey(key), partBytes, bytes);
    },
    putIfAbsent: async (key, bytes) => bucket.putIfAbsent(checkObjectKey(key), bytes),
    async get(key, { start, length } = { start: 0 }) {
      const size = await bucket.size(checkObjectKey(key));
      if (size === null) return null;
      const end = length === undefined ? Math.max(start, size) : start + length;
      if (end > size) {
        const message = `object ${key} has ${size} bytes, fewer than ${end}`;
        throw new RegistryError("INTEGRITY", message);
      }
      return readObject(bucket, { key, what: `object ${key}`, start, end });
    },
    async stat(key) {
      checkObjectKey(key);
      // A list tells the time more exactly than a HEAD. The key itself is its first.
      for await (const entry of bucket.list(key, undefined, 1)) {
        return entry.key === key ? entry : null;
      }
      return null;
    },
    list: (prefix, after) => bucket.list(prefix, after),
    async remove(key) {
      if ((await bucket.size(checkObjectKey(key))) === null) return false;
      await bucket.remove(key);
      return true;
    },
    close: async () => bucket.close(),
  };
}

/** One PUT for what fits into a part; else an object in parts, which is seen once it is whole. */
async function putObject(
  bucket: Bucket,
  key: string,
  partBytes: number,
  bytes: Bytes,
): Promise<void> {
  let upload: string | null = null;
  const parts: Promise<BucketPart>[] = [];
  try {
    for await (const { piece, isLast } of piecesOf(bytes, partBytes)) {
      if (upload === null && isLast) return await bucket.put(key, piece);
      upload ??= await bucket.begin(key);
      const part = bucket.part(key, upload, parts.length + 1, piece);
      part.catch(() => undefined); // told below
      parts.push(part);
      await parts.at(-PARTS_AHEAD);
    }
    await bucket.complete(key, upload!, await Promise.all(parts));
  } catch (error) {
    // The first failure is the one to tell; what stays begun is swept away.
    await Promise.allSettled(parts);
    if (upload !== null) await bucket.abort(key, upload).catch(() => undefined);
    throw error;
  }
}

/** `bytes` in pieces of `size`; the last, which may be shorter and even empty, says so. */
async function* piecesOf(bytes: Bytes, size: number) {
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of bytes) {
    let rest = chunk;
    while (held + rest.length > size) {
      pieces.push(rest.subarray(0, size - held));
      rest = rest.subarray(size - held);
      yield { piece: Buffer.concat(pieces, size), isLast: false };
      [pieces, held] = [[], 0];
    }
    pieces.push(Buffer.from(rest)); // whoever gave it may use its memory again
    held += rest.length;
  }
  yield { piece: Buffer.concat(pieces, held), isLast: true };
}

async function sweep(bucket: Bucket): Promise<void> {
  for await (const { key, upload, since } of bucket.begun("")) {
    if (since.getTime() < Date.now() - ABANDONED_MS) await bucket.abort(key, upload);
  }
}
