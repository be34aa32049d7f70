import { testCatalog } from "@entrepot/catalog/testing";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { afterEach, expect, test } from "vitest";
import { openContent } from "./content.ts";
import { forgetTombstones, REMEMBERED_MS } from "./forget-tombstones.ts";

const ACTOR = { name: "test", cause: "test" };
const NAME = "library/deep/app";
const HOUR_MS = 3_600_000;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A registry in which something of everything has been deleted, and something is there. */
async function registry() {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const content = openContent({ catalog, store: memoryStore() });
  await content.projects.create(ACTOR, { name: "library", public: true });
  const repository = content.as(ACTOR).repository(NAME);
  const [kept, gone] = [sampleImage(), sampleImage()];
  await pushSample(repository, kept, ["kept", "deleted"]);
  await pushSample(repository, gone, ["with-digest"]);
  await repository.delete("deleted");
  await repository.delete(gone.content.digest);
  const keys = async () => {
    const rows = await catalog.db.selectFrom("name_clock").select("key").orderBy("key").execute();
    return rows.map(({ key }) => key.slice(NAME.length));
  };
  const here = [`:kept`, `@${kept.content.digest}`];
  const all = [...here, ":deleted", ":with-digest", `@${gone.content.digest}`].toSorted();
  const after = (ms: number) => ({ db: catalog.db, now: () => new Date(Date.now() + ms) });
  return { catalog, repository, keys, here, all, after };
}

test("clocks of what is gone are forgotten after 30 days, of what is here never", async () => {
  const { keys, here, all, after } = await registry();
  expect(await keys()).toEqual(all);
  expect(await forgetTombstones(after(REMEMBERED_MS - HOUR_MS))).toBe(0);
  expect(await keys()).toEqual(all);
  expect(await forgetTombstones(after(REMEMBERED_MS + HOUR_MS))).toBe(3);
  expect(await keys()).toEqual(here);
  expect(await forgetTombstones(after(REMEMBERED_MS + HOUR_MS))).toBe(0);
});

test("a name deleted with a clock of long ago is remembered from today on", async () => {
  const { catalog, keys, all, after } = await registry();
  const old = `${catalog.registryId}:1000.0`;
  await catalog.db.updateTable("name_clock").set({ clock: old }).execute();
  expect(await forgetTombstones(after(0))).toBe(0);
  expect(await keys()).toEqual(all);
});

test("one with a clock of years ahead is remembered until then", async () => {
  const { catalog, keys, all, after } = await registry();
  const ahead = `${catalog.registryId}:${Date.now() + 4 * REMEMBERED_MS}.0`;
  await catalog.db.updateTable("name_clock").set({ clock: ahead }).execute();
  expect(await forgetTombstones(after(3 * REMEMBERED_MS))).toBe(0);
  expect(await keys()).toEqual(all);
});

test("a name that comes back has a clock as any new one", async () => {
  const { repository, keys, here, after } = await registry();
  await forgetTombstones(after(REMEMBERED_MS + HOUR_MS));
  await pushSample(repository, sampleImage(), ["deleted"]);
  expect(await keys()).toEqual(expect.arrayContaining([...here, ":deleted"]));
});
