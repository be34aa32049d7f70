import type { Database } from "@entrepot/catalog";
import type { PacedWork } from "@entrepot/jobs";
import { sql, type Transaction } from "kysely";

/** Characters that are fetched at a time, as nearly as the rows before tell. */
const PAGE_CHARACTERS = 2 * 1024 * 1024;
/** The same where it rests in between: what comes meanwhile waits for one of these at most. */
const SHORT_PAGE_CHARACTERS = 256 * 1024;

/**
 * The first column, text, of each row of `query` (without parameters), with flat memory: as many
 * are fetched at a time as have about 2 MiB. Several may be read one after the other, not at once.
 * What is `paced` comes in short pages, with a rest after each.
 */
export async function* readRows(
  db: Transaction<Database>,
  query: string,
  paced?: PacedWork,
): AsyncGenerator<string> {
  const most = paced ? SHORT_PAGE_CHARACTERS : PAGE_CHARACTERS;
  await sql.raw(`DECLARE backup_rows NO SCROLL CURSOR FOR ${query}`).execute(db);
  try {
    for (let count = 10; ;) {
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
      await paced?.rest();
    }
  } finally {
    await sql
      .raw("CLOSE backup_rows")
      .execute(db)
      .catch(() => undefined); // a failed transaction
  }
}
