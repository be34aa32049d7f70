import {
  type Actor,
  type Commit,
  mergedClock,
  type NameClock,
  nextStamp,
  parseClock,
  printClock,
  stampedClock,
  type Standing,
  standingOf,
} from "@entrepot/catalog";
import { tagIn } from "./actor-of-tag.ts";
import type { Room } from "./room.ts";
import { type RawBuilder, sql } from "kysely";

/** Clocks of names, by the journal's keys; null before a name's first change. */
export type NameClocks = ReadonlyMap<string, NameClock | null>;

/** What a change makes of one name's clock. */
export interface Ruling {
  /** As text, for the journal and the table. */
  readonly clock: string;
  /** `local` for a change that is made here. */
  readonly standing: Standing | "local";
}

/**
 * The clocks of `keys`, locked until the transaction ends: whoever changes one of these names
 * meanwhile waits. Locked in one order, so that two cannot wait for each other.
 */
export async function lockClocks(commit: Commit, keys: readonly string[]): Promise<NameClocks> {
  if (keys.length === 0) return new Map();
  type Row = { key: string; clock: string };
  // Those that are there are locked without being written: of a restore or a deletion nearly all.
  const { rows } = await sql<Row>`
    SELECT key, clock FROM name_clock WHERE key = ANY(${[...keys]}::text[]) ORDER BY key FOR UPDATE
  `.execute(commit.db);
  const there = new Set(rows.map(({ key }) => key));
  const others = keys.filter((key) => !there.has(key)).toSorted();
  if (others.length > 0) {
    const wanted = sql`SELECT key FROM unnest(${others}::text[]) AS key`;
    rows.push(...(await sql<Row>`${lockingClocks(wanted)}`.execute(commit.db)).rows);
  }
  return clocksOf(rows.map((row) => [row.key, row.clock]));
}

/** The statement of `lockClocks`, for one that does more. `keys` is a query, in their order. */
export function lockingClocks(keys: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    INSERT INTO name_clock (key, clock) SELECT key, '' FROM (${keys}) AS wanted_keys
    ON CONFLICT (key) DO UPDATE SET clock = name_clock.clock
    RETURNING key, clock`;
}

/** What `lockingClocks` has returned, parsed. */
export function clocksOf(rows: Iterable<readonly [key: string, clock: string]>): NameClocks {
  return new Map([...rows].map(([key, clock]) => [key, clock === "" ? null : parseClock(clock)]));
}

/**
 * What a change by `actor` makes of `clocks`. One that is made here comes after all of them, under
 * one stamp; so does one from elsewhere that carries no clock. Tags that are pushed together may
 * each carry their own. Pure but for the time.
 */
export function rule(
  { catalog }: Pick<Room, "catalog">,
  actor: Pick<Actor, "clock" | "ofTags">,
  clocks: NameClocks,
): ReadonlyMap<string, Ruling> {
  const incomingOf = (key: string) => {
    const tag = actor.ofTags ? tagIn(key) : null;
    const { clock } = (tag !== null && actor.ofTags?.get(tag)) || actor;
    return clock === undefined ? null : parseClock(clock);
  };
  const stamp = nextStamp([...clocks.values()], catalog.registryId, catalog.now().getTime());
  const rulingOf = (here: NameClock | null, incoming: NameClock | null): Ruling =>
    incoming
      ? { clock: printClock(mergedClock(here, incoming)), standing: standingOf(here, incoming) }
      : { clock: printClock(stampedClock(here, stamp)), standing: "local" };
  return new Map([...clocks].map(([key, here]) => [key, rulingOf(here, incomingOf(key))]));
}

/** Keeps the clocks of names that were changed. */
export async function saveClocks(
  commit: Commit,
  clocks: readonly (readonly [key: string, ruling: Ruling])[],
): Promise<void> {
  if (clocks.length > 0) await savingClocks(clocks).execute(commit.db);
}

/** The statement of `saveClocks`, for one that does more: once for each row of `from`. */
export function savingClocks(
  clocks: readonly (readonly [key: string, ruling: Ruling])[],
  from: RawBuilder<unknown> = sql`(SELECT) AS always`,
): RawBuilder<unknown> {
  return sql`
    UPDATE name_clock SET clock = ruled.clock
    FROM ${from}, unnest(${clocks.map(([key]) => key)}::text[],
                ${clocks.map(([, { clock }]) => clock)}::text[]) AS ruled (key, clock)
    WHERE name_clock.key = ruled.key
  `;
}

/** Whether the change is to be made: what is here does not know of it, nor come later. */
export function applies({ standing }: Ruling): boolean {
  return standing === "local" || standing === "newer" || standing === "won";
}
