import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { followJournal } from "./journal-reader.ts";
import { openCatalog } from "./open-catalog.ts";
import type { Catalog, JournalEntry } from "./ports.ts";
import { seededRandom, seeds } from "./seeds.ts";
import { testCatalog } from "./testing.ts";

const WRITERS = 8;
const COMMITS_EACH = 30;

test.each(seeds("packages/catalog/journal.property.test.ts", process.env))(
  "readers beside many writers never skip, repeat or reorder an entry: %s",
  async (_replay, seed) => {
    const { catalog, url, close } = await testCatalog({ maxConnections: 6 });
    const other = await openCatalog({ url, maxConnections: 6 });
    const followed: JournalEntry[] = [];
    const reader = {
      name: "test",
      batch: 7,
      read: async (entries: readonly JournalEntry[]) => void followed.push(...entries),
    };
    const following = [catalog, other].map((node) => followJournal(node, reader, { pollMs: 50 }));
    const writing = new AbortController();
    const polled = [catalog, other].map((node) => poll(node, writing.signal));

    const recorded = await Promise.all(
      Array.from({ length: WRITERS }, (_, i) => write(i % 2 ? catalog : other, i, seed)),
    );
    writing.abort();
    await Promise.all(following.map((one) => one.idle()));
    await Promise.all(following.map((one) => one.stop()));

    const total = recorded.flat().length;
    const truth = await catalog.entries(0, total + 1);
    expect(truth.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(truth.map(({ key }) => key).toSorted()).toEqual(recorded.flat().toSorted());
    for (const mine of recorded)
      expect(truth.map(({ key }) => key).filter(isIn(mine))).toEqual(mine);
    const times = truth.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(followed).toEqual(truth);
    for (const seen of await Promise.all(polled)) expect(seen).toEqual(truth);
    await other.close();
    await close();
  },
);

/** Commits, some slow, some undone, some of several entries. Returns the keys committed. */
async function write(catalog: Catalog, writer: number, seed: number): Promise<string[]> {
  const random = seededRandom(seed * 1_000 + writer);
  const committed: string[] = [];
  for (let n = 0; n < COMMITS_EACH; n++) {
    const keys = Array.from({ length: Math.floor(random() * 4) }, (_, i) => `${writer}-${n}-${i}`);
    const fails = random() < 0.2;
    const pauseMs = random() < 0.2 ? random() * 20 : 0;
    const commit = catalog.commit({ name: "w", cause: `${n}` }, async ({ db, record }) => {
      await db
        .insertInto("setting")
        .values({ key: `${writer}-${n}`, value: "1" })
        .execute();
      for (const key of keys) record({ kind: "tag", key, after: { writer } });
      if (pauseMs) await sleep(pauseMs);
      if (fails) throw new Undone();
    });
    await commit.then(
      () => committed.push(...keys),
      (error) => {
        if (!(error instanceof Undone)) throw error;
      },
    );
  }
  return committed;
}

/** What a reader sees that asks again and again for what comes after the last entry it saw. */
async function poll(catalog: Catalog, end: AbortSignal): Promise<JournalEntry[]> {
  const seen: JournalEntry[] = [];
  for (;;) {
    const isLast = end.aborted;
    let more: JournalEntry[];
    do {
      more = await catalog.entries(seen.at(-1)?.seq ?? 0, 5);
      seen.push(...more);
    } while (more.length > 0);
    if (isLast) return seen;
    await sleep(1);
  }
}

function isIn(keys: readonly string[]): (key: string) => boolean {
  const set = new Set(keys);
  return (key) => set.has(key);
}

class Undone extends Error {}
