import { type RawBuilder, sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { anyOf, list } from "./list.ts";
import { testCatalog } from "./testing.ts";

const { catalog, close } = await testCatalog();
afterAll(close);

test.each([
  ["text", ["a", 'it\'s "b", {c}', null], ["a", 'it\'s "b", {c}', null]],
  ["integer", [1, null, -3], [1, null, -3]],
  ["bigint", [2 ** 40], [2 ** 40]],
  ["text", [], []],
] as const)("a list of %s %j arrives whole, in its order", async (type, values, expected) => {
  const { rows } = await sql<{ one: unknown }>`
    SELECT one FROM unnest(${list(type, values)}) AS one`.execute(catalog.db);
  expect(rows.map(({ one }) => one)).toEqual(expected);
});

test("a statement that is asked for one thing is planned a few times, not each time", async () => {
  const plans = async (given: RawBuilder<unknown>) =>
    catalog.db.transaction().execute(async (db) => {
      const ask = sql`
        SELECT k.i, manifest.id FROM unnest(${given}) WITH ORDINALITY AS k (digest, i)
        JOIN manifest ON manifest.digest = k.digest`;
      await sql.raw(`PREPARE ask (text[]) AS ${ask.compile(db).sql}`).execute(db);
      for (let n = 0; n < 20; n++) await sql.raw("EXECUTE ask ('{sha256:1}')").execute(db);
      const { rows } = await sql<{ generic: number; custom: number }>`
        SELECT generic_plans::integer AS generic, custom_plans::integer AS custom
        FROM pg_prepared_statements WHERE name = 'ask'`.execute(db);
      await sql`DEALLOCATE ask`.execute(db);
      return rows[0];
    });
  expect(await plans(sql`${["sha256:1"]}::text[]`)).toEqual({ generic: 0, custom: 20 });
  expect(await plans(list("text", ["sha256:1"]))).toEqual({ generic: 15, custom: 5 });
});

test("any of a list, of whatever length, is one statement", async () => {
  const query = (versions: number[]) =>
    catalog.db
      .selectFrom("schema_version")
      .select("version")
      .where("version", "=", anyOf(versions));
  expect(query([1]).compile().sql).toBe(query([1, 2, 3]).compile().sql);
  expect(await query([1, -1]).execute()).toEqual([{ version: 1 }]);
  expect(await query([]).execute()).toEqual([]);
});
