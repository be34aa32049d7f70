import { type Commit, manifestChange, repositoryChange, tagChange } from "@entrepot/catalog";
import {
  artifactTypeOf,
  childrenOf,
  type Descriptor,
  type Digest,
  digestOf,
  isNonDistributable,
  algorithmOf,
  type Manifest,
  parseManifest,
  parseTag,
  RegistryError,
} from "@entrepot/oci";
import { collect } from "@entrepot/registry";
import { sql } from "kysely";
import type { Place } from "./room.ts";
import { projectUnknown } from "./push-blob.ts";

/**
 * Stores a manifest and points all of `tags` at it, in one transaction with the journal's entries:
 * one for the manifest if it is new here, and one for every tag. Its bytes are durable in the blob
 * store before. Repeating heals the store's copy.
 *
 * Throws DIGEST_INVALID, SIZE_INVALID, MANIFEST_INVALID, TAG_INVALID, MANIFEST_BLOB_UNKNOWN when a
 * child is not here, NAME_UNKNOWN when the project is not.
 */
export async function pushManifest(
  at: Place,
  content: Descriptor,
  bytes: Uint8Array,
  tags: readonly string[],
): Promise<void> {
  if (digestOf(bytes, algorithmOf(content.digest)) !== content.digest) {
    throw new RegistryError(
      "DIGEST_INVALID",
      `the manifest's bytes are not those of ${content.digest}; push it again`,
    );
  }
  const manifest = parseManifest(bytes, content.mediaType);
  const names = [...new Set(tags.map(parseTag))].toSorted();

  await Promise.all([childBlobsStored(at, manifest), bytesStored(at, content, bytes)]);
  await at.room.catalog.commit(at.actor, async (commit) => {
    const known = await knownRows(commit, at.repository, content.digest);
    const repositoryId = known?.repositoryId ?? (await createRepository(commit, at.repository));
    // A manifest that is here has its children here: they cannot be deleted before it.
    if (!known?.hasManifest) {
      await childrenHere(commit, at.repository, repositoryId, manifest);
      await manifestRow(commit, at.repository, repositoryId, content, manifest, bytes);
    }
    await tagRows(commit, at.repository, repositoryId, names, content);
  });
}

/** Where a manifest is to be: the repository's id, and whether it has the manifest, kept so. */
async function knownRows(commit: Commit, repository: string, digest: Digest) {
  const { rows } = await sql<{ repositoryId: number; hasManifest: boolean }>`
    SELECT repository.id AS "repositoryId", manifest.id IS NOT NULL AS "hasManifest"
    FROM repository LEFT JOIN LATERAL (
      SELECT id FROM manifest
      WHERE repository_id = repository.id AND digest = ${digest} FOR KEY SHARE
    ) AS manifest ON true
    WHERE repository.name = ${repository}
  `.execute(commit.db);
  return rows[0];
}

/** The store's copy is durable and whole: compared, which is cheaper than written again. */
async function bytesStored(at: Place, content: Descriptor, bytes: Uint8Array): Promise<void> {
  const { store } = at.room;
  if ((await store.stat(content.digest)) === bytes.length) {
    const stored = await collect(await store.read(content.digest), bytes.length);
    if (Buffer.compare(stored, bytes) === 0) return;
  }
  await store.put(content.digest, bytes);
}

/** Points `tag` at the manifest `digest`, which must be here: else MANIFEST_UNKNOWN. */
export async function tagManifest(at: Place, tag: string, digest: Digest): Promise<void> {
  const name = parseTag(tag);
  await at.room.catalog.commit(at.actor, async (commit) => {
    const row = await commit.db
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["repository_id", "media_type", "size"])
      .where("repository.name", "=", at.repository)
      .where("digest", "=", digest)
      .forShare("manifest")
      .executeTakeFirst();
    if (!row) {
      throw new RegistryError(
        "MANIFEST_UNKNOWN",
        `manifest ${digest} is not in repository '${at.repository}'; push it before tagging it`,
      );
    }
    const content = { mediaType: row.media_type, digest, size: row.size };
    await tagRows(commit, at.repository, row.repository_id, [name], content);
  });
}

/** Bytes of every child blob lie in the store whole; those fetched from elsewhere may be absent. */
async function childBlobsStored(at: Place, manifest: Manifest): Promise<void> {
  const blobs = childrenOf(manifest).blobs.filter((blob) => !isNonDistributable(blob));
  const stored = await Promise.all(blobs.map((blob) => at.room.store.stat(blob.digest)));
  const missing = blobs.find((blob, i) => stored[i] !== blob.size);
  if (!missing) return;
  const size = stored[blobs.indexOf(missing)];
  throw childUnknown(
    at.repository,
    missing.digest,
    size === null ? "" : ` with ${missing.size} bytes (here it has ${size})`,
  );
}

