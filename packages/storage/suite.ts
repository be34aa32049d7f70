import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "@entrepot/oci";
import type { Bytes, Digest } from "@entrepot/oci";
import type { BlobStore } from "./ports.ts";
import { quarantineSuite } from "./suite-quarantine.ts";
import { allOf, inPieces, listOf, sampleBytes } from "./suite-bytes.ts";

/** A store under test, with what the suite does to it from outside. */
export interface StoreUnderTest {
  readonly store: BlobStore;
  /** Replaces what lies under `digest` by `bytes`, behind the store's back. */
  damage(digest: Digest, bytes: Uint8Array): Promise<void>;
  /** Moves the clock that drafts are aged by. */
  advance(ms: number): void;
  /** The same store as a new process would open it; absent if it forgets. */
  reopen?(): Promise<BlobStore>;
  close?(): Promise<void>;
}

const SIZES = [0, 1, 4096, 65_536, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 5_000_001];
const HOSTILE_IDS = [
  "",
  ".",
  "..",
  "../../layout.json",
  "sha256-../../../../etc/passwd",
  `sha256-${"0".repeat(32)}`,
  `sha256-${"0".repeat(31)}/`,
  `SHA256-${"0".repeat(32)}`,
  `sha256-${"0".repeat(32)}\n`,
  `put-${"0".repeat(32)}`,
  `${"0".repeat(64)}.sha256-${"0".repeat(32)}`,
  "a\0b",
  "x".repeat(100_000),
];

/** What every BlobStore keeps to. `make` gives a new, empty store for each test. */
export function storageSuite(name: string, make: () => Promise<StoreUnderTest>): void {
  let on: StoreUnderTest;
  beforeEach(async () => {
    on = await make();
  });
  afterEach(async () => {
    await on.close?.();
  });

  describe(`${name}: blobs`, () => blobTests(() => on));
  describe(`${name}: ranges of blobs`, () => rangeTests(() => on));
  describe(`${name}: blobs pushed again`, () => replacingTests(() => on));
  quarantineSuite(name, () => on);
  describe(`${name}: drafts`, () => draftTests(() => on));
  describe(`${name}: drafts of every kind`, () => draftKindTests(() => on));
  describe(`${name}: drafts that go wrong`, () => draftFailureTests(() => on));
}

function blobTests(on: () => StoreUnderTest): void {
  test.each(SIZES)("a blob of %i bytes comes back by put and by draft", async (size) => {
    const { store } = on();
    for (const algorithm of ["sha256", "sha512"] as const) {
      const put = sampleBytes(size, 1);
      const pushed = sampleBytes(size, 2);
      await store.put(digestOf(put, algorithm), put);
      const draft = await store.start("library/a", algorithm);
      expect(await draft.append(inPieces(pushed))).toBe(size);
      expect(await draft.commit(digestOf(pushed, algorithm))).toBe(size);
      for (const bytes of [put, pushed]) {
        const digest = digestOf(bytes, algorithm);
        expect(await store.stat(digest)).toBe(size);
        expect((await allOf(await store.read(digest))).equals(bytes)).toBe(true);
      }
    }
  });

  test("an absent blob is null to stat, false to setAside, BLOB_UNKNOWN to read", async () => {
    const { store } = on();
    const digest = digestOf(sampleBytes(10));
    expect(await store.stat(digest)).toBe(null);
    expect(await store.setAside(digest)).toBe(false);
    await expect(store.read(digest)).rejects.toMatchObject({ code: "BLOB_UNKNOWN" });
  });
}

function rangeTests(on: () => StoreUnderTest): void {
  test.each([
    [0, 0],
    [0, 1],
    [0, undefined],
    [7, 3_000_000],
    [1_048_576, 1_048_576],
    [2_999_999, 1],
    [3_000_000, undefined],
    [3_000_000, 0],
  ])("a range from %i of length %s", async (start, length) => {
    const { store } = on();
    const bytes = sampleBytes(3_000_007);
    await store.put(digestOf(bytes), bytes);
    const range = length === undefined ? { start } : { start, length };
    const expected = bytes.subarray(start, length === undefined ? undefined : start + length);
    expect((await allOf(await store.read(digestOf(bytes), range))).equals(expected)).toBe(true);
  });

  test.each([
    [11, undefined],
    [0, 11],
    [10, 1],
  ])("a range past the end (from %i, length %s) is INTEGRITY", async (start, length) => {
    const { store } = on();
    const bytes = sampleBytes(10);
    await store.put(digestOf(bytes), bytes);
    const range = length === undefined ? { start } : { start, length };
    await expect(store.read(digestOf(bytes), range)).rejects.toMatchObject({ code: "INTEGRITY" });
  });
}

