import { randomUUID } from "node:crypto";
import type { Catalog } from "@entrepot/catalog";
import type { Content } from "@entrepot/content";
import { sql } from "kysely";

/** Manifests taken away in one go; the next go takes the next ones. */
const MOST = 1_000;

/**
 * Takes out of proxy projects what nobody has pulled for as many days as their `proxy_keep_days`
 * says (absent: kept for good). The next pull fetches it again. An index goes before its children.
 * Returns how many manifests have gone; repeating is safe, on many nodes at once too.
 */
export async function expireProxied(catalog: Catalog, content: Content): Promise<number> {
  const { rows } = await sql<{ repository: string; digest: string }>`
    SELECT repository.name AS repository, manifest.digest
    FROM project
      JOIN repository ON repository.project_id = project.id
      JOIN manifest ON manifest.repository_id = repository.id
      LEFT JOIN pulled ON pulled.repository = repository.name AND pulled.digest = manifest.digest
    WHERE project.registry_id IS NOT NULL
      AND project.metadata->>'proxy_keep_days' ~ '^[1-9][0-9]{0,3}$'
      AND coalesce(pulled.at, manifest.pushed_at)
        < now() - make_interval(days => (project.metadata->>'proxy_keep_days')::integer)
      AND NOT EXISTS (SELECT FROM manifest_reference
        JOIN manifest AS parent ON parent.id = manifest_reference.manifest_id
        WHERE manifest_reference.digest = manifest.digest
          AND manifest_reference.kind = 'manifest'
          AND parent.repository_id = manifest.repository_id)
    ORDER BY manifest.id LIMIT ${MOST}
  `.execute(catalog.db);
  if (rows.length === 0) return 0;
  const registry = content.as({ name: "system:proxy", cause: randomUUID() });
  let gone = 0;
  for (const { repository, digest } of rows) {
    if (await registry.repository(repository).delete(digest)) gone++;
  }
  return gone;
}
