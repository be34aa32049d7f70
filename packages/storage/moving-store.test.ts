import { digestOf } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import { expect, test } from "vitest";
import { memoryStore } from "./memory.ts";
import { moveBlobs } from "./move-blobs.ts";
import { movingStore } from "./moving-store.ts";
import { storageSuite } from "./suite.ts";
import { allOf, inPieces, listOf, sampleBytes } from "./suite-bytes.ts";

storageSuite("moving from an empty store", async () => {
  const blobs = new Map<Digest, Uint8Array>();
  let later = 0;
  const to = memoryStore({ blobs, now: () => Date.now() + later });
  return {
    store: movingStore(memoryStore(), to),
    damage: async (digest, bytes) => void blobs.set(digest, bytes),
    advance: (ms) => void (later += ms),
  };
});

/** A store with `count` blobs beginning at seed `first`, and what it holds. */
async function filled(first: number, count: number) {
  const blobs = new Map<Digest, Uint8Array>();
  const store = memoryStore({ blobs });
  for (let seed = first; seed < first + count; seed++) {
    const bytes = sampleBytes(seed * 1000, seed);
    await store.put(digestOf(bytes, seed % 2 ? "sha256" : "sha512"), bytes);
  }
  return { store, blobs };
}

const digestsOf = async (list: ReturnType<typeof listOf<{ digest: Digest }>>) =>
  (await list).map(({ digest }) => digest);

test("what either has is found, read and listed once, in order", async () => {
  const [old, now] = [await filled(0, 20), await filled(10, 20)];
  const store = movingStore(old.store, now.store);
  const all = new Map([...old.blobs, ...now.blobs]);
  const expected = [...all.keys()].toSorted();
  expect(await digestsOf(listOf(store.list()))).toEqual(expected);
  expect(await digestsOf(listOf(store.list(expected[7])))).toEqual(expected.slice(8));
  for (const [digest, bytes] of all) {
    expect(await store.stat(digest)).toBe(bytes.length);
    expect((await allOf(await store.read(digest))).equals(bytes)).toBe(true);
  }
});

test("everything is moved, whatever is pushed meanwhile; the old one stays as it was", async () => {
  const [old, now] = [await filled(0, 30), await filled(25, 10)];
  const before = new Map(old.blobs);
  const store = movingStore(old.store, now.store);
  const pushed = sampleBytes(12_345, 99);
  const moving = moveBlobs(old.store, now.store);
  const draft = await store.start("library/a");
  await draft.append(inPieces(pushed));
  await draft.commit(digestOf(pushed));

  const missing = [...old.blobs].filter(([digest]) => !now.blobs.has(digest));
  expect(missing.length).toBeLessThanOrEqual(25);
  expect(await moving).toMatchObject({ moved: 30, damaged: [] });
  expect(old.blobs).toEqual(before);
  const there = await digestsOf(listOf(now.store.list()));
  expect(new Set(there)).toEqual(new Set([...before.keys(), ...now.blobs.keys()]));
  expect(await moveBlobs(old.store, now.store)).toMatchObject({ moved: 30, bytesSent: 0 });
});

test("a move that is stopped goes on with what is missing", async () => {
  const [old, now] = [await filled(1, 30), await filled(0, 0)];
  const stop = new AbortController();
  const onProgress = ({ moved }: { moved: number }) => moved === 10 && stop.abort();
  const stopped = moveBlobs(old.store, now.store, { signal: stop.signal, onProgress });
  await expect(stopped).rejects.toThrow(/abort/i);
  expect(now.blobs.size).toBeGreaterThanOrEqual(10);
  expect(now.blobs.size).toBeLessThan(30);
  await moveBlobs(old.store, now.store);
  expect([...now.blobs.keys()].toSorted()).toEqual([...old.blobs.keys()].toSorted());
});

test("a blob that is damaged in the old one is left out and named", async () => {
  const [old, now] = [await filled(1, 10), await filled(0, 0)];
  const [digest] = old.blobs.keys();
  old.blobs.set(digest!, sampleBytes(50, 3));
  expect(await moveBlobs(old.store, now.store)).toMatchObject({ moved: 9, damaged: [digest] });
  expect(await now.store.stat(digest!)).toBe(null);
  expect(await now.store.sweepDrafts(-1_000)).toBe(0);
});

test("a damaged blob is set aside in both, until it is stored again", async () => {
  const [old, now] = [await filled(1, 1), await filled(1, 1)];
  const store = movingStore(old.store, now.store);
  const [[digest, bytes]] = [...old.blobs] as [[Digest, Uint8Array]];
  expect(await store.setAside(digest)).toBe(true);
  expect(await store.stat(digest)).toBe(null);
  await store.put(digest, bytes);
  expect(await store.stat(digest)).toBe(bytes.length);
});
