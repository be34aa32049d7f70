import { batched, type Catalog } from "@entrepot/catalog";
import { asDigest, type Descriptor, type Digest } from "@entrepot/oci";
import { sql } from "kysely";

/** Questions of the hot path. All that are asked in one turn of the event loop are one query. */
export interface Lookups {
  /** What `reference` (tag or digest) names in `repository`. */
  manifest(key: { repository: string; reference: string }): Promise<Descriptor | null>;
  /** The size in bytes of blob `digest` by `repository`'s row, or null if it has none. */
  blob(key: { repository: string; digest: Digest }): Promise<number | null>;
  /** Notes that `repository` has a blob. False if its project does not exist. Repeating is safe. */
  addBlob(key: BlobRow): Promise<boolean>;
}

/** A blob that a repository may serve; its bytes are in the store already. */
export interface BlobRow {
  readonly repository: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

const MOST_KEYS = 200;
/** One at a time: under load each then answers more, and the database is asked less often. */
const ONE_QUERY = { max: MOST_KEYS, maxInFlight: 1 };

/** The lookups of `catalog`, batched. */
export function openLookups(catalog: Catalog): Lookups {
  return {
    manifest: batched((keys) => findManifests(catalog, keys), ONE_QUERY),
    blob: batched((keys) => findBlobs(catalog, keys), ONE_QUERY),
    addBlob: batched((rows) => addBlobs(catalog, rows), { max: MOST_KEYS }),
  };
}

interface ManifestRow {
  i: number;
  digest: Digest;
  media_type: string;
  size: number;
}

/**
 * The subqueries and the LIMIT make it three index look-ups per key, whatever the planner thinks of
 * tables that have grown since it last counted them: a join over all keys once took 60 ms.
 */
async function findManifests(
  catalog: Catalog,
  keys: { repository: string; reference: string }[],
): Promise<(Descriptor | null)[]> {
  const names = keys.map((key) => key.repository);
  const digests = keys.map((key) => asDigest(key.reference));
  const tags = keys.map((key, i) => (digests[i] ? null : key.reference));
  const { rows } = await sql<ManifestRow>`
    SELECT k.i, m.digest, m.media_type, m.size
    FROM unnest(${names}::text[], ${tags}::text[], ${digests}::text[])
      WITH ORDINALITY AS k (name, tag, digest, i)
    CROSS JOIN LATERAL (
      SELECT m.digest, m.media_type, m.size
      FROM repository r JOIN manifest m ON m.repository_id = r.id
      WHERE r.name = k.name AND m.digest = coalesce(k.digest, (
        SELECT t.digest FROM tag t WHERE t.repository_id = r.id AND t.name = k.tag))
      LIMIT 1
    ) AS m
  `.execute(catalog.db);

  const found: (Descriptor | null)[] = keys.map(() => null);
  for (const row of rows) {
    found[row.i - 1] = { mediaType: row.media_type, digest: row.digest, size: row.size };
  }
  return found;
}

async function findBlobs(
  catalog: Catalog,
  keys: { repository: string; digest: Digest }[],
): Promise<(number | null)[]> {
  const { rows } = await sql<{ i: number; size: number }>`
    SELECT k.i, b.size
    FROM unnest(${keys.map((key) => key.repository)}::text[],
                ${keys.map((key) => key.digest)}::text[]) WITH ORDINALITY AS k (name, digest, i)
    JOIN repository_blob b ON b.repository = k.name AND b.digest = k.digest
  `.execute(catalog.db);

  const found: (number | null)[] = keys.map(() => null);
  for (const row of rows) found[row.i - 1] = row.size;
  return found;
}

async function addBlobs(catalog: Catalog, blobs: BlobRow[]): Promise<boolean[]> {
  const { rows } = await sql<{ i: number }>`
    WITH k AS (
      SELECT k.*, p.id AS project_id
      FROM unnest(${blobs.map((blob) => blob.repository)}::text[],
                  ${blobs.map((blob) => blob.digest)}::text[],
                  ${blobs.map((blob) => blob.size)}::bigint[])
        WITH ORDINALITY AS k (name, digest, size, i)
      JOIN project p ON p.name = split_part(k.name, '/', 1)
    ), added AS (
      INSERT INTO repository_blob (repository, digest, size, project_id)
      SELECT DISTINCT name, digest, size, project_id FROM k ORDER BY name, digest
      ON CONFLICT DO NOTHING
    )
    SELECT i FROM k
  `.execute(catalog.db);

  const added = blobs.map(() => false);
  for (const row of rows) added[row.i - 1] = true;
  return added;
}
