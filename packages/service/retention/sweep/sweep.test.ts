import { compareWithTables, type Catalog } from "@entrepot/catalog";
import { seededRandom } from "@entrepot/catalog/testing";
import { bytesOf } from "@entrepot/registry";
import { pushSample, type Sample, sampleImage } from "@entrepot/registry/samples";
import type { BlobStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { afterEach, expect, test } from "vitest";
import { SWEEP_BEGIN, type SweepContext, sweepRun } from "./sweep-run.ts";
import {
  allPulls,
  DAY_MS,
  heldIsThere,
  partsOf,
  sweepWorld,
  type SweepWorld,
} from "./sweep-world.ts";

const PARAMETERS = { dryRun: false, deleteUntagged: false, workers: 1 };
const NAME = "library/a";

let close: (() => Promise<void>) | null = null;
afterEach(async () => {
  await close?.();
  close = null;
});

async function newWorld(store?: BlobStore): Promise<SweepWorld> {
  const world = await sweepWorld(seededRandom(1), store);
  ({ close } = world);
  return world;
}

async function sweep(context: SweepContext): Promise<void> {
  const run = sweepRun(context, PARAMETERS);
  let state = SWEEP_BEGIN;
  while (state.stage !== "done") state = await run.step(state);
}

test("a blob that is pushed between the question and the rename is not lost", async () => {
  const world = await newWorld();
  const image = sampleImage();
  const blob = image.children[1]!;
  await world.store.put(blob.content.digest, blob.bytes);
  let pushed = false;
  const quarantine: BlobStore["quarantine"] = async (digest) => {
    if (!pushed) await pushSample(world.repository(NAME), image, ["v1"]);
    pushed = true;
    return world.store.quarantine(digest);
  };
  await sweep({ ...world.context, store: { ...world.store, quarantine } });
  expect(pushed).toBe(true);
  world.pass(2 * DAY_MS);
  await sweep(world.context);
  world.spans.push({ repository: NAME, image, endedAt: null, endSeq: 0, tags: new Set(["v1"]) });
  await allPulls(world);
});

test("a push that is about to commit keeps the rows it needs, and waits for nothing", async () => {
  const reached = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const image = sampleImage();
  const store = memoryStore();
  const put: BlobStore["put"] = async (digest, bytes) => {
    if (digest === image.content.digest) {
      reached.resolve();
      await mayGoOn.promise;
    }
    await store.put(digest, bytes);
  };
  const world = await newWorld({ ...store, put });
  const repository = world.repository(NAME);
  for (const child of image.children) await pushSample(repository, child);
  await world.catalog.db
    .updateTable("repository_blob")
    .set({ condemned_at: new Date(world.now() - 9 * DAY_MS), created_at: new Date(0) })
    .execute();
  const pushing = repository.push(image.content, bytesOf(image.bytes), ["v1"]);
  await reached.promise;
  // The statements may still be on their way; the sweep either sees their locks or is seen.
  await expect.poll(() => locksHeld(world.catalog)).toBeGreaterThan(0);
  await sweep(world.context);
  mayGoOn.resolve();
  await pushing;
  world.spans.push({ repository: NAME, image, endedAt: null, endSeq: 0, tags: new Set(["v1"]) });
  world.pass(3 * DAY_MS);
  await sweep(world.context);
  await allPulls(world);
});

/** Rows of blobs that some transaction has locked. */
async function locksHeld({ db }: Catalog): Promise<number> {
  const all = await db.selectFrom("repository_blob").select("digest").execute();
  const free = await db
    .transaction()
    .execute((trx) =>
      trx.selectFrom("repository_blob").select("digest").forUpdate().skipLocked().execute(),
    );
  return all.length - free.length;
}

test("cut off at any of its acts and begun again, it comes to the same end", async () => {
  const world = await newWorld();
  const kept = sampleImage();
  await pushSample(world.repository(NAME), kept, ["v1"]);
  const span = { repository: NAME, image: kept, endedAt: null, endSeq: 0, tags: new Set(["v1"]) };
  world.spans.push(span);
  let cutAt = 0;
  for (let isCut = true; isCut;) {
    cutAt += 1;
    // Something for each of its stages, at each of its ages.
    await deletedImage(world);
    world.pass(DAY_MS / 2);
    let acts = 0;
    isCut = await sweep(cutting(world.context, () => ++acts === cutAt)).then(
      () => false,
      (error: unknown) => {
        expect(String(error)).toMatch(/cut off/);
        return true;
      },
    );
    await heldIsThere(world, []);
    if (cutAt % 4 === 0) await sweep(world.context);
  }
  expect(cutAt).toBeGreaterThan(20);
  for (let round = 0; round < 4; round++) {
    world.pass(4 * DAY_MS);
    await sweep(world.context);
  }
  await allPulls(world);
  await onlyThese(world, [kept]);
  expect(await compareWithTables(world.catalog)).toEqual([]);
}, 120_000);

/** Pushes an image and deletes it. */
async function deletedImage(world: SweepWorld): Promise<void> {
  const image = sampleImage();
  const repository = world.repository(NAME);
  await pushSample(repository, image, ["gone"]);
  await repository.delete(image.content.digest);
  const endSeq = await world.catalog.head();
  const tags = new Set<string>();
  world.spans.push({ repository: NAME, image, endedAt: world.now(), endSeq, tags });
}

/** `context`, in which the act that `isNow` names fails: a query, or one before or after a move. */
function cutting(context: SweepContext, isNow: () => boolean): SweepContext {
  const check = () => {
    if (isNow()) throw new Error("cut off");
  };
  const around =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      check();
      const result = await change(...args);
      check();
      return result;
    };
  const { catalog, store } = context;
  const db = catalog.db.withPlugin({
    transformQuery: ({ node }) => {
      check();
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const moves = { quarantine: around(store.quarantine), remove: around(store.remove) };
  return { ...context, catalog: { ...catalog, db }, store: { ...store, ...moves } };
}

async function onlyThese(world: SweepWorld, images: readonly Sample[]): Promise<void> {
  const there = new Set<string>();
  for await (const { digest } of world.store.list()) there.add(digest);
  for await (const { digest } of world.store.quarantined()) there.add(digest);
  expect(there).toEqual(new Set(images.flatMap(partsOf)));
}
