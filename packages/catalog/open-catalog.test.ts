import { sql } from "kysely";
import { afterEach, expect, test } from "vitest";
import { openCatalog } from "./open-catalog.ts";
import type { Catalog, Change } from "./ports.ts";
import { testCatalog } from "./testing.ts";

const ACTOR = { name: "alice", cause: "request-1" };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function open(options: { clock?: () => Date } = {}): Promise<[Catalog, string]> {
  const { catalog, url, close } = await testCatalog(options);
  closers.push(close);
  return [catalog, url];
}

async function secondNode(url: string): Promise<Catalog> {
  const catalog = await openCatalog({ url, maxConnections: 4 });
  closers.push(catalog.close);
  return catalog;
}

const tag = (name: string, after: Change["after"] = { tag: name }): Change => ({
  kind: "tag",
  key: `p/r:${name}`,
  after,
});

test("a commit appends its changes, in order, with actor, cause and origin", async () => {
  const [catalog] = await open();
  const before = Date.now();
  await catalog.commit(ACTOR, async ({ record }) => {
    record(tag("a"));
    record(tag('it\'s \\ "quoted" $1 \u2603', null));
  });
  const entries = await catalog.entries(0, 10);
  const { registryId: origin } = catalog;
  const here = { timeline: 1, origin, path: [], actor: "alice", clock: null };
  expect(entries).toEqual([
    { ...here, ...tag("a"), seq: 1, originSeq: 1, cause: "request-1", at: expect.any(Date) },
    {
      ...here,
      ...tag('it\'s \\ "quoted" $1 \u2603', null),
      seq: 2,
      originSeq: 2,
      cause: "request-1",
      at: expect.any(Date),
    },
  ]);
  expect(Math.abs((entries[0]?.at.getTime() ?? 0) - before)).toBeLessThan(60_000);
  expect(await catalog.head()).toBe(2);
  expect(await catalog.entries(1, 10)).toHaveLength(1);
  expect(await catalog.entries(0, 1)).toHaveLength(1);
});

test("a replicated change keeps its origin, and the path it has come", async () => {
  const [catalog] = await open();
  const origin = { registry: "other", seq: 41 };
  await catalog.commit({ ...ACTOR, origin, path: ["other", "it's"] }, async ({ record }) => {
    record(tag("a"));
  });
  expect(await catalog.entries(0, 10)).toMatchObject([
    { seq: 1, origin: "other", originSeq: 41, path: ["other", "it's"] },
  ]);
});

test("nothing recorded, nothing appended; what the transaction did is kept", async () => {
  const [catalog] = await open();
  const answer = await catalog.commit(ACTOR, async ({ db }) => {
    await db.insertInto("setting").values({ key: "k", value: "[1]" }).execute();
    return "done";
  });
  expect(answer).toBe("done");
  expect(await catalog.head()).toBe(0);
  const row = catalog.db.selectFrom("setting").selectAll().where("key", "=", "k");
  expect(await row.executeTakeFirst()).toEqual({ key: "k", value: [1] });
});

