import { type Commit, type NameClock, parseClock, tagChange } from "@entrepot/catalog";
import { asDigest, type Descriptor } from "@entrepot/oci";
import { recordConflict } from "./conflicts.ts";
import { applies, lockClocks, rule, saveClocks } from "./name-clocks.ts";
import type { Place } from "./room.ts";
import { setTagAnew } from "./set-tag-anew.ts";

/**
 * Deletes a tag, and nothing else. False if there was none.
 *
 * A deletion from elsewhere that carries a clock deletes only what was known where it was made, and
 * is a success all the same. What nobody there knew of stays, whatever the clocks say; where they
 * say that the deletion is later, the tag is set anew, so that it comes to be everywhere.
 */
export async function deleteTag(at: Place, tag: string): Promise<boolean> {
  for (;;) {
    const outcome = await at.room.catalog.commit(at.actor, (commit) => remove(commit, at, tag));
    if (typeof outcome === "boolean") return outcome;
    // A change of our own, in a transaction of its own. What has come in between is asked again.
    if (await setTagAnew(at, tag, outcome)) return true;
  }
}

/** What the tag names instead, where it is to be set anew. */
async function remove(commit: Commit, at: Place, tag: string): Promise<boolean | Descriptor> {
  const key = `${at.repository}:${tag}`;
  const clocks = await lockClocks(commit, [key]);
  const ruling = rule(at.room, at.actor, clocks).get(key)!;
  const there = await tagOf(commit, at, tag);
  if (!there && at.actor.clock === undefined) return false;
  // Nothing is kept of it yet: it is asked again in the transaction that sets the tag anew.
  if (there && ruling.standing === "won") return there.content;
  await saveClocks(commit, [[key, ruling]]);
  if (there && ruling.standing === "lost") await listKept(commit, at, there, clocks.get(key)!);
  if (!applies(ruling)) return there !== null;
  // Journalled even where there is nothing to delete: somebody further on may have it.
  commit.record({ ...tagChange(at.repository, tag, null), clock: ruling.clock });
  if (!there) return false;
  await commit.db
    .deleteFrom("tag")
    .where("repository_id", "=", there.repositoryId)
    .where("name", "=", tag)
    .execute();
  return true;
}

interface TagThere {
  readonly tag: string;
  readonly repositoryId: number;
  readonly content: Descriptor;
}

async function tagOf(commit: Commit, at: Place, tag: string): Promise<TagThere | null> {
  const row = await commit.db
    .selectFrom("tag")
    .innerJoin("repository", "repository.id", "tag.repository_id")
    .innerJoin("manifest", (join) =>
      join
        .onRef("manifest.repository_id", "=", "tag.repository_id")
        .onRef("manifest.digest", "=", "tag.digest"),
    )
    .select(["tag.repository_id", "tag.digest", "manifest.media_type", "manifest.size"])
    .where("repository.name", "=", at.repository)
    .where("tag.name", "=", tag)
    .executeTakeFirst();
  if (!row) return null;
  const { repository_id: repositoryId, media_type: mediaType, size } = row;
  return { tag, repositoryId, content: { mediaType, digest: asDigest(row.digest)!, size } };
}

/** A deletion that was made in ignorance of what is here has lost, whatever the clocks say. */
async function listKept(
  commit: Commit,
  at: Place,
  { tag, content }: TagThere,
  here: NameClock,
): Promise<void> {
  const conflict = {
    repository: at.repository,
    tag,
    winner: content.digest,
    loser: null,
    winnerOrigin: here.stamp.registry,
    loserOrigin: parseClock(at.actor.clock!)!.stamp.registry,
  };
  await recordConflict(commit, conflict, at.room.catalog.now());
}
