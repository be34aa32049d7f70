import { type Commit, repositoryChange } from "@entrepot/catalog";
import {
  algorithmOf,
  type Descriptor,
  type Digest,
  digestOf,
  parseManifest,
  parseTag,
  RegistryError,
} from "@entrepot/oci";
import { sql } from "kysely";
import { actorOfTag } from "./actor-of-tag.ts";
import { bytesWhole, childrenHere, neededOf } from "./manifest-parts.ts";
import { manifestAdded, manifestRow, type Pushed } from "./manifest-row.ts";
import { clocksOf, lockClocks, lockingClocks, type NameClocks, rule } from "./name-clocks.ts";
import { moveTags } from "./move-tags.ts";
import { projectUnknown } from "./push-blob.ts";
import type { Place } from "./room.ts";
import { setTagAnew } from "./set-tag-anew.ts";

/**
 * Stores a manifest and points all of `tags` at it, in one transaction with the journal's entries:
 * one for the manifest if it is new here, and one for every tag. Its bytes are durable in the blob
 * store before that commits. Repeating heals the store's copy.
 *
 * Throws DIGEST_INVALID, SIZE_INVALID, MANIFEST_INVALID, TAG_INVALID, MANIFEST_BLOB_UNKNOWN when a
 * child is not here, NAME_UNKNOWN when the project is not.
 *
 * A replicated change moves no tag that has been moved since, in the order of the tags' clocks;
 * that is a success all the same, as if it had come in time.
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

  const pushed = { content, manifest, bytes };
  const whole = bytesWhole(at, pushed);
  try {
    const anew = await at.room.catalog.commit(at.actor, async (commit) => {
      const left = await changeRows(commit, at, pushed, names);
      await whole; // before the COMMIT, and before the journal's head is locked
      return left;
    });
    await setAnew(at, anew, content);
  } finally {
    // No write outlives its request.
    await whole.catch(() => undefined);
  }
}

/** The rows of `pushed` and its tags. Returns tags that `setTagAnew` is due for. */
async function changeRows(
  commit: Commit,
  at: Place,
  pushed: Pushed,
  names: readonly string[],
): Promise<readonly string[]> {
  const { content, manifest } = pushed;
  const own = `${at.repository}@${content.digest}`;
  const tagKeys = names.map((name) => `${at.repository}:${name}`);
  const known = await lookAndLock(commit, at, pushed, own, tagKeys);
  const { clocks } = known;
  const touched = clocks.has(own) ? [own] : [];
  const rulings = rule(at.room, at.actor, clocks);
  // A delayed copy of what was there once: its tags have moved on in knowledge of it.
  const isKnown = (key: string) => rulings.get(key)!.standing === "known";
  if (tagKeys.length > 0 && tagKeys.every(isKnown) && !known.hasManifest) return [];

  const repositoryId = known.repositoryId ?? (await createRepository(commit, at.repository));
  const move = { repositoryId, names, content, clocks, rulings, touched };
  // A manifest that is here has its children here: they cannot be deleted before it.
  if (known.hasManifest) return moveTags(commit, at, move);
  childrenHere(at, manifest, known.children);
  // What meets nothing from elsewhere goes into the same statement.
  const along = [...rulings.values()].every(({ standing }) => standing === "local") ? move : null;
  const isNew = await manifestRow(commit, repositoryId, pushed, along);
  if (isNew) {
    const { clock } = rulings.get(own)!;
    commit.record({ ...manifestAdded(at.repository, pushed), clock });
  }
  return moveTags(commit, at, { ...move, isStored: isNew && along !== null });
}

/** What has come in between is asked again. */
async function setAnew(at: Place, tags: readonly string[], content: Descriptor): Promise<void> {
  for (const tag of tags) {
    const place = { ...at, actor: actorOfTag(at.actor, tag) };
    if (!(await setTagAnew(place, tag, content))) await tagManifest(place, tag, content.digest);
  }
}

