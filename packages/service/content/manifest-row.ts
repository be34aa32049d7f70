import { type Change, type Commit, manifestChange } from "@entrepot/catalog";
import { artifactTypeOf, childrenOf, type Descriptor, type Manifest } from "@entrepot/oci";
import { sql } from "kysely";
import { movingTags, type TagMove } from "./move-tags.ts";

/** A manifest about to be stored. */
export interface Pushed {
  readonly content: Descriptor;
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** What the journal tells of a manifest that has come to be in `repository`. */
export function manifestAdded(repository: string, pushed: Pushed): Change {
  return manifestChange(repository, pushed.content.digest, rowOf(pushed));
}

/** Its columns that the journal tells of. */
function rowOf({ content, manifest }: Pushed) {
  return {
    media_type: content.mediaType,
    artifact_type: artifactTypeOf(manifest) ?? null,
    subject: manifest.subject?.digest ?? null,
    size: content.size,
  };
}

/**
 * The manifest's row, made if it is not there, and kept until this transaction ends: whoever is
 * deleting it at the moment comes first, and it is made anew. Whether it was made; then the tags
 * of `along` are moved with it.
 */
export async function manifestRow(
  commit: Commit,
  repositoryId: number,
  pushed: Pushed,
  along: TagMove | null,
): Promise<boolean> {
  for (;;) {
    if (await insertManifest(commit, repositoryId, pushed, along)) return true;
    const kept = await commit.db
      .selectFrom("manifest")
      .select("id")
      .where("repository_id", "=", repositoryId)
      .where("digest", "=", pushed.content.digest)
      .forKeyShare()
      .executeTakeFirst();
    if (kept) return false;
  }
}

/** False if the row is there already. */
async function insertManifest(
  commit: Commit,
  repositoryId: number,
  pushed: Pushed,
  along: TagMove | null,
): Promise<boolean> {
  const { content, manifest, bytes } = pushed;
  const row = rowOf(pushed);
  const children = childrenOf(manifest);
  const references = [...children.blobs, ...children.manifests];
  const annotations = manifest.annotations ? JSON.stringify(manifest.annotations) : null;
  const { rows } = await sql<{ id: number }>`
    WITH added AS (
      INSERT INTO manifest (repository_id, digest, media_type, size, artifact_type, subject,
                            annotations, bytes)
      VALUES (${repositoryId}, ${content.digest}, ${row.media_type}, ${row.size},
              ${row.artifact_type}, ${row.subject}, ${annotations}, ${Buffer.from(bytes)})
      ON CONFLICT (repository_id, digest) DO NOTHING
      RETURNING id
    ), referred AS (
      INSERT INTO manifest_reference (manifest_id, digest, kind, position)
      SELECT added.id, child.digest,
             CASE WHEN child.i <= ${children.blobs.length} THEN 'blob' ELSE 'manifest' END, child.i
      FROM added, unnest(${references.map((child) => child.digest)}::text[])
        WITH ORDINALITY AS child (digest, i)
    )${along ? sql`, ${movingTags(along, sql`added`)}` : sql``}
    SELECT id FROM added
  `.execute(commit.db);
  return rows.length > 0;
}
