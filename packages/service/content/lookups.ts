import { batched, type Catalog, isTransient, list } from "@entrepot/catalog";
import { asDigest, type Descriptor, type Digest, RegistryError } from "@entrepot/oci";
import { sql } from "kysely";

/** Questions of the hot path. All that are asked in one turn of the event loop are one query. */
export interface Lookups {
  /** What `reference` (tag or digest) names in `repository`. */
  manifest(key: { repository: string; reference: string }): Promise<Descriptor | null>;
  /** The size in bytes of blob `digest` by `repository`'s row, or null if it has none. */
  blob(key: { repository: string; digest: Digest }): Promise<number | null>;
  /**
   * Notes that `repository` has a blob. False if its project does not exist. Repeating is safe.
   * Throws DENIED where the project's quota has no room for it.
   */
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
/** Rows that vanish again and again are no garbage collection's doing. */
const MOST_TRIES = 5;
/**
 * One at a time: under load each then answers more, and the database is asked less often. What many
 * ask for at once (a fleet that pulls one tag) is asked once.
 */
const oneQuery = <K>(nameOf: (key: K) => string) => ({ max: MOST_KEYS, maxInFlight: 1, nameOf });

/** The lookups of `catalog`, batched. */
export function openLookups(catalog: Catalog): Lookups {
  const adding = batched((rows: BlobRow[]) => addEach(catalog, rows), { max: MOST_KEYS });
  const added: Lookups["addBlob"] = async (row) => {
    const outcome = await adding(row);
    if (typeof outcome === "boolean") return outcome;
    throw outcome;
  };
  return {
    manifest: batched(
      (keys) => findManifests(catalog, keys),
      oneQuery(({ repository, reference }) => `${repository}:${reference}`),
    ),
    blob: batched(
      (keys) => findBlobs(catalog, keys),
      oneQuery(({ repository, digest }) => `${repository}@${digest}`),
    ),
    addBlob: added,
  };
}

/** What one project's quota refuses is no other row's failure: then each goes alone. */
async function addEach(catalog: Catalog, rows: BlobRow[]): Promise<(boolean | RegistryError)[]> {
  try {
    return await againIfTransient(() => addBlobs(catalog, rows));
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "DENIED") throw error;
    if (rows.length === 1) return [error];
  }
  const outcomes: (boolean | RegistryError)[] = [];
  for (const row of rows) outcomes.push(...(await addEach(catalog, [row])));
  return outcomes;
}

/** As a commit does: a deadlock with a deletion is nobody's failure. Repeating is safe. */
async function againIfTransient<T>(add: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await add();
    } catch (error) {
      if (tries === MOST_TRIES || !isTransient(error)) throw error;
    }
  }
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
    FROM unnest(${list("text", names)}, ${list("text", tags)}, ${list("text", digests)})
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

/** Whoever is told that a blob is here may go on to use it: it is not condemned any more. */
async function findBlobs(
  catalog: Catalog,
  keys: { repository: string; digest: Digest }[],
): Promise<(number | null)[]> {
  const names = keys.map((key) => key.repository);
  const digests = keys.map((key) => key.digest);
  const { rows } = await sql<{ i: number; size: number; condemned: boolean }>`
    SELECT k.i, b.size, b.condemned_at IS NOT NULL AS condemned
    FROM unnest(${list("text", names)}, ${list("text", digests)})
      WITH ORDINALITY AS k (name, digest, i)
    CROSS JOIN LATERAL (
      SELECT size, condemned_at FROM repository_blob
      WHERE repository = k.name AND digest = k.digest LIMIT 1
    ) AS b
  `.execute(catalog.db);

  const found: (number | null)[] = keys.map(() => null);
  for (const row of rows) found[row.i - 1] = row.size;
  const condemned = rows.filter((row) => row.condemned).map((row) => row.i - 1);
  if (condemned.length === 0) return found;
  const kept = await reprieve(
    catalog,
    condemned.map((i) => keys[i]!),
  );
  condemned.forEach((i, n) => {
    if (!kept[n]) found[i] = null;
  });
  return found;
}

/** Takes back that these rows are condemned. False for one that has gone meanwhile. */
async function reprieve(
  catalog: Catalog,
  keys: readonly { repository: string; digest: Digest }[],
): Promise<boolean[]> {
  // Locked in one order, so that two cannot wait for each other.
  const { rows } = await sql<{ repository: string; digest: string }>`
    WITH kept AS (
      SELECT b.repository, b.digest
      FROM unnest(${keys.map((key) => key.repository)}::text[],
                  ${keys.map((key) => key.digest)}::text[]) AS k (name, digest)
      JOIN repository_blob b ON b.repository = k.name AND b.digest = k.digest
      ORDER BY b.repository, b.digest FOR NO KEY UPDATE OF b
    )
    UPDATE repository_blob b SET condemned_at = NULL FROM kept
    WHERE b.repository = kept.repository AND b.digest = kept.digest
    RETURNING b.repository, b.digest
  `.execute(catalog.db);
  const kept = new Set(rows.map((row) => `${row.repository}@${row.digest}`));
  return keys.map((key) => kept.has(`${key.repository}@${key.digest}`));
}

/** A row that garbage collection removes at this very moment is made anew. */
async function addBlobs(catalog: Catalog, blobs: BlobRow[]): Promise<boolean[]> {
  const added = blobs.map(() => false);
  let left = blobs.map((_, i) => i);
  for (let tries = 0; left.length > 0 && tries < MOST_TRIES; tries++) {
    const rows = await insertBlobs(
      catalog,
      left.map((i) => blobs[i]!),
    );
    const condemned = rows.filter((row) => row.condemned).map((row) => left[row.i - 1]!);
    for (const row of rows) added[left[row.i - 1]!] = true;
    if (condemned.length === 0) return added;
    const kept = await reprieve(
      catalog,
      condemned.map((i) => blobs[i]!),
    );
    left = condemned.filter((_, n) => !kept[n]);
    for (const i of left) added[i] = false;
  }
  return added;
}

/** One row for each blob whose project exists; `condemned` if it was there, and is. */
async function insertBlobs(catalog: Catalog, blobs: readonly BlobRow[]) {
  const { rows } = await sql<{ i: number; condemned: boolean }>`
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
    SELECT k.i, b.condemned_at IS NOT NULL AS condemned
    FROM k LEFT JOIN repository_blob b ON b.repository = k.name AND b.digest = k.digest
  `.execute(catalog.db);
  return rows;
}
