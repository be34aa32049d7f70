import { RegistryError } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import type { Bucket, BucketEntry } from "./bucket.ts";
import type { BlobStore } from "./ports.ts";
import { awayKey, awayPrefix, blobKey, blobOfAwayKey, damagedKey, QUARANTINE } from "./s3-keys.ts";

/** Blobs out of sight: what garbage collection is about to remove, and what is damaged. */
export interface S3Quarantine extends Pick<
  BlobStore,
  "quarantine" | "quarantined" | "remove" | "setAside"
> {
  /** Puts blob `digest` back to its place, if it is in quarantine. */
  takeBack(digest: Digest): Promise<boolean>;
}

/** A quarantine that stalls for longer than this between its two steps gives up. */
const STEP_MS = 10 * 60_000;
/** What is left of a blob that has been taken back goes once no such step can be under way. */
const STALE_MS = 60 * 60_000;

/**
 * The quarantine of a bucket. S3 cannot rename; what lies in quarantine therefore counts only while
 * the blob is not in its place. So each change is one step: removing it from its place puts it out
 * of sight, copying it there takes it back, and no interleaving loses the last copy: every
 * quarantine writes a key of its own, and only `remove` and age take one away.
 */
export function s3Quarantine(bucket: Bucket, now: () => number): S3Quarantine {
  const isThere = async (digest: Digest) => (await bucket.size(blobKey(digest))) !== null;

  async function copies(digest: Digest): Promise<BucketEntry[]> {
    return await Array.fromAsync(bucket.list(awayPrefix(digest)));
  }

  async function drop(entries: readonly { key: string }[]): Promise<void> {
    for (const { key } of entries) await bucket.remove(key);
  }

  /** Copies the blob to `key`, then takes it from its place. */
  async function away(digest: Digest, key: string): Promise<boolean> {
    const begun = performance.now();
    if (!(await bucket.copy(blobKey(digest), key))) return false;
    if (performance.now() - begun < STEP_MS) {
      await bucket.remove(blobKey(digest));
      return true;
    }
    const message = `moving blob ${digest} within ${bucket.place} took too long; try again`;
    throw new RegistryError("UNAVAILABLE", message);
  }

  return {
    quarantine: (digest) => away(digest, awayKey(digest, now())),
    async setAside(digest) {
      if (!(await away(digest, damagedKey(digest)))) return false;
      await drop(await copies(digest));
      return true;
    },
    async takeBack(digest) {
      const newest = (await copies(digest)).at(-1);
      return newest !== undefined && (await bucket.copy(newest.key, blobKey(digest)));
    },
    async remove(digest) {
      const entries = await copies(digest);
      if (entries.length === 0 || (await isThere(digest))) return false;
      await drop(entries);
      return true;
    },
    async *quarantined() {
      for await (const { digest, entries } of byBlob(bucket)) {
        if (await isThere(digest)) {
          const before = now() - STALE_MS;
          await drop(entries.filter(({ modified }) => modified.getTime() < before));
          continue;
        }
        const { size, modified } = entries.at(-1)!;
        yield { digest, size, since: modified };
      }
    },
  };
}

/** What lies in quarantine; the keys of one blob follow each other. */
async function* byBlob(bucket: Bucket) {
  let one: { digest: Digest; entries: BucketEntry[] } | null = null;
  for await (const entry of bucket.list(QUARANTINE)) {
    const digest = blobOfAwayKey(entry.key);
    if (!digest) continue;
    if (one && one.digest !== digest) {
      yield one;
      one = null;
    }
    one ??= { digest, entries: [] };
    one.entries.push(entry);
  }
  if (one) yield one;
}
