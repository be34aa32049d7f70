import { type Actor, type Catalog, manifestChange } from "@entrepot/catalog";
import {
  algorithmOf,
  artifactTypeOf,
  childrenOf,
  type Digest,
  digestOf,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { collect } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { sql } from "kysely";
import { readBlob } from "./check-blob.ts";
import type { Copies, Copy } from "./ports.ts";

/** Counts anew what a project's quota uses. Whoever changes the project's content waits. */
export async function recountUsage(catalog: Catalog, project: string): Promise<void> {
  await catalog.transaction(async (db) => {
    const { rows } = await sql<{ id: number }>`
      SELECT id FROM project WHERE name = ${project}`.execute(db);
    const id = rows[0]?.id;
    if (id === undefined) return;
    await sql`SELECT pg_advisory_xact_lock(14, ${id}::integer)`.execute(db);
    await sql`UPDATE quota SET used = project_bytes(${id}) WHERE project_id = ${id}`.execute(db);
  });
}

/** Makes the rows of a blob say its size, if its bytes are whole. False if they are not. */
export async function correctBlobRows(
  catalog: Catalog,
  store: Pick<BlobStore, "stat" | "read">,
  digest: Digest,
): Promise<boolean> {
  const read = await readBlob({ store }, digest);
  if (!read?.whole) return false;
  const { size } = read;
  await catalog.transaction(async (db) => {
    const { rows } = await sql<{ id: number; name: string }>`
      SELECT DISTINCT p.id, p.name FROM repository_blob b JOIN project p ON p.id = b.project_id
      WHERE b.digest = ${digest} AND b.size <> ${size} ORDER BY p.id`.execute(db);
    // Quotas count at insertion and deletion: what changes in between is counted anew.
    for (const { id } of rows) {
      await sql`SELECT pg_advisory_xact_lock(14, ${id}::integer)`.execute(db);
    }
    await sql`UPDATE repository_blob SET size = ${size}
      WHERE digest = ${digest} AND size <> ${size}`.execute(db);
    for (const { id } of rows) {
      await sql`UPDATE quota SET used = project_bytes(${id}) WHERE project_id = ${id}`.execute(db);
    }
  });
  return true;
}

/**
 * Makes the row of manifest `name` (`repository@digest`) what its bytes say, those that it has or,
 * if they are damaged, those of a copy. Returns why that cannot be, or null.
 */
export async function correctManifest(
  catalog: Catalog,
  from: Copies,
  name: string,
  copies: readonly Copy[],
  actor: Actor,
): Promise<string | null> {
  const [repository, digest] = name.split("@") as [string, Digest];
  const row = await catalog.db
    .selectFrom("manifest")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select(["manifest.id", "manifest.bytes", "repository.project_id"])
    .where("repository.name", "=", repository)
    .where("manifest.digest", "=", digest)
    .executeTakeFirst();
  if (!row) return "it has been deleted meanwhile";
  const bytes = isOf(row.bytes, digest) ? row.bytes : await wholeBytes(from, digest, copies);
  if (!bytes) return "no copy that was asked has it whole";
  const manifest = parsed(bytes);
  if (typeof manifest === "string") return manifest;
  const { blobs, manifests } = childrenOf(manifest);
  const references = [...blobs, ...manifests].map((child) => child.digest);
  const said = {
    media_type: manifest.mediaType,
    artifact_type: artifactTypeOf(manifest) ?? null,
    subject: manifest.subject?.digest ?? null,
    size: bytes.length,
  };
  await catalog.commit(actor, async (commit) => {
    await sql`SELECT pg_advisory_xact_lock(14, ${row.project_id}::integer)`.execute(commit.db);
    const before = await commit.db
      .selectFrom("manifest")
      .select(["media_type", "artifact_type", "subject", "size"])
      .where("id", "=", row.id)
      .forUpdate()
      .executeTakeFirst();
    if (!before) return;
    await commit.db
      .updateTable("manifest")
      .set({ ...said, bytes: Buffer.from(bytes) })
      .where("id", "=", row.id)
      .execute();
    await sql`DELETE FROM manifest_reference WHERE manifest_id = ${row.id}`.execute(commit.db);
    await sql`
      INSERT INTO manifest_reference (manifest_id, digest, kind, position)
      SELECT ${row.id}, k.digest,
        CASE WHEN k.i <= ${blobs.length} THEN 'blob' ELSE 'manifest' END, k.i
      FROM unnest(${references}::text[]) WITH ORDINALITY AS k (digest, i)`.execute(commit.db);
    await sql`UPDATE quota SET used = project_bytes(${row.project_id})
      WHERE project_id = ${row.project_id}`.execute(commit.db);
    // The journal mostly has it right: then there is nothing new to tell.
    const { rows } = await sql<{ same: boolean }>`
      SELECT after = ${JSON.stringify(manifestChange(repository, digest, said).after)}::jsonb
        AS same
      FROM journal WHERE kind = 'manifest' AND key = ${name} ORDER BY seq DESC LIMIT 1
    `.execute(commit.db);
    if (!rows[0]?.same) commit.record(manifestChange(repository, digest, said));
  });
  return null;
}

function parsed(bytes: Uint8Array) {
  try {
    return parseManifest(bytes);
  } catch (error) {
    return `its bytes do not say what they are: ${(error as Error).message}`;
  }
}

async function wholeBytes(
  from: Copies,
  digest: Digest,
  copies: readonly Copy[],
): Promise<Uint8Array | null> {
  for (const copy of copies) {
    try {
      const size = await from.stat(copy, digest);
      if (size === null) continue;
      const bytes = await collect(await from.fetch(copy, { digest, size }), size);
      if (isOf(bytes, digest)) return bytes;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
    }
  }
  return null;
}

function isOf(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}
