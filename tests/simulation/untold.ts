import { type NameClock, parseClock, standingOf } from "@entrepot/catalog";
import { tagsOf } from "./checks.ts";
import { reachedFrom } from "./topologies.ts";
import type { World } from "./world.ts";

/** A change of a tag where it was first made. */
interface Made {
  readonly key: string;
  readonly digest: string | null;
  readonly clock: NameClock;
  /** The registry's name. */
  readonly by: string;
}

/**
 * Changes of `world`, at rest, that nobody who made another knew of, and that are neither what a
 * registry that heard of them shows nor listed anywhere as having lost. Two that made a tag the
 * same count as one: whoever knew either, knew what it was.
 */
export async function untold(world: World): Promise<string[]> {
  const made: Made[] = [];
  const lost = new Set<string>();
  for (const node of world.nodes.values()) {
    const { db } = await node.records();
    const entries = await db
      .selectFrom("journal")
      .select(["key", "after", "clock", "path"])
      .where("kind", "=", "tag")
      .where("clock", "is not", null)
      .execute();
    for (const { key, after, clock, path } of entries) {
      if (path.length > 0) continue;
      const digest = (after?.["digest"] as string | undefined) ?? null;
      made.push({ key, digest, clock: parseClock(clock!)!, by: node.name });
    }
    const listed = await db.selectFrom("replication_conflict").selectAll().execute();
    for (const { repository, tag, loser } of listed) lost.add(`${repository}:${tag} ${loser}`);
  }
  const last = made.filter((change) => !isOutdated(change, made));
  const faults: string[] = [];
  for (const name of world.nodes.keys()) {
    const tags = await tagsOf(world, name);
    for (const { key, digest, by } of last) {
      const there = tags.get(key) ?? null;
      if (!reachedFrom(world.topology, by).has(name) || there === digest) continue;
      if (lost.has(`${key} ${digest}`)) continue;
      faults.push(`${name} has ${key} as ${there}; ${digest} by ${by} is lost, and nobody is told`);
    }
  }
  return faults;
}

/** Whether somebody made another change in knowledge of this one, or of one that did the same. */
function isOutdated(change: Made, made: readonly Made[]): boolean {
  const others = made.filter((other) => other.key === change.key && other !== change);
  const isKnownTo = (one: Made) => (other: Made) => other !== one && knows(other, one);
  if (others.some(isKnownTo(change))) return true;
  const twins = others.filter(
    (other) => other.digest === change.digest && !knows(other, change) && !knows(change, other),
  );
  return twins.some((twin) => others.some(isKnownTo(twin)));
}

function knows(one: Made, other: Made): boolean {
  return standingOf(one.clock, other.clock) === "known";
}
