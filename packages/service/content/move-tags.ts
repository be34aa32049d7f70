import { anyOf, type Commit, type NameClock, parseClock, tagChange } from "@entrepot/catalog";
import { asDigest, type Descriptor, type Digest } from "@entrepot/oci";
import { type RawBuilder, sql } from "kysely";
import { actorOfTag, changeOfTag } from "./actor-of-tag.ts";
import { recordConflict } from "./conflicts.ts";
import { applies, type NameClocks, type Ruling, savingClocks } from "./name-clocks.ts";
import type { Place } from "./room.ts";

/** Tags about to be pointed at `content`, which is here; their clocks are locked. */
export interface TagMove {
  readonly repositoryId: number;
  readonly names: readonly string[];
  readonly content: Descriptor;
  readonly clocks: NameClocks;
  readonly rulings: ReadonlyMap<string, Ruling>;
  /** Keys of other names that changed in this transaction: their clocks are kept along. */
  readonly touched: readonly string[];
  /** The statement with `movingTags` has been run. */
  readonly isStored?: boolean;
}

/**
 * Points those of the tags at the content that the rulings say so, journals them, and lists what
 * came into each other's way. Nothing is lost by a tag that stays: the content is here. Returns
 * tags that were deleted in ignorance of this: they are left as they are, and `setTagAnew` is due.
 */
export async function moveTags(commit: Commit, at: Place, move: TagMove): Promise<string[]> {
  const { repositoryId, content, rulings } = move;
  const of = (name: string) => `${at.repository}:${name}`;
  const names = move.names.filter((name) => applies(rulings.get(of(name))!));
  const met = move.names.filter((name) => isContested(rulings.get(of(name))!));
  const before = await digestsOf(commit, repositoryId, met);
  const anew = met.filter((name) => !names.includes(name) && !before.has(name));
  const contested = met.filter((name) => !anew.includes(name));
  const settled = move.names.filter((name) => !anew.includes(name));
  const keys = [...move.touched, ...settled.map(of)];
  if (keys.length > 0 && !move.isStored) {
    // One statement, since each wakes a process of the database.
    const apart = sql`(SELECT) AS always`;
    const moving = movingTags({ ...move, names }, apart, keys);
    await sql`WITH ${moving} SELECT`.execute(commit.db);
  }
  for (const name of names) {
    const { clock } = rulings.get(of(name))!;
    const change = { ...tagChange(at.repository, name, content), clock };
    commit.record(changeOfTag(at.actor, name, change));
  }
  for (const tag of contested) {
    const here = move.clocks.get(of(tag))!;
    const won = applies(rulings.get(of(tag))!);
    await listConflict(commit, at, {
      tag,
      won,
      here,
      standing: before.get(tag) ?? null,
      incoming: content.digest,
    });
  }
  return anew;
}

/**
 * The parts of a WITH that point all tags of `move` at its content and keep the clocks of `keys`
 * (default: of all that it locked), once for each row of `from`, which has one or none.
 */
export function movingTags(
  move: TagMove,
  from: RawBuilder<unknown>,
  keys: readonly string[] = [...move.rulings.keys()],
): RawBuilder<unknown> {
  const { repositoryId, names, content, rulings } = move;
  return sql`
    moved AS (
      INSERT INTO tag (repository_id, name, digest)
      SELECT ${repositoryId}::integer, name, ${content.digest}
      FROM ${from}, unnest(${names}::text[]) AS name
      ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, pushed_at = now()
    ), saved AS (
      ${savingClocks(
        keys.map((key) => [key, rulings.get(key)!]),
        from,
      )}
    )`;
}

/** A change from elsewhere that met one of which it knew nothing. */
export interface Meeting {
  readonly tag: string;
  /** Whether it takes the other's place. */
  readonly won: boolean;
  readonly here: NameClock;
  /** What the tag named before. */
  readonly standing: Digest | null;
  /** What it was to name; null for a deletion. */
  readonly incoming: Digest | null;
}

/** Lists a meeting of two changes, unless both wanted the same. */
async function listConflict(commit: Commit, at: Place, meeting: Meeting): Promise<void> {
  const { tag, won, here, standing, incoming } = meeting;
  const ours = here.stamp.registry;
  const theirs = parseClock(actorOfTag(at.actor, tag).clock!)!.stamp.registry;
  const sides = { repository: at.repository, tag };
  const conflict = won
    ? { winner: incoming, loser: standing, winnerOrigin: theirs, loserOrigin: ours }
    : { winner: standing, loser: incoming, winnerOrigin: ours, loserOrigin: theirs };
  await recordConflict(commit, { ...sides, ...conflict }, at.room.catalog.now());
}

/** Whether neither of two changes knew of the other. */
export function isContested({ standing }: Ruling): boolean {
  return standing === "won" || standing === "lost";
}

async function digestsOf(
  commit: Commit,
  repositoryId: number,
  names: readonly string[],
): Promise<Map<string, Digest | null>> {
  if (names.length === 0) return new Map();
  const rows = await commit.db
    .selectFrom("tag")
    .select(["name", "digest"])
    .where("repository_id", "=", repositoryId)
    .where("name", "=", anyOf(names))
    .execute();
  return new Map(rows.map((row) => [row.name, asDigest(row.digest)]));
}
