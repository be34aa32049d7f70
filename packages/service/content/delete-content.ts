import {
  type Actor,
  type Catalog,
  manifestChange,
  repositoryChange,
  tagChange,
} from "@entrepot/catalog";
import { type Digest, RegistryError } from "@entrepot/oci";
import type { Place } from "./room.ts";

/** Deletes a tag, and nothing else. False if there was none. */
export async function deleteTag(at: Place, tag: string): Promise<boolean> {
  return at.room.catalog.commit(at.actor, async (commit) => {
    const deleted = await commit.db
      .deleteFrom("tag")
      .using("repository")
      .whereRef("repository.id", "=", "tag.repository_id")
      .where("repository.name", "=", at.repository)
      .where("tag.name", "=", tag)
      .executeTakeFirst();
    if (deleted.numDeletedRows === 0n) return false;
    commit.record(tagChange(at.repository, tag, null));
    return true;
  });
}

/**
 * Deletes a manifest with all tags that point at it. False if there was none. Throws DENIED while
 * an index of the repository refers to it. Its bytes stay in the store.
 */
export async function deleteManifest(at: Place, digest: Digest): Promise<boolean> {
  return at.room.catalog.commit(at.actor, async (commit) => {
    const manifest = await commit.db
      .selectFrom("manifest")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select(["manifest.id", "repository_id"])
      .where("repository.name", "=", at.repository)
      .where("digest", "=", digest)
      .forUpdate("manifest")
      .executeTakeFirst();
    if (!manifest) return false;

    const parent = await commit.db
      .selectFrom("manifest_reference")
      .innerJoin("manifest", "manifest.id", "manifest_reference.manifest_id")
      .select("manifest.digest")
      .where("manifest.repository_id", "=", manifest.repository_id)
      .where("manifest_reference.digest", "=", digest)
      .where("manifest_reference.kind", "=", "manifest")
      .limit(1)
      .executeTakeFirst();
    if (parent) {
      throw new RegistryError(
        "DENIED",
        `manifest ${digest} is part of index ${parent.digest}; delete the index first`,
      );
    }

    const tags = await commit.db
      .deleteFrom("tag")
      .where("repository_id", "=", manifest.repository_id)
      .where("digest", "=", digest)
      .returning("name")
      .execute();
    await commit.db.deleteFrom("manifest").where("id", "=", manifest.id).execute();
    for (const tag of tags) commit.record(tagChange(at.repository, tag.name, null));
    commit.record(manifestChange(at.repository, digest, null));
    return true;
  });
}

/**
 * Takes a blob out of a repository; its bytes stay in the store. False if it was not there. Throws
 * DENIED while a manifest of the repository refers to it: what can be pulled stays whole.
 */
export async function deleteBlob(at: Place, digest: Digest): Promise<boolean> {
  return at.room.catalog.transaction(async (db) => {
    const blob = await db
      .selectFrom("repository_blob")
      .select("digest")
      .where("repository", "=", at.repository)
      .where("digest", "=", digest)
      .forUpdate()
      .executeTakeFirst();
    if (!blob) return false;

    const user = await db
      .selectFrom("manifest_reference")
      .innerJoin("manifest", "manifest.id", "manifest_reference.manifest_id")
      .innerJoin("repository", "repository.id", "manifest.repository_id")
      .select("manifest.digest")
      .where("repository.name", "=", at.repository)
      .where("manifest_reference.digest", "=", digest)
      .where("manifest_reference.kind", "=", "blob")
      .limit(1)
      .executeTakeFirst();
    if (user) {
      throw new RegistryError(
        "DENIED",
        `blob ${digest} is part of manifest ${user.digest}; delete the manifest first`,
      );
    }
    await db
      .deleteFrom("repository_blob")
      .where("repository", "=", at.repository)
      .where("digest", "=", digest)
      .execute();
    return true;
  });
}

/** Deletes a repository with all its tags, manifests and blobs' rows. False if there was none. */
export async function deleteRepository(
  catalog: Catalog,
  actor: Actor,
  name: string,
): Promise<boolean> {
  return catalog.commit(actor, async (commit) => {
    const repository = await commit.db
      .selectFrom("repository")
      .select("id")
      .where("name", "=", name)
      .forUpdate()
      .executeTakeFirst();
    if (!repository) return false;
    const of = repository.id;
    const tags = await commit.db
      .deleteFrom("tag")
      .where("repository_id", "=", of)
      .returning("name")
      .execute();
    const manifests = await commit.db
      .deleteFrom("manifest")
      .where("repository_id", "=", of)
      .returning("digest")
      .execute();
    await commit.db.deleteFrom("repository_blob").where("repository", "=", name).execute();
    await commit.db.deleteFrom("repository").where("id", "=", of).execute();
    for (const tag of tags) commit.record(tagChange(name, tag.name, null));
    for (const { digest } of manifests) commit.record(manifestChange(name, digest, null));
    commit.record(repositoryChange(name, null));
    return true;
  });
}
