import { randomBytes } from "node:crypto";
import { openCatalog } from "@entrepot/catalog";
import { testCatalog, type TestCatalog } from "@entrepot/catalog/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ANONYMOUS } from "./identity.ts";
import { openSecretBox } from "./secret-box.ts";
import { loadTokenKey } from "./token-key.ts";
import { openTokens } from "./tokens.ts";

const box = openSecretBox(randomBytes(32));
let room: TestCatalog;
beforeEach(async () => {
  room = await testCatalog();
});
afterEach(() => room.close());

test("nodes that start together end with one key", async () => {
  const other = await openCatalog({ url: room.url, maxConnections: 5 });
  try {
    const nodes = Array.from({ length: 10 }, (_one, i) => (i % 2 ? other : room.catalog));
    const keys = await Promise.all(nodes.map((catalog) => loadTokenKey(catalog, box)));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);

    const [first, second] = keys.map((key) => openTokens({ key, issuer: "entrepot:1" }));
    const issued = await first?.issue(ANONYMOUS, []);
    expect(await second?.verify(issued?.token ?? "")).toEqual({ ...ANONYMOUS, grants: [] });
  } finally {
    await other.close();
  }
});

test("the private key is neither readable in the database nor in the journal", async () => {
  await loadTokenKey(room.catalog, box);
  const row = await stored();
  expect(Object.keys(row.value as object)).toEqual(["sealed"]);
  expect(JSON.stringify(row.value)).not.toMatch(/"[dxy]"|kty/);
  expect(await room.catalog.head()).toBe(0);
});

test("another master key is told so", async () => {
  await loadTokenKey(room.catalog, box);
  const loading = loadTokenKey(room.catalog, openSecretBox(randomBytes(32)));
  await expect(loading).rejects.toThrow(/setting:token_key .* sealed with another master key/);
});

test("an unreadable setting is told so", async () => {
  await room.catalog.db
    .insertInto("setting")
    .values({ key: "token_key", value: JSON.stringify("x") })
    .execute();
  await expect(loadTokenKey(room.catalog, box)).rejects.toThrow(/token_key is unreadable/);
});

function stored() {
  return room.catalog.db
    .selectFrom("setting")
    .select("value")
    .where("key", "=", "token_key")
    .executeTakeFirstOrThrow();
}
