import type { Actor, Carried } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { expect, test } from "vitest";
import { openContent } from "./content.ts";

const NAME = "library/app";
const THERE = "22222222-2222-4222-8222-222222222222";
const FAR = "33333333-3333-4333-8333-333333333333";

/** A change that was made at `registry` at `ms`, and knew of nothing before it. */
const made = (registry: string, seq: number, ms: number): Carried => ({
  origin: { registry, seq },
  path: registry === THERE ? [THERE] : [registry, THERE],
  clock: `${registry}:${ms}.0`,
});

/** One push of all tags of `ofTags`, which is the first one's beside. */
const pushOf = (ofTags: ReadonlyMap<string, Carried>): Actor => ({
  name: "system:replication",
  cause: "push",
  ...[...ofTags.values()][0]!,
  ofTags,
});

test("tags in one push each keep their own origin, path and clock", async () => {
  const { catalog, close } = await testCatalog();
  try {
    const content = openContent({ catalog, store: memoryStore() });
    const user = { name: "client", cause: "project" };
    await content.projects.create(user, { name: "library", public: true });
    const ofTags = new Map([
      ["v1", made(THERE, 5, 1_000)],
      ["v2", made(FAR, 9, 3_000)],
      ["v3", made(THERE, 6, 2_000)],
    ]);
    await pushSample(content.as(pushOf(ofTags)).repository(NAME), sampleImage(), [
      ...ofTags.keys(),
    ]);
    const entries = (await catalog.entries(0, 1_000)).filter(({ kind }) => kind === "tag");
    const told = entries.map(({ key, origin, originSeq, path, clock }) => {
      const tag = key.slice(NAME.length + 1);
      return [tag, { origin: { registry: origin, seq: originSeq }, path, clock }];
    });
    expect(new Map(told as never)).toEqual(ofTags);
  } finally {
    await close();
  }
});

test("of tags in one push those move that come later than what is here", async () => {
  const { catalog, close } = await testCatalog();
  try {
    const content = openContent({ catalog, store: memoryStore() });
    const user = { name: "client", cause: "project" };
    await content.projects.create(user, { name: "library", public: true });
    const [old, young] = [sampleImage(), sampleImage()];
    const tags = ["early", "late", "new"];
    const here = { name: "system:replication", cause: "before", ...made(FAR, 1, 2_000) };
    await pushSample(content.as(here).repository(NAME), old, ["early", "late"]);

    const ofTags = new Map(
      tags.map((tag, n) => [tag, made(THERE, n, tag === "early" ? 1_000 : 3_000)]),
    );
    await pushSample(content.as(pushOf(ofTags)).repository(NAME), young, tags);
    const repository = content.as(user).repository(NAME);
    const named = await Promise.all(
      tags.map(async (tag) => (await repository.resolve(tag))?.digest),
    );
    const [before, after] = [old.content.digest, young.content.digest];
    expect(named).toEqual([before, after, after]);
    const conflicts = (await catalog.entries(0, 1_000)).filter(({ kind }) => kind === "conflict");
    expect(conflicts.map(({ after: row }) => row)).toMatchObject([
      { winner: before, loser: after, winnerOrigin: FAR, loserOrigin: THERE },
      { winner: after, loser: before, winnerOrigin: THERE, loserOrigin: FAR },
    ]);
  } finally {
    await close();
  }
});
