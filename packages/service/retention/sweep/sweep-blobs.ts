import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import type { BlobStore } from "@entrepot/storage";
import { sql } from "kysely";
import type { BlobFacts } from "./verdict.ts";

/** A blob as the store lists it; its size in bytes. */
export interface StoredBlob {
  readonly digest: Digest;
  readonly size: number;
}

/** What the database says of each of `digests`, in their order; asked now. */
export async function blobFacts(
  { db }: Pick<Catalog, "db">,
  digests: readonly Digest[],
): Promise<BlobFacts[]> {
  const { rows } = await sql<BlobFacts>`
    SELECT
      EXISTS (SELECT FROM manifest m WHERE m.digest = k.digest)
        OR EXISTS (SELECT FROM manifest_reference r WHERE r.digest = k.digest) AS live,
      past.held_by AS "heldBy", past.held_until AS "heldUntil",
      past.digest IS NOT NULL AND past.held_by IS NULL AS fading,
      had.since AS "hadSince", had.condemned AS "condemnedAt"
    FROM unnest(${digests}::text[]) WITH ORDINALITY AS k (digest, i)
    LEFT JOIN LATERAL (
      SELECT max(created_at) AS since,
        CASE WHEN count(condemned_at) = count(*) THEN max(condemned_at) END AS condemned
      FROM repository_blob b WHERE b.digest = k.digest
    ) AS had ON true
    LEFT JOIN LATERAL (
      SELECT p.digest, p.held_by, p.held_until FROM (
        SELECT k.digest AS manifest
        UNION ALL SELECT manifest FROM past_reference r WHERE r.digest = k.digest
      ) AS naming JOIN past_manifest p ON p.digest = naming.manifest
      ORDER BY p.held_by IS NULL, p.held_until DESC NULLS FIRST LIMIT 1
    ) AS past ON true
    ORDER BY k.i
  `.execute(db);
  return rows;
}

/** The next at most `count` of `blobs`. Fewer: there are no more. */
export async function take<T>(blobs: AsyncIterator<T>, count: number): Promise<T[]> {
  const batch: T[] = [];
  while (batch.length < count) {
    const { done, value } = await blobs.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}

/** Whether nothing at all names a blob with these facts. */
export function isUnnamed(facts: BlobFacts): boolean {
  return !facts.live && facts.heldBy === null && facts.hadSince === null && !facts.fading;
}

/** Takes `digest` back from quarantine, and drops a copy that was left there. */
export async function takeBack(
  store: Pick<BlobStore, "stat" | "remove">,
  digest: Digest,
): Promise<void> {
  // It is removed only once it is known to lie in its place as well.
  if ((await store.stat(digest)) !== null) await store.remove(digest);
}
