import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { LRUCache } from "lru-cache";

/** Manifests' bytes, recently used ones in memory. They decide nothing: the asker has resolved. */
export interface ManifestBytes {
  /** The exact bytes of manifest `digest` of `repository`, or null. */
  get(repository: string, digest: Digest): Promise<Uint8Array | null>;
  /** Notes that the blob store has the bytes of manifest `digest`, for `wasStored`. */
  noteStored(digest: Digest): void;
  /** Whether that was noted lately: a hint where to look first, no more. */
  wasStored(digest: Digest): boolean;
}

const MOST_STORED = 10_000;

/** Keeps at most `limitBytes` of `catalog`'s manifests in memory. */
export function openManifestBytes(catalog: Catalog, limitBytes: number): ManifestBytes {
  const kept = new LRUCache<string, Uint8Array>({
    maxSize: limitBytes,
    sizeCalculation: (bytes, key) => bytes.byteLength + key.length,
  });
  const stored = new LRUCache<Digest, true>({ max: MOST_STORED });
  return {
    noteStored: (digest) => void stored.set(digest, true),
    wasStored: (digest) => stored.has(digest),
    async get(repository, digest) {
      const key = `${repository}@${digest}`;
      const known = kept.get(key);
      if (known) return known;

      const row = await catalog.db
        .selectFrom("manifest")
        .innerJoin("repository", "repository.id", "manifest.repository_id")
        .select("manifest.bytes")
        .where("repository.name", "=", repository)
        .where("manifest.digest", "=", digest)
        .executeTakeFirst();
      if (!row) return null;
      kept.set(key, row.bytes);
      return row.bytes;
    },
  };
}
