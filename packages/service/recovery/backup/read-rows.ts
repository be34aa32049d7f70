import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "@entrepot/catalog";
import { sql, type Transaction } from "kysely";

/** Characters that are fetched at a time, as nearly as the rows before tell. */
const PAGE_CHARACTERS = 2 * 1024 * 1024;
/** The same where it rests in between: what comes meanwhile waits for one of these at most. */
const SHORT_PAGE_CHARACTERS = 256 * 1024;
/** What took less is no work to rest from. */
const WORK_MS = 4;

/**
 * The first column, text, of each row of `query` (without parameters), with flat memory: as many
 * are fetched at a time as have about 2 MiB. Several may be read one after the other, not at once.
 * With `rests` it rests after each page as long as that took, its consumer's work included.
 */
export async function* readRows(
  db: Transaction<Database>,
  query: string,
  rests = false,
): AsyncGenerator<string> {
  const most = rests ? SHORT_PAGE_CHARACTERS : PAGE_CHARACTERS;
  await sql.raw(`DECLARE backup_rows NO SCROLL CURSOR FOR ${query}`).execute(db);
  try {
    for (let count = 10; ;) {
      const begun = performance.now();
      const fetch = sql.raw<Record<string, string>>(`FETCH ${count} FROM backup_rows`);
      const { rows } = await fetch.execute(db);
      if (rows.length === 0) break;
      let characters = 0;
      for (const row of rows) {
        const line = Object.values(row)[0]!;
        characters += line.length;
        yield line;
      }
      if (rows.length < count) break;
      const fitting = Math.floor(most / (characters / rows.length + 1));
      // Not by leaps: large rows often stand together.
      count = Math.max(1, Math.min(fitting, count * 4, 5_000));
      const tookMs = performance.now() - begun;
      if (rests && tookMs > WORK_MS) await sleep(tookMs);
    }
  } finally {
    await sql
      .raw("CLOSE backup_rows")
      .execute(db)
      .catch(() => undefined); // a failed transaction
  }
}