function replacingTests(on: () => StoreUnderTest): void {
  test("put of bytes with another digest is DIGEST_INVALID and stores nothing", async () => {
    const { store } = on();
    const digest = digestOf(sampleBytes(10, 1));
    const refused = store.put(digest, sampleBytes(10, 2));
    await expect(refused).rejects.toMatchObject({ code: "DIGEST_INVALID" });
    expect(await store.stat(digest)).toBe(null);
  });

  test.each(["put", "commit"])("%s heals a damaged blob", async (by) => {
    const { store, damage } = on();
    const bytes = sampleBytes(100_000);
    const digest = digestOf(bytes);
    await store.put(digest, bytes);
    await damage(digest, sampleBytes(99, 3));
    expect(await store.stat(digest)).toBe(99);
    if (by === "put") await store.put(digest, bytes);
    else await push(store, bytes);
    expect((await allOf(await store.read(digest))).equals(bytes)).toBe(true);
  });

  test("a reader that stops early leaves the store usable", async () => {
    const { store } = on();
    const bytes = sampleBytes(3_000_000);
    await store.put(digestOf(bytes), bytes);
    for await (const chunk of await store.read(digestOf(bytes))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(await store.setAside(digestOf(bytes))).toBe(true);
    expect(await store.stat(digestOf(bytes))).toBe(null);
  });

  test("list gives every blob once with its size, and no drafts", async () => {
    const { store } = on();
    const sizes = new Map<string, number>();
    for (let seed = 0; seed < 20; seed++) {
      const bytes = sampleBytes(seed * 10, seed);
      const digest = digestOf(bytes, seed % 2 ? "sha256" : "sha512");
      sizes.set(digest, bytes.length);
      await store.put(digest, bytes);
      await store.put(digest, bytes);
    }
    const draft = await store.start("library/a");
    await draft.append(inPieces(sampleBytes(10)));
    const listed = await listOf(store.list());
    expect(listed.length).toBe(sizes.size);
    expect(new Map(listed.map(({ digest, size }) => [digest, size]))).toEqual(sizes);
  });

  test("many pushes of one digest at once all succeed", async () => {
    const { store } = on();
    const bytes = sampleBytes(300_000);
    const pushes = Array.from({ length: 16 }, (_, n) =>
      n % 2 ? push(store, bytes) : store.put(digestOf(bytes), bytes),
    );
    await Promise.all(pushes);
    expect((await allOf(await store.read(digestOf(bytes)))).equals(bytes)).toBe(true);
    expect((await listOf(store.list())).length).toBe(1);
  });
}

function draftTests(on: () => StoreUnderTest): void {
  test("a draft grows over requests and is found only under its scope", async () => {
    const { store } = on();
    const bytes = sampleBytes(200_000);
    const { id } = await store.start("library/a");
    for (let at = 0; at < bytes.length; at += 70_000) {
      const draft = (await store.resume("library/a", id))!;
      expect(draft.offset).toBe(at);
      const part = bytes.subarray(at, at + 70_000);
      expect(await draft.append(inPieces(part, 1000))).toBe(at + part.length);
      expect(draft.offset).toBe(at + part.length);
    }
    for (const scope of ["library/b", "library", "library/a/", "", "library/a\0"]) {
      expect(await store.resume(scope, id)).toBe(null);
    }
    const draft = (await store.resume("library/a", id))!;
    expect(await draft.commit(digestOf(bytes))).toBe(bytes.length);
    expect(await store.resume("library/a", id)).toBe(null);
  });

  test("any text is a safe scope", async () => {
    const { store } = on();
    for (const scope of ["", "../../../x", "a\0b", "/etc", "x".repeat(10_000), "\u{1f600}"]) {
      const { id } = await store.start(scope);
      expect((await store.resume(scope, id))?.offset).toBe(0);
    }
  });
}

function draftKindTests(on: () => StoreUnderTest): void {
  test("no draft has a hostile id", async () => {
    for (const id of HOSTILE_IDS) {
      expect(await on().store.resume("library/a", id), id.slice(0, 80)).toBe(null);
    }
  });

  test.each(["sha256", "sha512"] as const)(
    "a draft of the other algorithm ends as %s",
    async (as) => {
      const { store } = on();
      const bytes = sampleBytes(2_500_000);
      const draft = await store.start("library/a", as === "sha256" ? "sha512" : "sha256");
      await draft.append(inPieces(bytes));
      expect(await draft.commit(digestOf(bytes, as))).toBe(bytes.length);
      expect((await allOf(await store.read(digestOf(bytes, as)))).equals(bytes)).toBe(true);
    },
  );

  test("chunks of every size arrive whole", async () => {
    const { store } = on();
    const bytes = sampleBytes(3_000_000);
    async function* uneven(): Bytes {
      for (let at = 0, n = 0; at < bytes.length; n++) {
        const length = [0, 1, 3, 65_536, 2, 1_500_000, 17][n % 7]!;
        yield bytes.subarray(at, at + length);
        at += length;
      }
    }
    const draft = await store.start("library/a");
    await draft.append(uneven());
    await draft.commit(digestOf(bytes));
    expect((await allOf(await store.read(digestOf(bytes)))).equals(bytes)).toBe(true);
  });

  test("sweepDrafts removes what was untouched for so long, and nothing else", async () => {
    const { store, advance } = on();
    const bytes = sampleBytes(10);
    await store.put(digestOf(bytes), bytes);
    const old = await store.start("library/a");
    await old.append(inPieces(bytes));
    const [draft, ...others] = await Array.fromAsync(store.drafts());
    expect([draft?.size, others]).toEqual([10, []]);
    expect(Math.abs(draft!.touched.getTime() - Date.now())).toBeLessThan(60_000);
    expect(await store.sweepDrafts(3_600_000)).toBe(0);
    advance(7_200_000);
    expect(await store.sweepDrafts(3_600_000)).toBe(1);
    expect(await store.resume("library/a", old.id)).toBe(null);
    expect(await Array.fromAsync(store.drafts())).toEqual([]);
    await expect(old.append(inPieces(bytes))).rejects.toMatchObject({
      code: "BLOB_UPLOAD_UNKNOWN",
    });
    expect(await store.stat(digestOf(bytes))).toBe(10);
  });

  test("a draft survives the process, bytes and all", async () => {
    const { store, reopen } = on();
    if (!reopen) return;
    const bytes = sampleBytes(2_200_000);
    const draft = await store.start("library/a", "sha512");
    await draft.append(inPieces(bytes.subarray(0, 1_100_000)));
    const again = await reopen();
    const resumed = (await again.resume("library/a", draft.id))!;
    expect(resumed.offset).toBe(1_100_000);
    await resumed.append(inPieces(bytes.subarray(1_100_000)));
    expect(await resumed.commit(digestOf(bytes, "sha512"))).toBe(bytes.length);
  });
}

function draftFailureTests(on: () => StoreUnderTest): void {
  test.each([0, 1, 65_536, 1_300_000])("an append cut off after %i bytes is kept", async (cut) => {
    const { store } = on();
    const bytes = sampleBytes(1_500_000);
    const draft = await store.start("library/a");
    const gone = new Error("client gone");
    const part = bytes.subarray(0, cut);
    await expect(draft.append(inPieces(part, 65_536, gone))).rejects.toBe(gone);
    expect(draft.offset).toBe(cut);
    const resumed = (await store.resume("library/a", draft.id))!;
    expect(resumed.offset).toBe(cut);
    await resumed.append(inPieces(bytes.subarray(cut)));
    expect(await resumed.commit(digestOf(bytes))).toBe(bytes.length);
  });

  test("commit as another digest is DIGEST_INVALID; then nothing is left", async () => {
    const { store } = on();
    const draft = await store.start("library/a");
    await draft.append(inPieces(sampleBytes(10, 1)));
    const digest = digestOf(sampleBytes(10, 2));
    await expect(draft.commit(digest)).rejects.toMatchObject({ code: "DIGEST_INVALID" });
    expect(await store.stat(digest)).toBe(null);
    expect(await store.resume("library/a", draft.id)).toBe(null);
    await expect(draft.commit(digest)).rejects.toMatchObject({ code: "BLOB_UPLOAD_UNKNOWN" });
  });

  test("a second writer is refused at once, and so is one with an old offset", async () => {
    const { store } = on();
    const bytes = sampleBytes(20);
    const first = await store.start("library/a");
    const second = (await store.resume("library/a", first.id))!;
    const opened = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    async function* slow(): Bytes {
      yield bytes.subarray(0, 10);
      opened.resolve();
      await arrived.promise;
      yield bytes.subarray(10);
    }
    const appending = first.append(slow());
    await opened.promise;
    const inTheWay = { code: "RANGE_INVALID" };
    await expect(second.append(inPieces(bytes))).rejects.toMatchObject(inTheWay);
    await expect(second.commit(digestOf(bytes))).rejects.toMatchObject(inTheWay);
    arrived.resolve();
    expect(await appending).toBe(20);
    await expect(second.append(inPieces(bytes))).rejects.toMatchObject(inTheWay);
    expect(await first.commit(digestOf(bytes))).toBe(20);
  });

  test("cancel forgets a draft, even while it is written to, and may be repeated", async () => {
    const { store } = on();
    const draft = await store.start("library/a");
    const other = (await store.resume("library/a", draft.id))!;
    async function* cancelling(): Bytes {
      yield sampleBytes(10);
      await other.cancel();
      yield sampleBytes(10);
    }
    const unknown = { code: "BLOB_UPLOAD_UNKNOWN" };
    await expect(draft.append(cancelling())).rejects.toMatchObject(unknown);
    await draft.cancel();
    expect(await store.resume("library/a", draft.id)).toBe(null);
    await expect(other.append(inPieces(sampleBytes(1)))).rejects.toMatchObject(unknown);
    await expect(other.commit(digestOf(sampleBytes(1)))).rejects.toMatchObject(unknown);
  });
}

async function push(store: BlobStore, bytes: Uint8Array): Promise<void> {
  const draft = await store.start("library/a");
  await draft.append(inPieces(bytes));
  await draft.commit(digestOf(bytes));
}
