import { sql } from "kysely";
import { expect, test } from "vitest";
import { administer, testCatalog } from "./testing.ts";

test("a table that another node changes under a kept plan is read again", async () => {
  const { catalog, url, close } = await testCatalog({ maxConnections: 1 });
  const inTransaction = () => catalog.transaction((db) => readAll(db, 1));
  const readAll = (db: typeof catalog.db, n: number) =>
    sql`SELECT * FROM setting WHERE 1 = ${n}::int`.execute(db);
  try {
    for (const read of [() => readAll(catalog.db, 1), inTransaction]) {
      const before = await read();
      await administer(url, "ALTER TABLE setting ADD COLUMN later text");
      expect((await read()).rows.length).toBe(before.rows.length);
      await administer(url, "ALTER TABLE setting DROP COLUMN later");
      expect((await read()).rows.length).toBe(before.rows.length);
    }
  } finally {
    await close();
  }
});
