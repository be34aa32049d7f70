import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { list } from "./list.ts";
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
  const plans = async (given: ReturnType<typeof list>) =>
    catalog.db.transaction().execute(async (db) => {
      const ask = sql`
        SELECT k.i, manifest.id FROM unnest(${given}) WITH ORDINALITY AS k (digest, i)
        JOIN manifest ON manifest.digest = k.digest`;
      for (let n = 0; n < 20; n++) await ask.execute(db);
      const { rows } = await sql<{ text: string; generic: number; custom: number }>`
        SELECT statement AS text, generic_plans::integer AS generic, custom_plans::integer AS custom
        FROM pg_prepared_statements`.execute(db);
      return rows.find(({ text }) => text === ask.compile(db).sql);
    });
  expect(await plans(sql`${["sha256:1"]}::text[]`)).toMatchObject({ generic: 0, custom: 20 });
  expect(await plans(list("text", ["sha256:1"]))).toMatchObject({ generic: 15, custom: 5 });
});
