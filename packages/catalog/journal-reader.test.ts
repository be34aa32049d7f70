import { afterEach, expect, test, vi } from "vitest";
import { followJournal, type Following, type FollowOptions } from "./journal-reader.ts";
import { openCatalog } from "./open-catalog.ts";
import type { Catalog, JournalEntry, JournalReader } from "./ports.ts";
import { testCatalog } from "./testing.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).toReversed()) await close();
});

async function twoNodes(): Promise<[Catalog, Catalog]> {
  const { catalog, url, close } = await testCatalog();
  const other = await openCatalog({ url, maxConnections: 4 });
  closers.push(close, other.close);
  return [catalog, other];
}

function follow(catalog: Catalog, reader: JournalReader, options?: FollowOptions): Following {
  const following = followJournal(catalog, reader, options);
  closers.push(following.stop);
  return following;
}

function collector(name = "r"): JournalReader & { keys: string[]; sizes: number[] } {
  const keys: string[] = [];
  const sizes: number[] = [];
  const read = async (entries: readonly JournalEntry[]) => {
    sizes.push(entries.length);
    keys.push(...entries.map(({ key }) => key));
  };
  return { name, batch: 2, read, keys, sizes };
}

async function commit(catalog: Catalog, ...keys: string[]): Promise<void> {
  await catalog.commit({ name: "a", cause: "c" }, async ({ record }) => {
    for (const key of keys) record({ kind: "tag", key, after: {} });
  });
}

test("a new reader begins at the start, in batches; a known one where it was", async () => {
  const [catalog, other] = await twoNodes();
  await commit(catalog, "1", "2", "3");
  const first = collector();
  const following = follow(catalog, first);
  await following.idle();
  await following.stop();
  expect(first.keys).toEqual(["1", "2", "3"]);
  expect(first.sizes).toEqual([2, 1]);

  await commit(catalog, "4");
  const second = collector();
  await follow(other, second).idle();
  expect(second.keys).toEqual(["4"]);
});

test("a reader told to begin at the head sees only what comes after", async () => {
  const [catalog] = await twoNodes();
  await commit(catalog, "1");
  const reader = collector();
  const following = follow(catalog, reader, { from: "head" });
  await following.idle();
  await commit(catalog, "2");
  await following.idle();
  expect(reader.keys).toEqual(["2"]);
});

test("two nodes with one reader: each entry is handled once, in order", async () => {
  const nodes = await twoNodes();
  const reader = collector();
  const following = nodes.map((node) => follow(node, reader, { pollMs: 20 }));
  const wanted: string[] = [];
  for (let n = 0; n < 40; n++) {
    wanted.push(`${n}`);
    await commit(nodes[n % 2] as Catalog, `${n}`);
  }
  await Promise.all(following.map((one) => one.idle()));
  expect(reader.keys).toEqual(wanted);
});

test("a reader that fails is undone, and tries the same entries again after a pause", async () => {
  const [catalog] = await twoNodes();
  await commit(catalog, "1", "2", "3");
  const handled: string[] = [];
  const retries: number[] = [];
  let failures = 3;
  vi.useFakeTimers({ toFake: ["setTimeout"], shouldAdvanceTime: true, advanceTimeDelta: 500 });
  const reader: JournalReader = {
    name: "r",
    batch: 2,
    read: async (entries, db) => {
      const key = entries[0]?.key ?? "";
      await db.insertInto("setting").values({ key, value: "1" }).execute();
      if (key === "3" && failures-- > 0) throw new Error("not yet");
      handled.push(...entries.map((entry) => entry.key));
    },
  };
  const onError = (error: unknown, retryInMs: number) => {
    expect(error).toMatchObject({ message: "not yet" });
    retries.push(retryInMs);
  };
  await follow(catalog, reader, { onError }).idle();
  expect(retries).toEqual([1_000, 2_000, 4_000]);
  expect(handled).toEqual(["1", "2", "3"]);
});

test("stop waits for the batch in hand; idle is then refused", async () => {
  const [catalog] = await twoNodes();
  await commit(catalog, "1", "2", "3");
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const keys: string[] = [];
  const controller = new AbortController();
  const following = follow(
    catalog,
    {
      name: "r",
      batch: 1,
      read: async ([entry]) => {
        entered.resolve();
        await leave.promise;
        keys.push(entry?.key ?? "");
      },
    },
    { signal: controller.signal },
  );
  await entered.promise;
  controller.abort();
  const stopped = following.stop();
  leave.resolve();
  await stopped;
  expect(keys).toEqual(["1"]);
  await expect(following.idle()).rejects.toMatchObject({ code: "CANCELLED" });
});
