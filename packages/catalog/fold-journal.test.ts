import { expect, test } from "vitest";
import { foldJournal, type FoldLimits } from "./fold-journal.ts";
import type { Catalog, JournalEntry } from "./ports.ts";
import { replayJournal } from "./replay.ts";
import { seededRandom, seeds } from "./seeds.ts";
import { testCatalog } from "./testing.ts";

const PROJECTS = ["long", "team"];

test.each(seeds("packages/catalog/fold-journal.test.ts", process.env))(
  "whatever is folded, states from the limits on are what they were: %s",
  async (_replay, seed) => {
    const { catalog, close } = await testCatalog();
    const random = seededRandom(seed);
    const before: JournalEntry[] = [];
    let limits: FoldLimits = { seq: 0, deletions: 0, projects: new Map() };
    for (let round = 0; round < 6; round++) {
      await change(catalog, random, 40);
      before.push(...(await catalog.entries(before.at(-1)?.seq ?? 0, 1_000)));
      limits = later(limits, before.at(-1)!.seq, random);
      // Cut short half of the time: the next round begins anew, with other limits.
      await fold(catalog, limits, random() < 0.5 ? 1 + Math.floor(random() * 4) : Infinity);
      await sameStates(catalog, before, limits);
    }
    await fold(catalog, limits, Infinity);
    await leastEntries(catalog, before, limits);
    await close();
  },
);

/** Sets and deletes tags of two projects. */
async function change(catalog: Catalog, random: () => number, commits: number): Promise<void> {
  for (let n = 0; n < commits; n++) {
    await catalog.commit({ name: "a", cause: `${n}` }, async ({ record }) => {
      for (let i = 0; i <= random() * 2; i++) {
        const key = `${PROJECTS[Math.floor(random() * 2)]}/app:${Math.floor(random() * 5)}`;
        record({ kind: "tag", key, after: random() < 0.4 ? null : { n: random() } });
      }
    });
  }
}

function later(limits: FoldLimits, head: number, random: () => number): FoldLimits {
  const seq = limits.seq + Math.floor(random() * (head - limits.seq));
  const old = limits.projects.get("long") ?? 0;
  const long = old + Math.floor(random() * (seq - old));
  const deletions = limits.deletions + Math.floor(random() * (seq - limits.deletions));
  return { seq, deletions, projects: new Map([["long", long]]) };
}

async function fold(catalog: Catalog, limits: FoldLimits, batches: number): Promise<void> {
  let next: number | null = 0;
  for (let n = 0; n < batches && next !== null; n++) {
    ({ next } = await foldJournal(catalog.db, limits, next, { batch: 7 }));
  }
}

async function sameStates(
  catalog: Catalog,
  before: readonly JournalEntry[],
  limits: FoldLimits,
): Promise<void> {
  const left = await catalog.entries(0, 10_000);
  expect(left.map(({ seq }) => seq)).toEqual(left.map(({ seq }) => seq).toSorted((a, b) => a - b));
  for (const project of PROJECTS) {
    const from = limits.projects.get(project) ?? limits.seq;
    for (let seq = from; seq <= before.length; seq += 3) {
      expect([project, seq, stateOf(left, project, seq)]).toEqual([
        project,
        seq,
        stateOf(before, project, seq),
      ]);
    }
  }
}

function stateOf(entries: readonly JournalEntry[], project: string, seq: number) {
  const counted = entries.filter((one) => one.seq <= seq && one.key.startsWith(`${project}/`));
  return new Map([...(replayJournal(counted).get("tag") ?? [])].toSorted());
}

/** At and before its limit a name has at most one entry, and that is no old deletion. */
async function leastEntries(
  catalog: Catalog,
  before: readonly JournalEntry[],
  limits: FoldLimits,
): Promise<void> {
  const left = await catalog.entries(0, 10_000);
  for (const project of PROJECTS) {
    const limit = limits.projects.get(project) ?? limits.seq;
    const old = left.filter((one) => one.seq <= limit && one.key.startsWith(`${project}/`));
    expect(new Set(old.map(({ key }) => key)).size).toBe(old.length);
    const stale = old.filter((one) => one.after === null && one.seq <= limits.deletions);
    expect(stale.filter((one) => one.seq < limit)).toEqual([]);
  }
  const gone = before.length - left.length;
  expect((await foldJournal(catalog.db, limits, 0, { dryRun: true })).removed).toBe(0);
  expect(gone).toBeGreaterThan(0);
}
