import { randomUUID } from "node:crypto";
import {
  mergedClock,
  nextStamp,
  parseClock,
  printClock,
  stampedClock,
  tagChange,
} from "@entrepot/catalog";
import type { Descriptor } from "@entrepot/oci";
import { sql } from "kysely";
import { recordConflict } from "./conflicts.ts";
import { isContested } from "./move-tags.ts";
import { lockClocks, rule, saveClocks } from "./name-clocks.ts";
import type { Place } from "./room.ts";

/**
 * A deletion and a push of `tag` knew nothing of each other, one of them here, the other as `at`'s
 * actor brings it: the push stays, as a change of our own that comes after both, so that it comes
 * to be everywhere. False, and nothing is done, if it is different by now: ask again then.
 */
export async function setTagAnew(at: Place, tag: string, content: Descriptor): Promise<boolean> {
  const key = `${at.repository}:${tag}`;
  const { catalog } = at.room;
  const incoming = parseClock(at.actor.clock!)!;
  const actor = { name: "system:replication", cause: randomUUID() };
  return catalog.commit(actor, async (commit) => {
    const clocks = await lockClocks(commit, [key]);
    const here = clocks.get(key) ?? null;
    if (!here || !isContested(rule(at.room, at.actor, clocks).get(key)!)) return false;
    const there = await commit.db
      .selectFrom("tag")
      .innerJoin("repository", "repository.id", "tag.repository_id")
      .select("digest")
      .where("repository.name", "=", at.repository)
      .where("tag.name", "=", tag)
      .executeTakeFirst();
    if (there && there.digest !== content.digest) return false;
    await sql`
      INSERT INTO tag (repository_id, name, digest)
      SELECT id, ${tag}, ${content.digest} FROM repository WHERE name = ${at.repository}
      ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, pushed_at = now()
    `.execute(commit.db);
    const known = mergedClock(here, incoming);
    const stamp = nextStamp([known], catalog.registryId, catalog.now().getTime());
    const clock = printClock(stampedClock(known, stamp));
    await saveClocks(commit, [[key, { clock, standing: "local" }]]);
    commit.record({ ...tagChange(at.repository, tag, content), clock });
    const [pushed, deleted] = there ? [here, incoming] : [incoming, here];
    const conflict = {
      repository: at.repository,
      tag,
      winner: content.digest,
      loser: null,
      winnerOrigin: pushed.stamp.registry,
      loserOrigin: deleted.stamp.registry,
    };
    await recordConflict(commit, conflict, catalog.now());
    return true;
  });
}
