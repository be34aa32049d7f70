import type { Digest } from "@entrepot/oci";

/** Blobs that a target was seen to have not long ago: nobody need ask for them again so soon. */
export interface SeenBlobs {
  has(repository: string, digest: Digest): boolean;
  add(repository: string, digest: Digest): void;
}

/** So long what was there is taken to be there still; a large image takes longer to be copied. */
const FRESH_MS = 60_000;
const MOST = 10_000;

/**
 * Nothing seen yet, at one target. Remembers the last 10,000 blobs for a minute each. One that has
 * gone meanwhile is missed by the manifest's push, and found out by a `deep` copy after that.
 */
export function seenBlobs(now: () => number = () => performance.now()): SeenBlobs {
  const seen = new Map<string, number>();
  const keyOf = (repository: string, digest: Digest) => `${repository}@${digest}`;
  return {
    has: (repository, digest) => (seen.get(keyOf(repository, digest)) ?? -Infinity) > now(),
    add(repository, digest) {
      const key = keyOf(repository, digest);
      // What is seen again goes to the end: the oldest comes first, and goes first.
      seen.delete(key);
      seen.set(key, now() + FRESH_MS);
      if (seen.size > MOST) seen.delete(seen.keys().next().value!);
    },
  };
}