/** What a push finds, all of it locked until the transaction ends. */
interface Known {
  readonly repositoryId: number | null;
  readonly hasManifest: boolean;
  readonly clocks: NameClocks;
  /** Those of the manifest's children that are part of the repository; asked only if it is new. */
  readonly children: ReadonlySet<string>;
}

/**
 * Where a manifest is to be, the clocks of `tagKeys`, and its children. What has a tag is kept by
 * that; what has none, or is new, by its `own` clock. One statement, since each wakes a process of
 * the database. What comes to be while it waits for a lock it does not see: `manifestRow` does.
 *
 * Whatever changes names locks the repository before manifests, those before clocks, and those
 * before blobs and the quota: then no two wait for each other.
 */
async function lookAndLock(
  commit: Commit,
  { repository, sparse }: Place,
  { content, manifest }: Pushed,
  own: string,
  tagKeys: readonly string[],
): Promise<Known> {
  const { blobs, manifests } = neededOf(manifest, sparse);
  const { rows } = await sql<Omit<Known, "clocks" | "children"> & LookedUp>`
    WITH place AS (
      SELECT id FROM repository WHERE name = ${repository} FOR KEY SHARE
    ), known AS (
      SELECT place.id, manifest.id IS NOT NULL AS has_manifest
      FROM place LEFT JOIN LATERAL (
        SELECT id FROM manifest
        WHERE repository_id = place.id AND digest = ${content.digest} FOR KEY SHARE
      ) AS manifest ON true
    ), wanted AS (
      SELECT (SELECT id FROM known) AS id,
        coalesce((SELECT has_manifest FROM known), false) AS has_manifest
    ), locked AS (
      ${lockingClocks(sql`
        SELECT key FROM unnest(${[...tagKeys, own].toSorted()}::text[]) AS key, wanted
        WHERE key <> ${own} OR ${tagKeys.length === 0} OR NOT has_manifest`)}
    )
    SELECT id AS "repositoryId", has_manifest AS "hasManifest",
      (SELECT json_object_agg(key, clock) FROM locked) AS clocks,
      ARRAY(
        SELECT digest FROM repository_blob
        WHERE NOT has_manifest AND repository = ${repository}
          AND digest = ANY(${blobs}::text[]) FOR KEY SHARE
      ) AS blobs,
      ARRAY(
        SELECT digest FROM manifest
        WHERE NOT has_manifest AND repository_id = wanted.id
          AND digest = ANY(${manifests}::text[]) FOR KEY SHARE
      ) AS manifests
    FROM wanted
  `.execute(commit.db);
  const { repositoryId, hasManifest, clocks, ...here } = rows[0]!;
  return {
    repositoryId,
    hasManifest,
    clocks: clocksOf(Object.entries(clocks ?? {})),
    children: new Set([...here.blobs, ...here.manifests]),
  };
}

/** The rest of `Known`, as it comes from the database. */
interface LookedUp {
  readonly clocks: Readonly<Record<string, string>> | null;
  readonly blobs: readonly string[];
  readonly manifests: readonly string[];
}

/** Points `tag` at the manifest `digest`, which must be here: else MANIFEST_UNKNOWN. */
export async function tagManifest(at: Place, tag: string, digest: Digest): Promise<void> {
  const name = parseTag(tag);
  const moved = await at.room.catalog.commit(at.actor, async (commit) => {
    const row = await commit.db
      .with("place", (db) =>
        db.selectFrom("repository").select("id").where("name", "=", at.repository).forKeyShare(),
      )
      .selectFrom("manifest")
      .innerJoin("place", "place.id", "manifest.repository_id")
      .select(["repository_id", "media_type", "size"])
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
    const clocks = await lockClocks(commit, [`${at.repository}:${name}`]);
    const rulings = rule(at.room, at.actor, clocks);
    const repositoryId = row.repository_id;
    const move = { repositoryId, names: [name], content, clocks, rulings, touched: [] };
    return { anew: await moveTags(commit, at, move), content };
  });
  await setAnew(at, moved.anew, moved.content);
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
