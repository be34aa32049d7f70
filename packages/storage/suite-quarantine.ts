import { describe, expect, test } from "vitest";
import { digestOf } from "@entrepot/oci";
import type { BlobStore } from "./ports.ts";
import type { StoreUnderTest } from "./suite.ts";
import { allOf, inPieces, listOf, sampleBytes } from "./suite-bytes.ts";

const BYTES = sampleBytes(2_500_000, 7);
const DIGEST = digestOf(BYTES);

/** What every BlobStore keeps to when blobs are put out of sight and asked for again. */
export function quarantineSuite(name: string, on: () => StoreUnderTest): void {
  describe(`${name}: quarantine`, () => outOfSightTests(on));
  describe(`${name}: out of quarantine`, () => takenBackTests(on));
  describe(`${name}: set aside`, () => setAsideTests(on));
}

function outOfSightTests(on: () => StoreUnderTest): void {
  test("what is in quarantine is listed there with its size, and not among the blobs", async () => {
    const { store } = on();
    const kept = sampleBytes(10, 8);
    await store.put(digestOf(kept), kept);
    await store.put(DIGEST, BYTES);
    const before = Date.now();
    expect(await store.quarantine(DIGEST)).toBe(true);
    expect(await store.quarantine(DIGEST)).toBe(false);
    expect(await listOf(store.list())).toEqual([{ digest: digestOf(kept), size: 10 }]);
    const [there, ...more] = await listOf(store.quarantined());
    expect(more).toEqual([]);
    expect(there).toMatchObject({ digest: DIGEST, size: BYTES.length });
    // The disk's clock may be coarser than ours.
    expect(there!.since.getTime()).toBeGreaterThan(before - 1_000);
    expect(there!.since.getTime()).toBeLessThan(Date.now() + 1_000);
  });

  test("what is removed from quarantine is gone for good, and only from there", async () => {
    const { store } = on();
    await store.put(DIGEST, BYTES);
    expect(await store.remove(DIGEST)).toBe(false);
    expect(await store.stat(DIGEST)).toBe(BYTES.length);
    await store.quarantine(DIGEST);
    expect(await store.remove(DIGEST)).toBe(true);
    expect(await store.remove(DIGEST)).toBe(false);
    expect(await store.stat(DIGEST)).toBe(null);
    expect(await listOf(store.quarantined())).toEqual([]);
    await expect(store.read(DIGEST)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  });

  test("an absent blob cannot be put into quarantine", async () => {
    expect(await on().store.quarantine(DIGEST)).toBe(false);
    expect(await listOf(on().store.quarantined())).toEqual([]);
  });
}

const ASKED: Readonly<Record<string, (store: BlobStore) => Promise<unknown>>> = {
  stat: (store) => store.stat(DIGEST),
  read: (store) => store.read(DIGEST),
  put: (store) => store.put(DIGEST, BYTES),
  async commit(store) {
    const draft = await store.start("library/a");
    await draft.append(inPieces(BYTES));
    await draft.commit(DIGEST);
  },
};

function takenBackTests(on: () => StoreUnderTest): void {
  test.each(Object.keys(ASKED))("%s takes a blob back; removal is then harmless", async (by) => {
    const { store } = on();
    await store.put(DIGEST, BYTES);
    await store.quarantine(DIGEST);
    await ASKED[by]!(store);
    expect((await listOf(store.list())).map(({ digest }) => digest)).toEqual([DIGEST]);
    await store.remove(DIGEST);
    expect(await listOf(store.quarantined())).toEqual([]);
    expect((await allOf(await store.read(DIGEST))).equals(BYTES)).toBe(true);
  });

  test("a blob that goes into quarantine before its first byte is read all the same", async () => {
    const { store } = on();
    await store.put(DIGEST, BYTES);
    const bytes = await store.read(DIGEST, { start: 5 });
    await store.quarantine(DIGEST);
    expect((await allOf(bytes)).equals(BYTES.subarray(5))).toBe(true);
  });

  test("a blob that is being read goes on to its end, whatever becomes of its name", async () => {
    const { store } = on();
    await store.put(DIGEST, BYTES);
    const pieces: Uint8Array[] = [];
    for await (const piece of await store.read(DIGEST)) {
      if (pieces.length === 0) {
        await store.quarantine(DIGEST);
        await store.remove(DIGEST);
      }
      pieces.push(Buffer.from(piece));
    }
    expect(Buffer.concat(pieces).equals(BYTES)).toBe(true);
  });

  test("of many who ask at once every one finds it", async () => {
    const { store } = on();
    await store.put(DIGEST, BYTES);
    for (let round = 0; round < 20; round++) {
      await store.quarantine(DIGEST);
      const sizes = await Promise.all(Array.from({ length: 16 }, () => store.stat(DIGEST)));
      expect(new Set(sizes)).toEqual(new Set([BYTES.length]));
    }
  });

  test("another process takes it back as well", async () => {
    const { store, reopen } = on();
    if (!reopen) return;
    await store.put(DIGEST, BYTES);
    await store.quarantine(DIGEST);
    expect(await (await reopen()).stat(DIGEST)).toBe(BYTES.length);
    expect(await store.stat(DIGEST)).toBe(BYTES.length);
  });

  test("a list is in the order of digests, and may begin after any", async () => {
    const { store } = on();
    for (let seed = 0; seed < 60; seed++) {
      const bytes = sampleBytes(seed, seed);
      await store.put(digestOf(bytes, seed % 2 ? "sha256" : "sha512"), bytes);
    }
    const all = (await listOf(store.list())).map(({ digest }) => digest);
    expect(all).toEqual([...all].toSorted());
    for (const at of [0, 20, 58]) {
      const rest = (await listOf(store.list(all[at]))).map(({ digest }) => digest);
      expect(rest).toEqual(all.slice(at + 1));
    }
  });
}

function setAsideTests(on: () => StoreUnderTest): void {
  test("what is set aside is absent, in no list, and comes back only by being stored", async () => {
    const { store } = on();
    await store.put(DIGEST, BYTES);
    expect(await store.setAside(DIGEST)).toBe(true);
    expect(await store.setAside(DIGEST)).toBe(false);
    expect(await store.stat(DIGEST)).toBe(null);
    await expect(store.read(DIGEST)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
    expect(await listOf(store.list())).toEqual([]);
    expect(await listOf(store.quarantined())).toEqual([]);
    expect(await store.remove(DIGEST)).toBe(false);
    await store.put(DIGEST, BYTES);
    expect((await allOf(await store.read(DIGEST))).equals(BYTES)).toBe(true);
  });
}
