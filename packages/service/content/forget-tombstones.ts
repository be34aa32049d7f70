import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";

/** For so long a deletion is remembered: as long as what it deleted can be recovered. */
export const REMEMBERED_MS = 30 * 24 * 3_600_000;
/** Forgotten at a time; the next hour takes the others. */
const MOST = 10_000;

/**
 * Forgets the clocks of names that have been gone for 30 days: a copy on its way for longer than
 * that would come back. Told by the journal's time here and by the stamp's, whichever is later.
 * Returns how many. Repeating is safe.
 */
export async function forgetTombstones({ db, now }: Pick<Catalog, "db" | "now">): Promise<number> {
  const before = new Date(now().getTime() - REMEMBERED_MS);
  // Compared again in the outer statement: a clock that has changed meanwhile is of today.
  const { rows } = await sql`
    WITH old AS MATERIALIZED (
      SELECT key, clock FROM name_clock
      WHERE coalesce(nullif(split_part(split_part(clock, ':', 2), '.', 1), '')::bigint, 0)
            < ${before.getTime()}::bigint
        AND NOT EXISTS (
          SELECT FROM tag JOIN repository ON repository.id = tag.repository_id
          WHERE repository.name = split_part(key, ':', 1) AND tag.name = split_part(key, ':', 2))
        AND NOT EXISTS (
          SELECT FROM manifest JOIN repository ON repository.id = manifest.repository_id
          WHERE repository.name = split_part(key, '@', 1) AND digest = split_part(key, '@', 2))
        AND NOT EXISTS (
          SELECT FROM journal WHERE kind IN ('tag', 'manifest') AND journal.key = name_clock.key
            AND at >= ${before})
      LIMIT ${MOST}
    )
    DELETE FROM name_clock USING old
    WHERE name_clock.key = old.key AND name_clock.clock = old.clock
    RETURNING name_clock.key
  `.execute(db);
  return rows.length;
}
