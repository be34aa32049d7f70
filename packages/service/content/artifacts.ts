import type { Catalog } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import { sql } from "kysely";

/** A tag, or an artifact that has none, is in no index and refers to nothing. */
export interface NamedArtifact {
  readonly repository: string;
  /** The tag, or the digest of an untagged artifact. */
  readonly reference: string;
  readonly digest: Digest;
}

const PAGE = 500;

/**
 * Everything that has a name of its own in the repositories that `wanted` takes, in the order of
 * names. What is changed meanwhile may or may not be in it.
 */
export async function* listArtifacts(
  catalog: Catalog,
  wanted: (repository: string) => boolean,
): AsyncGenerator<NamedArtifact> {
  let last = "";
  for (;;) {
    const repositories = await catalog.db
      .selectFrom("repository")
      .select(["id", "name"])
      .where("name", ">", last)
      .orderBy("name")
      .limit(PAGE)
      .execute();
    const ids = repositories.filter(({ name }) => wanted(name)).map(({ id }) => id);
    if (ids.length > 0) yield* artifactsOf(catalog, ids);
    if (repositories.length < PAGE) return;
    last = repositories.at(-1)!.name;
  }
}

async function* artifactsOf(catalog: Catalog, ids: readonly number[]) {
  let after = { repository: "", reference: "" };
  for (;;) {
    const { rows } = await sql<NamedArtifact>`
      SELECT * FROM (
        SELECT r.name AS repository, t.name AS reference, t.digest
        FROM repository r JOIN tag t ON t.repository_id = r.id
        WHERE r.id = ANY(${ids}::integer[])
        UNION ALL
        SELECT r.name, m.digest, m.digest
        FROM repository r JOIN manifest m ON m.repository_id = r.id
        WHERE r.id = ANY(${ids}::integer[]) AND m.subject IS NULL
          AND NOT EXISTS (SELECT FROM tag t WHERE t.repository_id = r.id AND t.digest = m.digest)
          AND NOT EXISTS (
            SELECT FROM manifest_reference c JOIN manifest p ON p.id = c.manifest_id
            WHERE c.digest = m.digest AND c.kind = 'manifest' AND p.repository_id = r.id)
      ) AS artifact
      WHERE (repository, reference) > (${after.repository}, ${after.reference})
      ORDER BY repository, reference LIMIT ${PAGE}
    `.execute(catalog.db);
    yield* rows;
    const end = rows.at(-1);
    if (!end || rows.length < PAGE) return;
    after = end;
  }
}