test("what fn throws undoes everything, and the connection goes on", async () => {
  const [catalog] = await open();
  const failing = catalog.commit(ACTOR, async ({ db, record }) => {
    await db.insertInto("setting").values({ key: "k", value: "1" }).execute();
    record(tag("a"));
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  // A statement that fails inside, too, and one whose append fails (jsonb holds no NUL).
  await expect(
    catalog.commit(ACTOR, async ({ db }) => void (await sql`SELECT nothing`.execute(db))),
  ).rejects.toThrow(/nothing/);
  await expect(
    catalog.commit(ACTOR, async ({ record }) => record(tag("a", { nul: "\0" }))),
  ).rejects.toThrow();
  expect(await catalog.head()).toBe(0);
  const row = catalog.db.selectFrom("setting").selectAll().where("key", "=", "k");
  expect(await row.executeTakeFirst()).toBeUndefined();
  await catalog.commit(ACTOR, async ({ record }) => record(tag("b")));
  expect(await catalog.head()).toBe(1);
});

test("time stands still or runs backwards; the journal's does not", async () => {
  let now = new Date("2030-01-01T00:00:00Z");
  const [catalog] = await open({ clock: () => now });
  const commit = (n: number) =>
    catalog.commit(ACTOR, async ({ record }) => {
      for (let i = 0; i < n; i++) record(tag(`t${i}`));
    });
  await commit(3);
  await commit(2);
  now = new Date("2020-01-01T00:00:00Z");
  await commit(2);
  now = new Date("2030-01-02T00:00:00Z");
  await commit(1);
  const { rows } = await sql<{ at: string }>`
    SELECT to_char(at AT TIME ZONE 'UTC', 'DD HH24:MI:SS.US') AS at FROM journal ORDER BY seq
  `.execute(catalog.db);
  expect(rows.map(({ at }) => at)).toEqual([
    "31 23:59:59.999998",
    "31 23:59:59.999999",
    "01 00:00:00.000000",
    "01 00:00:00.000001",
    "01 00:00:00.000002",
    "01 00:00:00.000003",
    "01 00:00:00.000004",
    "02 00:00:00.000000",
  ]);
});

test("two transactions in each other's way: the one that lost is run again", async () => {
  const [catalog] = await open();
  await catalog.db
    .insertInto("setting")
    .values([
      { key: "a", value: "0" },
      { key: "b", value: "0" },
    ])
    .execute();
  const meet = Promise.withResolvers<void>();
  let inside = 0;
  const both = (first: string, second: string) =>
    catalog.commit(ACTOR, async ({ db, record }) => {
      await bump(db, first);
      if (++inside === 2) meet.resolve();
      await meet.promise;
      await bump(db, second);
      record(tag(first));
    });
  await Promise.all([both("a", "b"), both("b", "a")]);
  // The one that is run again may meet the other once more.
  expect(inside).toBeGreaterThanOrEqual(3);
  expect(await catalog.head()).toBe(2);
});

test("a registry's id is made once, and is the same for every node", async () => {
  const [catalog, url] = await open();
  const [other] = await open();
  expect(catalog.registryId).toMatch(/^[0-9a-f-]{36}$/);
  expect((await secondNode(url)).registryId).toBe(catalog.registryId);
  expect(other.registryId).not.toBe(catalog.registryId);
});

test("bigint is a number, timestamptz a Date, bytea a Buffer", async () => {
  const [catalog] = await open();
  const { rows } = await sql`SELECT 5000000000::bigint AS n, ARRAY[1, 2]::bigint[] AS list,
    count(*) AS count, now() AS at, '\\x00ff'::bytea AS bytes`.execute(catalog.db);
  expect(rows).toEqual([
    { n: 5e9, list: [1, 2], count: 1, at: expect.any(Date), bytes: Buffer.from([0, 255]) },
  ]);
});

test("a commit wakes other nodes; a message reaches them at its commit", async () => {
  const [catalog, url] = await open();
  const other = await secondNode(url);
  const woken = new Promise<void>((resolve) => other.onCommit(resolve, 3_600_000));
  const heard = new Promise<string>((resolve) => other.listen("my channel", resolve));
  // A listener that is not there yet hears nothing.
  await untilListening(other);
  await catalog.commit(ACTOR, async ({ record }) => record(tag("a")));
  await woken;
  await catalog.transaction((db) => catalog.notify("my channel", "hello", db));
  expect(await heard).toBe("hello");
});

test("listeners are called every pollMs even if nothing is committed, until ended", async () => {
  const [catalog] = await open();
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = catalog.onCommit(() => {
    if (++calls === 3) resolve();
  }, 5);
  await promise;
  end();
});

async function bump(db: Catalog["db"], key: string): Promise<void> {
  await sql`UPDATE setting SET value = to_jsonb(value::int + 1) WHERE key = ${key}`.execute(db);
}

/** Sends itself messages until one arrives: LISTEN is in force then. */
async function untilListening(catalog: Catalog): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = catalog.listen("probe", () => resolve());
  const timer = setInterval(() => void catalog.notify("probe", ""), 20);
  await promise;
  clearInterval(timer);
  end();
}
