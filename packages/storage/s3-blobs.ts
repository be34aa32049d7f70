import { RegistryError, algorithmOf, digestOf } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import type { Bucket } from "./bucket.ts";
import type { BlobStore } from "./ports.ts";
import { readObject } from "./read-object.ts";
import { endsEarly } from "./read-span.ts";
import { BLOBS, blobKey, blobOfKey } from "./s3-keys.ts";

/** Long enough to begin a download, on a clock that is a little off. */
const SIGNED_SECONDS = 300;

/** The whole blobs of a bucket. `takeBack` puts one back from quarantine, if it is there. */
export function s3Blobs(
  bucket: Bucket,
  takeBack: (digest: Digest) => Promise<boolean>,
): Required<Pick<BlobStore, "stat" | "read" | "put" | "list" | "locate">> {
  /** Whoever asks for content wants it kept: it comes back from quarantine. */
  async function stat(digest: Digest): Promise<number | null> {
    const size = await bucket.size(blobKey(digest));
    return size === null && (await takeBack(digest)) ? bucket.size(blobKey(digest)) : size;
  }

  return {
    stat,
    async read(digest, { start, length } = { start: 0 }) {
      const size = await stat(digest);
      const what = `blob ${digest}`;
      if (size === null) throw new RegistryError("BLOB_UNKNOWN", `${what} is not in this store`);
      const end = length === undefined ? Math.max(start, size) : start + length;
      if (end > size) throw endsEarly(what, size, end);
      const span = { key: blobKey(digest), what, start, end, missing: () => takeBack(digest) };
      // Asked for only when somebody reads: bytes that nobody wants hold no connection.
      return { [Symbol.asyncIterator]: () => readObject(bucket, span)[Symbol.asyncIterator]() };
    },
    async put(digest, bytes) {
      checkDigest(digest, bytes);
      await bucket.put(blobKey(digest), bytes);
    },
    async *list(after) {
      for await (const { key, size } of bucket.list(BLOBS, after && blobKey(after))) {
        const digest = blobOfKey(key);
        if (digest) yield { digest, size };
      }
    },
    async locate(digest) {
      return (await stat(digest)) === null ? null : bucket.sign(blobKey(digest), SIGNED_SECONDS);
    },
  };
}

/** Throws DIGEST_INVALID unless `bytes` are blob `digest`. */
function checkDigest(digest: Digest, bytes: Uint8Array): void {
  const actual = digestOf(bytes, algorithmOf(digest));
  if (actual === digest) return;
  const message = `the bytes have digest ${actual}, not ${digest}; nothing was stored`;
  throw new RegistryError("DIGEST_INVALID", message);
}
