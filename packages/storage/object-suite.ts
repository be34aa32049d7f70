import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ObjectStore } from "./objects.ts";
import { allOf, inPieces, listOf, sampleBytes } from "./suite-bytes.ts";

/** An object store under test. */
export interface ObjectsUnderTest {
  readonly objects: ObjectStore;
  /** The same store as a new process would open it. */
  reopen(): Promise<ObjectStore>;
  /** Its lists tell keys alone. */
  readonly listsKeysOnly?: boolean;
  /** So many keys come at a time; 1000 if absent. */
  readonly pageSize?: number;
  close?(): Promise<void>;
}

const SIZES = [0, 1, 65_536, 1024 * 1024 + 1, 5 * 1024 * 1024, 13_000_001];
const NO_KEYS = ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", ".a", "a\n", "é", "\0"];
const KEYS = ["a b", "a-b/c", "a.b", "a/b", "a/b.c/d", "a/b0", "a0", "b/1/2", "b/1/3", "b/10", "c"];

/** What every ObjectStore keeps to. `make` gives a new, empty store for each test. */
export function objectSuite(name: string, make: () => Promise<ObjectsUnderTest>): void {
  let on: ObjectsUnderTest;
  beforeEach(async () => {
    on = await make();
  });
  afterEach(async () => {
    await on.close?.();
  });

  describe(`${name}: objects`, () => storingTests(() => on));
  describe(`${name}: objects stored again`, () => replacingTests(() => on));
  describe(`${name}: lists of objects`, () => listTests(() => on));
  describe(`${name}: what is refused`, () => refusalTests(() => on));
}

function storingTests(on: () => ObjectsUnderTest): void {
  test.each(SIZES)("an object of %i bytes comes back, for a new process too", async (size) => {
    const { objects, reopen } = on();
    const bytes = sampleBytes(size);
    await objects.put("folder/object", inPieces(bytes));

    const again = await reopen();
    for (const store of [objects, again]) {
      const content = await contentOf(store, "folder/object");
      expect(content?.equals(bytes)).toBe(true); // toEqual takes seconds over megabytes
      expect((await store.stat("folder/object"))?.size).toBe(size);
    }
    await again.close();
  });

  test("a range comes alone; one that ends after the object is refused", async () => {
    const { objects } = on();
    const bytes = Buffer.from(sampleBytes(100_000));
    await objects.put("object", inPieces(bytes));

    const ranges = [{ start: 0, length: 1 }, { start: 70_000, length: 20_000 }, { start: 99_999 }];
    for (const range of ranges) {
      const { start, length = bytes.length - start } = range;
      const read = await allOf((await objects.get("object", range))!);
      expect(read).toEqual(bytes.subarray(start, start + length));
    }
    await expect(contentOf(objects, "object", { start: 99_999, length: 2 })).rejects.toThrow();
  });
}

function replacingTests(on: () => ObjectsUnderTest): void {
  test("putting again replaces; putting if absent does not", async () => {
    const { objects } = on();
    expect(await objects.putIfAbsent("object", Buffer.from("first"))).toBe(true);
    expect(await objects.putIfAbsent("object", Buffer.from("second"))).toBe(false);
    expect(await contentOf(objects, "object")).toEqual(Buffer.from("first"));

    await objects.put("object", inPieces(Buffer.from("third")));
    expect(await contentOf(objects, "object")).toEqual(Buffer.from("third"));
  });

  test("one of several that put at once if absent is told true, and it is theirs", async () => {
    const { objects } = on();
    const writers = Array.from({ length: 8 }, (_, n) => Buffer.from(`writer ${n}`));
    const told = await Promise.all(writers.map((bytes) => objects.putIfAbsent("one", bytes)));

    expect(told.filter(Boolean)).toHaveLength(1);
    expect(await contentOf(objects, "one")).toEqual(writers[told.indexOf(true)]);
  });

  test("so it is where each is a process of its own", { timeout: 60_000 }, async () => {
    const { reopen } = on();
    const stores = await Promise.all([0, 1, 2, 3].map(reopen));
    const writers = stores.map((_, n) => Buffer.from(`process ${n}`));
    const put = async (n: number) => await stores[n]!.putIfAbsent("one", writers[n]!);
    const told = await Promise.all(stores.keys().map(put));

    expect(told.filter(Boolean)).toHaveLength(1);
    expect(await keysOf(stores[0]!, "")).toEqual(["one"]);
    for (const store of stores) {
      expect(await contentOf(store, "one")).toEqual(writers[told.indexOf(true)]);
      await store.close();
    }
  });

  test.each([0, 10, 6_000_000])("bytes that break off after %i leave what was", async (after) => {
    const { objects } = on();
    const cut = () => inPieces(sampleBytes(after), 65_536, new Error("cut off"));
    await expect(objects.put("new", cut())).rejects.toThrow("cut off");
    expect(await objects.stat("new")).toBeNull();

    await objects.put("old", inPieces(Buffer.from("kept")));
    await expect(objects.put("old", cut())).rejects.toThrow("cut off");
    expect(await contentOf(objects, "old")).toEqual(Buffer.from("kept"));
    expect(await keysOf(objects, "")).toEqual(["old"]);
  });

  test("what is removed is gone, and says so the second time", async () => {
    const { objects } = on();
    await objects.put("a/b", inPieces(Buffer.from("x")));
    expect(await objects.remove("a/b")).toBe(true);
    expect(await objects.remove("a/b")).toBe(false);
    expect(await objects.get("a/b")).toBeNull();
    expect(await objects.stat("a/b")).toBeNull();
  });

  test("what is not there is null, the folder of an object too", async () => {
    const { objects } = on();
    await objects.put("a/b", inPieces(Buffer.from("x")));
    for (const key of ["none", "a", "a/b/c"]) {
      expect(await objects.get(key)).toBeNull();
      expect(await objects.stat(key)).toBeNull();
      expect(await objects.remove(key)).toBe(false);
    }
  });
}

