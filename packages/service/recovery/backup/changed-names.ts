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
 * What a segment after `seq` holds of the tables that grow with the number of names. `within` is
 * SQL that says which entries of the journal count.
 */
export function readingsSince(seq: number, within = "true"): Reading[] {
  const read = (table: string, changes: string, where: string): Reading => ({
    table,
    rows: `WITH ${changedSince(seq, within)}
      SELECT row_to_json(t)::text FROM ${changes} ${lookUp(table, where)}`,
  });
  return [
    {
      table: "journal",
      rows: `SELECT row_to_json(t)::text FROM journal t WHERE seq > ${seq} AND ${within}`,
    },
    read("repository", "changed_repository c", "t.name = c.name"),
    read("manifest", PRESENT_MANIFESTS, "t.id = m.id"),
    read("manifest_reference", PRESENT_MANIFESTS, "t.manifest_id = m.id"),
    read("artifact_label", PRESENT_MANIFESTS, "t.manifest_id = m.id"),
    read(
      "tag",
      `(SELECT split_part(key, ':', 1) AS repository, split_part(key, ':', 2) AS name
        FROM changed WHERE kind = 'tag') c
        ${lookUp("repository", "t.name = c.repository", "r")}`,
      "t.repository_id = r.id AND t.name = c.name",
    ),
    read("name_clock", "(SELECT DISTINCT key FROM changed) c", "t.key = c.key"),
    read("past_manifest", CHANGED_DIGESTS, "t.digest = c.digest"),
    read("past_reference", CHANGED_DIGESTS, "t.manifest = c.digest"),
    read(
      "repository_blob",
      `(
        SELECT c.repository, f.digest
        FROM ${PRESENT_MANIFESTS} ${lookUp("manifest_reference", "t.manifest_id = m.id", "f")}
        WHERE f.kind = 'blob'
        UNION
        -- Of what was pushed and deleted again, too: a restored registry collects it as this one.
        SELECT c.repository, p.digest
        FROM changed_manifest c ${lookUp("past_reference", "t.manifest = c.digest", "p")}
        WHERE p.kind = 'blob'
      ) c`,
      "t.repository = c.repository AND t.digest = c.digest",
    ),
  ];
}

/**
 * A join, as `as`, with the rows of `table` for which `where` holds, looked up anew for each row
 * before it. OFFSET keeps the planner from finding another way: it takes the changes for few, and
 * read all of a repository, or all of the table, for every one of them.
 */
function lookUp(table: string, where: string, as = "t"): string {
  return `CROSS JOIN LATERAL (SELECT t.* FROM ${table} t WHERE ${where} OFFSET 0) ${as}`;
}

/** The changed manifests `c` that there still are, with their rows `m`. */
const PRESENT_MANIFESTS = `changed_manifest c
  ${lookUp("repository", "t.name = c.repository", "r")}
  ${lookUp("manifest", "t.repository_id = r.id AND t.digest = c.digest", "m")}`;

const CHANGED_DIGESTS = "(SELECT DISTINCT digest FROM changed_manifest) c";

/** Blobs that names changed after `seq` need, as `ALL_BLOBS` tells them. */
export function blobsSince(seq: number, within = "true"): string {
  return `
    WITH ${changedSince(seq, within)}, known AS (
      SELECT f.digest, true AS needed
        FROM ${PRESENT_MANIFESTS} ${lookUp("manifest_reference", "t.manifest_id = m.id", "f")}
        WHERE f.kind = 'blob'
      UNION ALL
      SELECT p.digest, false
        FROM changed_manifest c ${lookUp("past_reference", "t.manifest = c.digest", "p")}
        WHERE p.kind = 'blob'
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
