import { setTimeout as sleep } from "node:timers/promises";
import type { Catalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { bytesOf } from "@entrepot/registry";
import { pushSample, type Sample, sampleImage } from "@entrepot/registry/samples";
import type { BlobStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Content, openContent } from "./content.ts";

const ACTOR = { name: "test", cause: "test" };

let catalog: Catalog;
let close: () => Promise<void>;
let content: Content;
let image: Sample;
/** What the store waits for before it answers that content is durable. */
let disk: PromiseWithResolvers<void>;

beforeEach(async () => {
  ({ catalog, close } = await testCatalog());
  const inner = memoryStore();
  disk = Promise.withResolvers<void>();
  disk.resolve();
  const store: BlobStore = {
    ...inner,
    async put(digest, bytes) {
      await inner.put(digest, bytes);
      await disk.promise;
    },
  };
  content = openContent({ catalog, store });
  await content.projects.create(ACTOR, { name: "library", public: true });
  const repository = content.as(ACTOR).repository("library/order");
  image = sampleImage();
  for (const child of image.children) await pushSample(repository, child);
  disk = Promise.withResolvers<void>();
});
afterEach(() => close());

const repository = () => content.as(ACTOR).repository("library/order");
const push = () => repository().push(image.content, bytesOf(image.bytes), ["v1"]);

/** Waits until a push has said all but what commits it. */
async function untilSaid(): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND state = 'idle in transaction' AND query LIKE '%INSERT INTO tag%'
    `.execute(catalog.db);
    if (rows.length > 0) return;
    await sleep(5);
  }
}

test("a manifest is seen only once its file is durable, and holds up nobody else", async () => {
  const before = await catalog.head();
  const pushed = push();
  await untilSaid();
  expect(await repository().resolve("v1")).toBe(null);
  expect(await repository().resolve(image.content.digest)).toBe(null);
  expect(await catalog.head()).toBe(before);
  // The journal's head is free: others commit meanwhile.
  await content.projects.create(ACTOR, { name: "meanwhile", public: true });

  disk.resolve();
  await pushed;
  expect((await repository().resolve("v1"))?.digest).toBe(image.content.digest);
});

test("a manifest whose file the disk refused leaves nothing, and is taken later", async () => {
  const before = await catalog.head();
  const pushed = push();
  await untilSaid();
  disk.reject(new Error("no space"));
  await expect(pushed).rejects.toThrow("no space");
  expect(await repository().resolve(image.content.digest)).toBe(null);
  expect(await catalog.head()).toBe(before);

  disk = Promise.withResolvers<void>();
  disk.resolve();
  await push();
  expect((await repository().resolve("v1"))?.digest).toBe(image.content.digest);
});

test("a refused manifest is answered only when its file has been dealt with", async () => {
  const nowhere = content.as(ACTOR).repository("library/elsewhere");
  let answered = false;
  const pushed = nowhere.push(image.content, bytesOf(image.bytes), ["v1"]);
  const refused = expect(pushed).rejects.toMatchObject({ code: "MANIFEST_BLOB_UNKNOWN" });
  const settled = pushed.catch(() => undefined).then(() => (answered = true));
  await sql`SELECT pg_sleep(0.1)`.execute(catalog.db);
  expect(answered).toBe(false);
  disk.resolve();
  await settled;
  await refused;
});