async function createRepository(commit: Commit, name: string): Promise<number> {
  const created = await sql<{ id: number; description: string; created: boolean }>`
    INSERT INTO repository (project_id, name)
    SELECT id, ${name} FROM project WHERE name = split_part(${name}, '/', 1) FOR KEY SHARE
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING id, description, (xmax = 0) AS created
  `.execute(commit.db);
  const row = created.rows[0];
  if (!row) throw projectUnknown(name);
  if (row.created) commit.record(repositoryChange(name, row));
  return row.id;
}

/** Children are part of this repository, and stay so until this transaction ends. */
async function childrenHere(
  commit: Commit,
  repository: string,
  repositoryId: number,
  manifest: Manifest,
): Promise<void> {
  const children = childrenOf(manifest);
  const needed = children.blobs.filter((blob) => !isNonDistributable(blob));
  const blobs = needed.map((blob) => blob.digest);
  const manifests = children.manifests.map((child) => child.digest);
  const { rows } = await sql<{ digest: Digest }>`
    SELECT digest FROM (
      SELECT digest FROM repository_blob
      WHERE repository = ${repository} AND digest = ANY(${blobs}::text[]) FOR KEY SHARE
    ) AS blobs
    UNION ALL
    SELECT digest FROM (
      SELECT digest FROM manifest
      WHERE repository_id = ${repositoryId} AND digest = ANY(${manifests}::text[]) FOR KEY SHARE
    ) AS manifests
  `.execute(commit.db);

  const here = new Set(rows.map((row) => row.digest));
  const missing = [...blobs, ...manifests].find((digest) => !here.has(digest));
  if (missing) throw childUnknown(repository, missing);
}

/**
 * The manifest's row, made if it is not there, and kept until this transaction ends: whoever is
 * deleting it at the moment comes first, and it is made anew.
 */
async function manifestRow(
  commit: Commit,
  repository: string,
  repositoryId: number,
  content: Descriptor,
  manifest: Manifest,
  bytes: Uint8Array,
): Promise<void> {
  const row = {
    media_type: content.mediaType,
    artifact_type: artifactTypeOf(manifest) ?? null,
    subject: manifest.subject?.digest ?? null,
    size: bytes.byteLength,
  };
  for (;;) {
    if (await insertManifest(commit, repositoryId, content.digest, row, manifest, bytes)) {
      commit.record(manifestChange(repository, content.digest, row));
      return;
    }
    const kept = await commit.db
      .selectFrom("manifest")
      .select("id")
      .where("repository_id", "=", repositoryId)
      .where("digest", "=", content.digest)
      .forKeyShare()
      .executeTakeFirst();
    if (kept) return;
  }
}

/** Its columns that the journal tells of. */
type ManifestRow = NonNullable<Parameters<typeof manifestChange>[2]>;

/** False if the row is there already. */
async function insertManifest(
  commit: Commit,
  repositoryId: number,
  digest: Digest,
  row: ManifestRow,
  manifest: Manifest,
  bytes: Uint8Array,
): Promise<boolean> {
  const children = childrenOf(manifest);
  const references = [...children.blobs, ...children.manifests];
  const annotations = manifest.annotations ? JSON.stringify(manifest.annotations) : null;
  const { rows } = await sql<{ id: number }>`
    WITH added AS (
      INSERT INTO manifest (repository_id, digest, media_type, size, artifact_type, subject,
                            annotations, bytes)
      VALUES (${repositoryId}, ${digest}, ${row.media_type}, ${row.size}, ${row.artifact_type},
              ${row.subject}, ${annotations}, ${Buffer.from(bytes)})
      ON CONFLICT (repository_id, digest) DO NOTHING
      RETURNING id
    ), referred AS (
      INSERT INTO manifest_reference (manifest_id, digest, kind, position)
      SELECT added.id, child.digest,
             CASE WHEN child.i <= ${children.blobs.length} THEN 'blob' ELSE 'manifest' END, child.i
      FROM added, unnest(${references.map((child) => child.digest)}::text[])
        WITH ORDINALITY AS child (digest, i)
    )
    SELECT id FROM added
  `.execute(commit.db);
  return rows.length > 0;
}

async function tagRows(
  commit: Commit,
  repository: string,
  repositoryId: number,
  names: readonly string[],
  content: Descriptor,
): Promise<void> {
  if (names.length === 0) return;
  await sql`
    INSERT INTO tag (repository_id, name, digest)
    SELECT ${repositoryId}::integer, name, ${content.digest} FROM unnest(${names}::text[]) AS name
    ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, pushed_at = now()
  `.execute(commit.db);
  for (const tag of names) commit.record(tagChange(repository, tag, content));
}

function childUnknown(repository: string, digest: string, more = ""): RegistryError {
  return new RegistryError(
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest refers to ${digest}, which repository '${repository}' does not have${more}; ` +
      "push it first",
    { detail: { digest } },
  );
}
