import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { sql } from "kysely";

/** Manifests looked at in one batch. */
const BATCH = 100;

/** A manifest that nothing names. */
export interface Untagged {
  readonly id: number;
  readonly repository: string;
  readonly digest: Digest;
}

/**
 * The next manifests after id `after` that have no tag, are part of no index, belong to no subject
 * that is there, and are older than `graceMs`.
 */
export async function untaggedManifests(
  { db, now }: Pick<Catalog, "db" | "now">,
  after: number,
  graceMs: number,
): Promise<{ items: Untagged[]; next: number | null }> {
  const before = new Date(now().getTime() - graceMs);
  const { rows } = await sql<Untagged>`
    SELECT m.id, repository.name AS repository, m.digest
    FROM manifest m JOIN repository ON repository.id = m.repository_id
    WHERE m.id > ${after} AND m.pushed_at <= ${before}
      AND NOT EXISTS (SELECT FROM tag t
        WHERE t.repository_id = m.repository_id AND t.digest = m.digest)
      AND NOT EXISTS (SELECT FROM manifest_reference r JOIN manifest i ON i.id = r.manifest_id
        WHERE r.digest = m.digest AND r.kind = 'manifest' AND i.repository_id = m.repository_id)
      AND NOT EXISTS (SELECT FROM manifest s
        WHERE s.repository_id = m.repository_id AND s.digest = m.subject)
    ORDER BY m.id LIMIT ${BATCH}
  `.execute(db);
  return { items: rows, next: rows.length === BATCH ? rows.at(-1)!.id : null };
}
