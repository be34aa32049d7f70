/** What a backup reads of the database: rows by table, and the blobs that they need. */
export interface Reading {
  readonly table: string;
  /** SQL whose rows have one column: the row as JSON text. */
  readonly rows: string;
}

/** Blobs of the whole registry as `BlobLine`s, in the order of their digests. */
export const ALL_BLOBS = `
  WITH known AS (
    SELECT digest, max(size) AS size, EXISTS (
      SELECT FROM manifest_reference r WHERE r.digest = b.digest AND kind = 'blob') AS needed
    FROM repository_blob b GROUP BY digest
    UNION ALL
    SELECT DISTINCT digest, NULL::bigint, false FROM past_reference p
    WHERE kind = 'blob' AND NOT EXISTS (SELECT FROM repository_blob b WHERE b.digest = p.digest)
  )
  SELECT json_build_object('digest', digest, 'size', size, 'needed', needed)::text
  FROM known ORDER BY digest COLLATE "C"`;

/**
 * The changed manifests `c` that there still are, with the `id` of each. LIMIT has each looked up
 * by itself: the planner, which takes the changes for few, would read all manifests of a repository
 * for every one.
 */
const CHANGED_THAT_ARE = `
  changed_manifest c CROSS JOIN LATERAL (
    SELECT m.id FROM repository r JOIN manifest m ON m.repository_id = r.id
    WHERE r.name = c.repository AND m.digest = c.digest LIMIT 1
  ) m`;

/**
 * What a segment after `seq` holds of the tables that grow with the number of names. `within` is
 * SQL that says which entries of the journal count.
 */
export function readingsSince(seq: number, within = "true"): Reading[] {
  const changed = changedSince(seq, within);
  const read = (table: string, from: string): Reading => ({
    table,
    rows: `WITH ${changed} SELECT row_to_json(t)::text FROM ${from}`,
  });
  const ofManifest = `IN (SELECT id FROM ${CHANGED_THAT_ARE})`;
  return [
    {
      table: "journal",
      rows: `SELECT row_to_json(t)::text FROM journal t WHERE seq > ${seq} AND ${within}`,
    },
    read("repository", "repository t WHERE name IN (SELECT name FROM changed_repository)"),
    read("manifest", `manifest t WHERE id ${ofManifest}`),
    read("manifest_reference", `manifest_reference t WHERE manifest_id ${ofManifest}`),
    read("artifact_label", `artifact_label t WHERE manifest_id ${ofManifest}`),
    read(
      "tag",
      // By the index, each for itself: compared as one text, every tag would be with every change.
      `(SELECT t.* FROM changed c JOIN repository r ON r.name = split_part(key, ':', 1)
        JOIN tag t ON t.repository_id = r.id AND t.name = split_part(key, ':', 2)
        WHERE kind = 'tag') t`,
    ),
    read("name_clock", "name_clock t WHERE key IN (SELECT key FROM changed)"),
    read("past_manifest", "past_manifest t WHERE digest IN (SELECT digest FROM changed_manifest)"),
    read(
      "past_reference",
      "past_reference t WHERE manifest IN (SELECT digest FROM changed_manifest)",
    ),
    read(
      "repository_blob",
      `repository_blob t WHERE (repository, digest) IN (
        SELECT c.repository, f.digest FROM ${CHANGED_THAT_ARE}
        JOIN manifest_reference f ON f.manifest_id = m.id AND f.kind = 'blob'
        UNION ALL
        -- Of what was pushed and deleted again, too: a restored registry collects it as this one.
        SELECT c.repository, p.digest FROM changed_manifest c
        JOIN past_reference p ON p.manifest = c.digest AND p.kind = 'blob')`,
    ),
  ];
}

/** Blobs that names changed after `seq` need, as `ALL_BLOBS` tells them. */
export function blobsSince(seq: number, within = "true"): string {
  return `
    WITH ${changedSince(seq, within)}, known AS (
      SELECT f.digest, true AS needed FROM ${CHANGED_THAT_ARE}
        JOIN manifest_reference f ON f.manifest_id = m.id AND f.kind = 'blob'
      UNION ALL
      SELECT p.digest, false FROM changed_manifest c
        JOIN past_reference p ON p.manifest = c.digest AND p.kind = 'blob'
    ), sized AS (
      SELECT digest, bool_or(needed) AS needed,
        (SELECT max(size) FROM repository_blob b WHERE b.digest = known.digest) AS size
      FROM known GROUP BY digest
    )
    SELECT json_build_object('digest', digest, 'size', size,
      'needed', needed AND size IS NOT NULL)::text
    FROM sized ORDER BY digest COLLATE "C"`;
}

/** A tag's name has no colon and a repository's neither colon nor `@`. */
function changedSince(seq: number, within: string): string {
  return `
    changed AS MATERIALIZED (
      SELECT DISTINCT kind, key FROM journal WHERE seq > ${seq}
        AND kind IN ('tag', 'manifest', 'artifact_label', 'repository') AND ${within}
    ), changed_manifest AS MATERIALIZED (
      SELECT DISTINCT split_part(key, '@', 1) AS repository, split_part(key, '@', 2) AS digest
      FROM changed WHERE kind IN ('manifest', 'artifact_label')
    ), changed_repository AS MATERIALIZED (
      SELECT DISTINCT split_part(split_part(key, '@', 1), ':', 1) AS name FROM changed
    )`;
}