function listTests(on: () => ObjectsUnderTest): void {
  test("lists are in the order of keys, from any prefix and after any key", async () => {
    const { objects } = on();
    for (const key of KEYS.toReversed()) await objects.put(key, inPieces(Buffer.from(key)));

    const sorted = KEYS.toSorted((a, b) => (a < b ? -1 : 1));
    for (const prefix of ["", "a", "a/", "a/b", "a/b.c/", "b/1", "b/1/", "none", "none/at/all"]) {
      for (const after of [undefined, "", ...KEYS, "a/b.c/", "a/c", "zz"]) {
        const expected = sorted.filter(
          (key) => key.startsWith(prefix) && (after === undefined || key > after),
        );
        expect(await keysOf(objects, prefix, after), `${prefix} after ${after}`).toEqual(expected);
      }
    }
  });

  test("a list tells sizes and times", async () => {
    const { objects, listsKeysOnly } = on();
    const before = Date.now() - 2000; // some servers keep seconds
    await objects.put("a/b", inPieces(sampleBytes(123)));
    const [listed] = await listOf(objects.list("a/"));
    const info = await objects.stat("a/b");
    const nothing = { size: null, modified: null };
    expect(listed).toEqual(listsKeysOnly ? { ...info, ...nothing } : info);
    expect(info?.size).toBe(123);
    expect(info!.modified!.getTime()).toBeGreaterThan(before);
    expect(info!.modified!.getTime()).toBeLessThan(Date.now() + 2000);
  });

  test("a list of more than a server's page is whole", { timeout: 60_000 }, async () => {
    const { objects, pageSize = 1_000 } = on();
    const length = pageSize + 100;
    const keys = Array.from({ length }, (_, n) => `many/${String(n).padStart(5, "0")}`);
    for (let at = 0; at < keys.length; at += 50) {
      const some = keys.slice(at, at + 50);
      await Promise.all(some.map((key) => objects.put(key, inPieces(Buffer.from(key)))));
    }
    expect(await keysOf(objects, "many/")).toEqual(keys);
    expect(await keysOf(objects, "many/", keys[99])).toEqual(keys.slice(100));
  });
}

function refusalTests(on: () => ObjectsUnderTest): void {
  test.each([...NO_KEYS, "x".repeat(901)])("%j is no key", async (key) => {
    const { objects } = on();
    const refused = { code: "BAD_REQUEST" };
    await expect(contentOf(objects, key)).rejects.toMatchObject(refused);
    await expect(objects.stat(key)).rejects.toMatchObject(refused);
    await expect(objects.remove(key)).rejects.toMatchObject(refused);
    await expect(objects.put(key, inPieces(new Uint8Array(1)))).rejects.toMatchObject(refused);
    await expect(objects.putIfAbsent(key, new Uint8Array(1))).rejects.toMatchObject(refused);
  });
}

async function contentOf(
  objects: ObjectStore,
  key: string,
  range?: { start: number; length?: number },
): Promise<Buffer | null> {
  const bytes = await objects.get(key, range);
  return bytes && (await allOf(bytes));
}

async function keysOf(objects: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  return (await listOf(objects.list(prefix, after))).map(({ key }) => key);
}
