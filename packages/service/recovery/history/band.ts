import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { entriesOf, type HistoryQuery } from "./history.ts";

/** How much happened in one of equally long spans of time. */
export interface BandBar {
  /** When the span begins. */
  readonly at: Date;
  readonly changes: number;
  /** Those of the changes that ended a name. */
  readonly deletions: number;
}

/** How much happened over time. */
export interface Band {
  readonly from: Date;
  readonly to: Date;
  readonly bars: readonly BandBar[];
}

/** Which entries, from when (null: the first of them) until when, in how many bars. */
export interface BandQuery {
  readonly entries: Omit<HistoryQuery, "limit" | "since" | "until">;
  readonly from: Date | null;
  readonly to: Date;
  readonly bars: number;
}

/**
 * How many of the entries there are over time. Looks at every one of them; without any, it is one
 * hour of nothing.
 */
export async function bandOf(
  catalog: Pick<Catalog, "db">,
  { entries, from: asked, to, bars }: BandQuery,
): Promise<Band> {
  const all = await entriesOf(catalog, {
    ...entries,
    ...(asked && { since: { at: asked } }),
    until: { at: to },
  });
  const from = asked ?? (await firstOf(catalog, all)) ?? new Date(to.getTime() - HOUR_MS);
  const widthMs = Math.max(1, to.getTime() - from.getTime()) / bars;
  const { rows } = await sql<{ bar: number; changes: number; deletions: number }>`
    SELECT least(${bars}::integer - 1, greatest(0,
        floor(extract(epoch FROM entry.at - ${from}::timestamptz) * 1000 / ${widthMs}::float8)
      ))::integer AS bar,
      count(*)::integer AS changes, (count(*) FILTER (WHERE after IS NULL))::integer AS deletions
    FROM (${all}) AS found JOIN journal AS entry ON entry.seq = found.seq GROUP BY 1
  `.execute(catalog.db);
  const found = new Map(rows.map((row) => [row.bar, row]));
  return {
    from,
    to,
    bars: Array.from({ length: bars }, (_, n) => ({
      at: new Date(from.getTime() + n * widthMs),
      changes: found.get(n)?.changes ?? 0,
      deletions: found.get(n)?.deletions ?? 0,
    })),
  };
}

const HOUR_MS = 3_600_000;

async function firstOf(
  { db }: Pick<Catalog, "db">,
  entries: Awaited<ReturnType<typeof entriesOf>>,
): Promise<Date | null> {
  const { rows } = await sql<{ at: Date }>`
    SELECT at FROM journal WHERE seq = (SELECT min(seq) FROM (${entries}) AS found)
  `.execute(db);
  return rows[0]?.at ?? null;
}
