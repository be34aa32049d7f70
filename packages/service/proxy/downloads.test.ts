import { randomBytes } from "node:crypto";
import type { Bytes } from "@entrepot/oci";
import { collect, memoryRegistry, type Repository } from "@entrepot/registry";
import { before } from "@entrepot/registry/faults";
import { pushSample, sampleBlob } from "@entrepot/registry/samples";
import { expect, test } from "vitest";
import { openDownloads } from "./downloads.ts";

const MIB = 1 << 20;

/** An upstream whose bytes come when they are let go, and which counts who asks. */
function slowUpstream(bytes: Uint8Array, pieces: number) {
  const gates = Array.from({ length: pieces }, () => Promise.withResolvers<void>());
  const size = Math.ceil(bytes.length / pieces);
  let fetches = 0;
  async function* slowly(): Bytes {
    for (const [n, gate] of gates.entries()) {
      await gate.promise;
      yield bytes.subarray(n * size, (n + 1) * size);
    }
  }
  const repository = {
    name: "there/app",
    fetch: async () => {
      fetches++;
      return slowly();
    },
  } as Partial<Repository> as Repository;
  return {
    repository,
    fetches: () => fetches,
    letGo: (n: number) => gates[n]!.resolve(),
    fail: (n: number) => gates[n]!.reject(new Error("the line is dead")),
  };
}

function setUp(bytes: Uint8Array, pieces: number) {
  const blob = sampleBlob(bytes).content;
  const upstream = slowUpstream(bytes, pieces);
  const local = memoryRegistry().repository("hub/app");
  const downloads = openDownloads();
  const open = () => downloads.open(upstream.repository, local, blob);
  return { blob, upstream, local, downloads, open };
}

test("the first bytes come before the last are there, and are kept at the end", async () => {
  const bytes = randomBytes(4 * MIB);
  const { blob, upstream, local, open, downloads } = setUp(bytes, 4);
  const opening = open();
  upstream.letGo(0);
  const reader = (await opening)[Symbol.asyncIterator]();
  const first = await reader.next();
  expect(Buffer.compare(first.value as Uint8Array, bytes.subarray(0, MIB))).toBe(0);
  expect(await local.stat(blob.digest)).toBe(null);
  for (const n of [1, 2, 3]) upstream.letGo(n);
  const rest = await collect({ [Symbol.asyncIterator]: () => reader }, bytes.length);
  expect(Buffer.compare(rest, bytes.subarray(MIB))).toBe(0);
  await downloads.settled();
  expect((await local.stat(blob.digest))?.size).toBe(bytes.length);
});

test("however many ask, upstream is asked once; who comes late gets it whole as well", async () => {
  const bytes = randomBytes(3 * MIB);
  const { upstream, open } = setUp(bytes, 3);
  const early = [open(), open(), open()].map(async (opening) =>
    collect(await opening, bytes.length),
  );
  upstream.letGo(0);
  const late = open().then((opened) => collect(opened, bytes.length));
  for (const n of [1, 2]) upstream.letGo(n);
  for (const read of await Promise.all([...early, late])) {
    expect(Buffer.compare(read, bytes)).toBe(0);
  }
  expect(upstream.fetches()).toBe(1);
});

test("a reader that does not read holds up neither the others nor the store", async () => {
  const bytes = randomBytes(12 * MIB);
  const { blob, upstream, local, open, downloads } = setUp(bytes, 12);
  const opening = [open(), open()];
  for (let n = 0; n < 12; n++) upstream.letGo(n);
  const [slow, quick] = (await Promise.all(opening)) as [Bytes, Bytes];
  expect((await collect(quick, bytes.length)).length).toBe(bytes.length);
  await downloads.settled();
  expect(await local.stat(blob.digest)).not.toBe(null);
  // It was let go after 8 MiB and reads the rest from what is stored.
  expect(Buffer.compare(await collect(slow, bytes.length), bytes)).toBe(0);
});

test("a reader that goes away ends nothing", async () => {
  const bytes = randomBytes(2 * MIB);
  const { blob, upstream, local, open, downloads } = setUp(bytes, 2);
  const opening = open();
  upstream.letGo(0);
  const reader = (await opening)[Symbol.asyncIterator]();
  await reader.next();
  await reader.return?.(undefined);
  upstream.letGo(1);
  await downloads.settled();
  expect((await local.stat(blob.digest))?.size).toBe(bytes.length);
});

test("an upstream that breaks off breaks off every reader, and nothing is kept", async () => {
  const bytes = randomBytes(2 * MIB);
  const { blob, upstream, local, open } = setUp(bytes, 2);
  const opening = [open(), open()];
  upstream.letGo(0);
  const readers = (await Promise.all(opening)).map((opened) => collect(opened, bytes.length));
  upstream.fail(1);
  for (const outcome of await Promise.allSettled(readers)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "the line is dead" } });
  }
  expect(await local.stat(blob.digest)).toBe(null);
});

test("an upstream that fails before the first byte fails the call", async () => {
  const { upstream, open } = setUp(randomBytes(10), 1);
  upstream.fail(0);
  await expect(open()).rejects.toThrow("the line is dead");
});

test("bytes of another digest never come whole", async () => {
  const bytes = randomBytes(2 * MIB);
  const { upstream, local, downloads } = setUp(bytes, 2);
  const other = { ...sampleBlob(randomBytes(8)).content, size: bytes.length };
  const opening = downloads.open(upstream.repository, local, other);
  for (const n of [0, 1]) upstream.letGo(n);
  await expect(opening.then((opened) => collect(opened, bytes.length))).rejects.toMatchObject({
    code: "DIGEST_INVALID",
  });
});

test("bringing what is here asks nobody", async () => {
  const { local, downloads } = setUp(randomBytes(10), 1);
  const sample = sampleBlob();
  await pushSample(local, sample, []);
  const refusing = before(memoryRegistry().repository("there/app"), async (method) => {
    throw new Error(`asked for ${method}`);
  });
  await downloads.bring(refusing, local, sample.content);
});
