/*
 * The hybrid logical clock of a name. Every change of a tag or a manifest has a stamp: the time in
 * ms where it was made, a counter that tells apart what falls together, and the registry. A name's
 * clock never runs backwards whatever the machine's does, since each stamp is made greater than
 * what the name had before; so it orders what was made in knowledge of each other, and between
 * changes that were not it decides the same way everywhere. The clock belongs to the name, not to
 * the registry: one that comes from a machine whose clock is years ahead reaches no other name, and
 * whoever changes the name next is ahead of it.
 */

/** When, in the order of one name's changes, a change was made. */
export interface Stamp {
  /** The id of the registry that made it. */
  readonly registry: string;
  /** Milliseconds since 1970, by that registry's clock or as far ahead as the name had come. */
  readonly ms: number;
  readonly counter: number;
}

/** A name's newest change, and what was known when it was made. */
export interface NameClock {
  readonly stamp: Stamp;
  /** Of each other registry that has changed the name, the newest change taken into account. */
  readonly seen: readonly Stamp[];
}

/** How a change that comes in stands to what is here. */
export type Standing =
  /** Made in knowledge of what is here, or nothing is. */
  | "newer"
  /** What is here was made in knowledge of it, or is it. */
  | "known"
  /** Neither knew of the other, and it comes later in the clocks' order. */
  | "won"
  /** Neither knew of the other, and it comes earlier. */
  | "lost";

/** Registries that one name's clock keeps in mind; more may be told a conflict that is none. */
const MOST_REGISTRIES = 32;
const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const STAMP = new RegExp(`^(${ID}):(\\d{1,15})\\.(\\d{1,9})$`);
const HIGHEST_COUNTER = 999_999_999;

/** Negative if `one` comes before `other`. Registries' ids decide between equal times. */
export function compareStamps(one: Stamp, other: Stamp): number {
  if (one.ms !== other.ms) return one.ms - other.ms;
  if (one.counter !== other.counter) return one.counter - other.counter;
  return one.registry < other.registry ? -1 : Number(one.registry > other.registry);
}

/** A stamp for a change made here and now of names with `clocks`: greater than any of them. */
export function nextStamp(
  clocks: readonly (NameClock | null)[],
  registry: string,
  nowMs: number,
): Stamp {
  let [ms, counter] = [Math.max(0, Math.floor(nowMs)), 0];
  for (const clock of clocks) {
    const last = clock?.stamp;
    if (!last || last.ms < ms || (last.ms === ms && last.counter < counter)) continue;
    const isFull = last.counter >= HIGHEST_COUNTER;
    [ms, counter] = isFull ? [last.ms + 1, 0] : [last.ms, last.counter + 1];
  }
  return { registry, ms, counter };
}

/** The clock of a name that had `before` and was changed here at `stamp`. */
export function stampedClock(before: NameClock | null, stamp: Stamp): NameClock {
  return clockOf([...stampsOf(before), stamp]);
}

/** What both know together: the later change is the name's. */
export function mergedClock(here: NameClock | null, incoming: NameClock): NameClock {
  return clockOf([...stampsOf(here), ...stampsOf(incoming)]);
}

/** How `incoming` stands to `here`. Whoever asks with whatever else seen, the later one is kept. */
export function standingOf(here: NameClock | null, incoming: NameClock): Standing {
  if (!here) return "newer";
  if (knows(here, incoming.stamp)) return "known";
  if (knows(incoming, here.stamp)) return "newer";
  return compareStamps(incoming.stamp, here.stamp) > 0 ? "won" : "lost";
}

/** As text: the name's stamp first, then what it has seen. `<registry>:<ms>.<counter>,…` */
export function printClock(clock: NameClock): string {
  return stampsOf(clock)
    .map(({ registry, ms, counter }) => `${registry}:${ms}.${counter}`)
    .join(",");
}

/** Reads what `printClock` wrote; null if it is anything else. */
export function parseClock(text: string): NameClock | null {
  const stamps: Stamp[] = [];
  const parts = text.split(",");
  if (parts.length > MOST_REGISTRIES) return null;
  for (const part of parts) {
    const found = STAMP.exec(part);
    if (!found) return null;
    stamps.push({ registry: found[1]!, ms: Number(found[2]), counter: Number(found[3]) });
  }
  const clock = clockOf(stamps);
  return clock.stamp === stamps[0] ? clock : null;
}

function knows(clock: NameClock, stamp: Stamp): boolean {
  const newest = stampsOf(clock).find(({ registry }) => registry === stamp.registry);
  return newest !== undefined && compareStamps(newest, stamp) >= 0;
}

function stampsOf(clock: NameClock | null): Stamp[] {
  return clock ? [clock.stamp, ...clock.seen] : [];
}

/** The newest of each registry, the newest of all first. */
function clockOf(stamps: readonly Stamp[]): NameClock {
  const newest = new Map<string, Stamp>();
  for (const stamp of stamps) {
    const other = newest.get(stamp.registry);
    if (!other || compareStamps(stamp, other) > 0) newest.set(stamp.registry, stamp);
  }
  const [stamp, ...seen] = [...newest.values()].toSorted((a, b) => compareStamps(b, a));
  return { stamp: stamp!, seen: seen.slice(0, MOST_REGISTRIES - 1) };
}
