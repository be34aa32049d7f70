import type { Database } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import type { BlobStore } from "@entrepot/storage";
import { type Kysely, sql } from "kysely";
import { ALL_BLOBS } from "../backup/changed-names.ts";
import type { BlobLine } from "../backup/format.ts";
import { readRows } from "../backup/read-rows.ts";

const MOST_NAMED = 1_000;
const MOST_FORGOTTEN = 10_000;

/** A blob that an image needs, and that is not in the storage as it should be. */
export interface MissingBlob {
  readonly digest: Digest;
  /** Bytes, as manifests say; null: nobody says. */
  readonly expected: number | null;
  /** Bytes that are there; null: it is not. */
  readonly found: number | null;
  /** One of the artifacts that need it, `repository@digest`, and how many do. */
  readonly neededBy: string;
  readonly needs: number;
}

/** Whether all that names need is in the storage. */
export interface Stored {
  readonly blobs: number;
  readonly bytes: number;
  /** The first 1,000, and how many there are. */
  readonly missing: readonly MissingBlob[];
  readonly missingCount: number;
}

/**
 * Looks for every blob of the catalog in the storage, by its size. What is not there and needed by
 * no artifact is forgotten: garbage collection had removed it. Repeating is safe.
 */
export async function checkStored(
  db: Kysely<Database>,
  store: Pick<BlobStore, "stat">,
  signal?: AbortSignal,
): Promise<Stored> {
  const lost: Omit<MissingBlob, "neededBy" | "needs">[] = [];
  let [blobs, bytes, missingCount] = [0, 0, 0];
  await db.transaction().execute(async (trx) => {
    let gone: Digest[] = [];
    for await (const line of readRows(trx, ALL_BLOBS)) {
      signal?.throwIfAborted();
      const { digest, size: expected, needed } = JSON.parse(line) as BlobLine;
      const found = await store.stat(digest);
      if (found !== null && (expected === null || found === expected)) {
        blobs += 1;
        bytes += found;
      } else if (needed) {
        missingCount += 1;
        if (lost.length < MOST_NAMED) lost.push({ digest, expected, found });
      } else if (gone.length < MOST_FORGOTTEN) {
        gone.push(digest);
      }
    }
    await sql`DELETE FROM repository_blob WHERE digest = ANY(${gone}::text[])`.execute(trx);
  });
  const { rows } = await sql<{ digest: Digest; neededBy: string; needs: number }>`
    SELECT f.digest, min(r.name || '@' || m.digest) AS "neededBy", count(*) AS needs
    FROM manifest_reference f JOIN manifest m ON m.id = f.manifest_id
    JOIN repository r ON r.id = m.repository_id
    WHERE f.digest = ANY(${lost.map(({ digest }) => digest)}::text[]) GROUP BY f.digest`.execute(
    db,
  );
  const by = new Map(rows.map((row) => [row.digest, row]));
  const missing = lost.map((blob) => {
    const { neededBy = "", needs = 0 } = by.get(blob.digest) ?? {};
    return { ...blob, neededBy, needs };
  });
  return { blobs, bytes, missing, missingCount };
}
