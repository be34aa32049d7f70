import type { Actor, JournalEntry } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { asDigest, type Digest } from "@entrepot/oci";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { expect, test } from "vitest";
import { openContent } from "./content.ts";

const NAME = "library/app";
const ELSEWHERE = "22222222-2222-4222-8222-222222222222";
const TAGS = ["v1", "v2", "v3"];
/** One transaction at the source that replication carries here, name by name. */
const sync = (change: Partial<Actor> = {}): Actor => ({
  name: "system:replication",
  cause: "sync",
  origin: { registry: ELSEWHERE, seq: 7 },
  path: [ELSEWHERE],
  ...change,
});

test("the journal has what undoes a sync of deletions: cause, and what was before", async () => {
  const { catalog, close } = await testCatalog();
  try {
    const content = openContent({ catalog, store: memoryStore() });
    const actor = { name: "client", cause: "push" };
    await content.projects.create(actor, { name: "library", public: true });
    const repository = content.as(actor).repository(NAME);
    const digests = await Promise.all(
      TAGS.map((tag) => pushSample(repository, sampleImage(), [tag])),
    );
    await content.as(sync()).repository(NAME).tag("v3", digests[0]!);
    for (const tag of TAGS) await content.as(sync()).repository(NAME).delete(tag);
    for (const tag of TAGS) expect(await repository.resolve(tag)).toBeNull();

    const before = new Map<string, JournalEntry | null>();
    const entries = (await catalog.entries(0, 1_000)).filter(({ kind }) => kind === "tag");
    for (const entry of entries.filter(({ cause }) => cause === "sync")) {
      const earlier = entries.filter(({ key, seq }) => key === entry.key && seq < entry.seq);
      // The first of the cause has what was before all of it.
      if (!before.has(entry.key)) before.set(entry.key, earlier.at(-1) ?? null);
    }
    expect([...before.keys()].toSorted()).toEqual(TAGS.map((tag) => `${NAME}:${tag}`));
    for (const [key, entry] of before) {
      const digest = asDigest(String(entry?.after?.["digest"])) as Digest;
      await repository.tag(key.slice(NAME.length + 1), digest);
    }
    const now = await Promise.all(TAGS.map(async (tag) => (await repository.resolve(tag))?.digest));
    expect(now).toEqual(digests);
  } finally {
    await close();
  }
});
