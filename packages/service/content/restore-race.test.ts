import { testCatalog } from "@entrepot/catalog/testing";
import { bytesOf } from "@entrepot/registry";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import type { BlobStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { afterEach, expect, test, vi } from "vitest";
import { openContent } from "./content.ts";
import { restoreManifests } from "./restore-manifests.ts";
import type { RestoreNames } from "./restore-names.ts";
import { restoreRepositories } from "./restore-places.ts";

const ACTOR = { name: "test", cause: "test" };
const NAME = "library/app";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A registry whose disk can be made to keep a push waiting, all but its commit done. */
async function slowDisk() {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const inner = memoryStore();
  let disk = Promise.resolve();
  const store: BlobStore = {
    ...inner,
    async put(digest, bytes) {
      await inner.put(digest, bytes);
      await disk;
    },
  };
  const content = openContent({ catalog, store });
  await content.projects.create(ACTOR, { name: "library", public: true });
  const repository = content.as(ACTOR).repository(NAME);
  const waiting = async (state: string) => {
    const { rows } = await sql`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND ${sql.raw(state)}
    `.execute(catalog.db);
    expect(rows).not.toEqual([]);
  };
  /** Takes `key` away while `push` is about to commit; what both come to. */
  const during = async (push: () => Promise<void>, key: string, restore: RestoreNames) => {
    const gate = Promise.withResolvers<void>();
    disk = gate.promise;
    const pushed = push();
    await vi.waitFor(() => waiting("state = 'idle in transaction'"));
    const taken = catalog.commit(ACTOR, (commit) =>
      restore(commit, [{ key, wanted: null, present: {} }], async () => new Map()),
    );
    await vi.waitFor(() => waiting("wait_event_type = 'Lock'"));
    gate.resolve();
    await pushed;
    return taken;
  };
  return { catalog, store, repository, during };
}

test("a repository that something comes to while it is taken away is kept", async () => {
  const { repository, during } = await slowDisk();
  const [first, image] = [sampleImage(), sampleImage()];
  await pushSample(repository, first);
  for (const child of image.children) await pushSample(repository, child);
  await repository.delete(first.content.digest);
  const push = () => repository.push(image.content, bytesOf(image.bytes));
  expect(await during(push, NAME, restoreRepositories)).toEqual(["it still has artifacts"]);
  expect(await repository.resolve(image.content.digest)).not.toBeNull();
});

test("an image that an index comes to need while it is taken away is kept", async () => {
  const { catalog, store, repository, during } = await slowDisk();
  const image = sampleImage();
  const index = sampleIndex([image]);
  await pushSample(repository, image);
  const push = () => repository.push(index.content, bytesOf(index.bytes));
  const restore = restoreManifests({ catalog, store } as never);
  const key = `${NAME}@${image.content.digest}`;
  const left = [`index ${index.content.digest} needs it`];
  expect(await during(push, key, restore)).toEqual(left);
  expect(await repository.resolve(image.content.digest)).not.toBeNull();
});
