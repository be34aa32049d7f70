import {
  type Actor,
  type Catalog,
  type Database,
  manifestChange,
  repositoryChange,
  tagChange,
} from "@entrepot/catalog";
import { type Digest, RegistryError } from "@entrepot/oci";
import type { Kysely } from "kysely";
import { recordUnlabelled } from "./labels.ts";
import { applies, lockClocks, rule, saveClocks } from "./name-clocks.ts";
import type { Place } from "./room.ts";

/** When a manifest is to be left after all. */
export interface OnlyIf {
  /** It has a tag: then nothing is done. */
  readonly onlyUntagged?: boolean;
  /** It has a tag that is not among these: CONFLICT. */
  readonly onlyTags?: readonly string[];
}

/**
 * Deletes a manifest with all tags that point at it. False if there was none, or if it has tags
 * and was to be deleted `onlyUntagged`. Throws DENIED while an index of the repository refers to
 * it, CONFLICT if it has others than `onlyTags`. Its bytes stay in the store.
 *
 * A deletion from elsewhere that carries a clock deletes no tags (those have their own)
 * and leaves, as if it had succeeded, what has one or has been pushed since.
 */
export async function deleteManifest(
  at: Place,
  digest: Digest,
  { onlyUntagged = false, onlyTags }: OnlyIf = {},
): Promise<boolean> {
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

    await refusePart(commit.db, at.repository, { digest, kind: "manifest" });
    const named = await commit.db
      .selectFrom("tag")
      .select("name")
      .where("repository_id", "=", manifest.repository_id)
      .where("digest", "=", digest)
      .execute();
    if (onlyUntagged && named.length > 0) return false;
    // No tag can come to it before this ends: its row is locked.
    const other = onlyTags && named.find(({ name }) => !onlyTags.includes(name));
    if (other) {
      const text = `manifest ${digest} of '${at.repository}' has come to have tag '${other.name}'`;
      throw new RegistryError("CONFLICT", text);
    }
    const own = `${at.repository}@${digest}`;
    const keyOf = (tag: { name: string }) => `${at.repository}:${tag.name}`;
    const clocks = await lockClocks(commit, [own, ...named.map(keyOf)]);
    const rulings = rule(at.room, at.actor, clocks);
    if (at.actor.clock !== undefined && (named.length > 0 || !applies(rulings.get(own)!))) {
      await saveClocks(commit, [[own, rulings.get(own)!]]);
      return true;
    }
    // One that has been moved elsewhere before its clock was locked stays.
    const tags = await commit.db
      .deleteFrom("tag")
      .where("repository_id", "=", manifest.repository_id)
      .where("digest", "=", digest)
      .returning("name")
      .execute();
    await recordUnlabelled(commit, [manifest.id]);
    await commit.db.deleteFrom("manifest").where("id", "=", manifest.id).execute();
    const gone = [...tags.map(keyOf), own];
    await saveClocks(
      commit,
      gone.map((key) => [key, rulings.get(key)!] as const),
    );
    for (const tag of tags) {
      const { clock } = rulings.get(keyOf(tag))!;
      commit.record({ ...tagChange(at.repository, tag.name, null), clock });
    }
    commit.record({
      ...manifestChange(at.repository, digest, null),
      clock: rulings.get(own)!.clock,
    });
    return true;
  });
}

/** What needs content of a kind, by its name among people. */
const WHOLE = { manifest: "index", blob: "manifest" } as const;

/** Throws DENIED while an index or image of the repository, `partOf`, refers to `digest`. */
async function refusePart(
  db: Kysely<Database>,
  repository: string,
  { digest, kind }: { readonly digest: Digest; readonly kind: keyof typeof WHOLE },
): Promise<void> {
  const parent = await db
    .selectFrom("manifest_reference")
    .innerJoin("manifest", "manifest.id", "manifest_reference.manifest_id")
    .innerJoin("repository", "repository.id", "manifest.repository_id")
    .select("manifest.digest")
    .where("repository.name", "=", repository)
    .where("manifest_reference.digest", "=", digest)
    .where("manifest_reference.kind", "=", kind)
    .limit(1)
    .executeTakeFirst();
  if (!parent) return;
  const whole = WHOLE[kind];
  throw new RegistryError(
    "DENIED",
    `${kind} ${digest} is part of ${whole} ${parent.digest}; delete the ${whole} first`,
    { detail: { partOf: parent.digest } },
  );
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

    await refusePart(db, at.repository, { digest, kind: "blob" });
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
    const manifests = await commit.db
      .selectFrom("manifest")
      .select(["id", "digest"])
      .where("repository_id", "=", of)
      .orderBy("id")
      .forUpdate()
      .execute();
    const tags = await commit.db
      .selectFrom("tag")
      .select("name")
      .where("repository_id", "=", of)
      .execute();
    const keyOf = (tag: { name: string }) => `${name}:${tag.name}`;
    const own = manifests.map(({ digest }) => `${name}@${digest}`);
    const clocks = await lockClocks(commit, [...own, ...tags.map(keyOf)]);
    // All of it goes at once, whatever its parts were told from elsewhere.
    const rulings = rule({ catalog }, {}, clocks);
    // Nothing can come to it any more; a tag may have gone before its clock was locked.
    const untagged = await commit.db
      .deleteFrom("tag")
      .where("repository_id", "=", of)
      .returning("name")
      .execute();
    await recordUnlabelled(
      commit,
      manifests.map(({ id }) => id),
    );
    await commit.db.deleteFrom("repository_blob").where("repository", "=", name).execute();
    await commit.db.deleteFrom("manifest").where("repository_id", "=", of).execute();
    await commit.db.deleteFrom("repository").where("id", "=", of).execute();
    const gone = [
      ...untagged.map((tag) => tagChange(name, tag.name, null)),
      ...manifests.map(({ digest }) => manifestChange(name, digest, null)),
    ];
    await saveClocks(
      commit,
      gone.map(({ key }) => [key, rulings.get(key)!] as const),
    );
    for (const change of gone) {
      commit.record({ ...change, clock: rulings.get(change.key)!.clock });
    }
    commit.record(repositoryChange(name, null));
    return true;
  });
}
