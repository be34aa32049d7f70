import { randomBytes } from "node:crypto";
import { RegistryError } from "@entrepot/oci";
import { expect, test } from "vitest";
import { bytesOf, collect } from "./bytes.ts";
import { copyBlob } from "./copy-blob.ts";
import { CHUNK_BYTES } from "./copy-upload.ts";
import { beginCopy, type CopyOptions, type CopyTarget, type Transfers } from "./copy.ts";
import { memoryRegistry } from "./memory.ts";
import type { Repository, Upload } from "./ports.ts";
import { sampleBlob } from "./samples.ts";

const SIZE = 2 * CHUNK_BYTES + 12_345;
const blob = sampleBlob(randomBytes(SIZE), "application/octet-stream");

/** Transfers in memory, as a second process would find them. */
function keeping() {
  const kept = new Map<string, string>();
  const transfers: Transfers = {
    take: async (repository, digest) => kept.get(`${repository}@${digest}`) ?? null,
    keep: async (repository, digest, id) => void kept.set(`${repository}@${digest}`, id),
    release: async (repository, digest, done) => {
      if (done) kept.delete(`${repository}@${digest}`);
    },
  };
  return { kept, transfers };
}

type Append = (
  upload: Upload,
  bytes: Parameters<Upload["append"]>[0],
  size?: number,
) => Promise<number>;

/** A target that counts what it is sent, and takes each append as `append` does. */
async function world(
  append: Append = (upload, bytes) => upload.append(bytes),
  more: Partial<Upload> = {},
) {
  const registry = memoryRegistry();
  const source = registry.repository("library/source");
  const plain = registry.repository("library/target");
  await source.push(blob.content, bytesOf(blob.bytes));
  const sizes: (number | undefined)[] = [];
  const wrapped = (upload: Upload): Upload => ({
    id: upload.id,
    get offset() {
      return upload.offset;
    },
    ...more,
    append: (bytes, size) => {
      sizes.push(size);
      return append(upload, bytes, size);
    },
    commit: (digest) => upload.commit(digest),
    cancel: () => upload.cancel(),
  });
  const target: CopyTarget & Pick<Repository, "fetch"> = {
    ...plain,
    startUpload: async (algorithm) => wrapped(await plain.startUpload(algorithm)),
    async resumeUpload(id) {
      const found = await plain.resumeUpload(id);
      return found && wrapped(found);
    },
  };
  const { kept, transfers } = keeping();
  const run = async (options: CopyOptions = {}) => {
    const copy = beginCopy(source, target, { transfers, ...options });
    await copyBlob(copy, blob.content);
    return copy.done.bytesSent;
  };
  const arrived = async () => {
    const there = await collect(await plain.fetch(blob.content), SIZE);
    return Buffer.compare(there, blob.bytes) === 0;
  };
  return { run, arrived, sizes, kept, plain };
}

const broken = (code: "UNREACHABLE" | "UNSUPPORTED" | "RANGE_INVALID") =>
  new RegistryError(code, "the line broke");

test("goes in one request where what arrives counts, else in chunks", async () => {
  const whole = await world();
  expect(await whole.run()).toBe(SIZE);
  expect(whole.sizes).toEqual([SIZE]);
  const chunks = [CHUNK_BYTES, CHUNK_BYTES, 12_345];
  const chunked = await world(undefined, { chunkMinBytes: 0 });
  await chunked.run();
  expect(chunked.sizes).toEqual(chunks);
  const forced = await world();
  await forced.run({ chunked: true });
  expect(forced.sizes).toEqual(chunks);
  for (const { arrived, kept } of [whole, chunked, forced]) {
    expect(await arrived()).toBe(true);
    expect(kept.size).toBe(0);
  }
});

test("a line that breaks in each append costs what the target had not kept", async () => {
  let appends = 0;
  const { run, arrived } = await world(async (upload, bytes) => {
    if (appends++ % 2 === 1) return upload.append(bytes);
    const some = bytes[Symbol.asyncIterator]();
    const first = await some.next();
    await upload.append(bytesOf(first.value as Uint8Array));
    throw broken("UNREACHABLE");
  });
  expect(await run()).toBeLessThanOrEqual(SIZE + CHUNK_BYTES);
  expect(await arrived()).toBe(true);
});

test("another process goes on where a killed one was", async () => {
  let killed = false;
  const { run, arrived, kept } = await world(
    async (upload, bytes) => {
      if (killed || upload.offset === 0) return upload.append(bytes);
      killed = true;
      throw new Error("killed");
    },
    { chunkMinBytes: 0 },
  );
  await expect(run()).rejects.toThrow("killed");
  expect(kept.size).toBe(1);
  expect(await run()).toBe(SIZE - CHUNK_BYTES);
  expect(await arrived()).toBe(true);
  expect(kept.size).toBe(0);
});

test.each([
  ["at a chunk's end", { chunkMinBytes: 0 }, CHUNK_BYTES],
  ["anywhere where what arrives counts", {}, 0],
] as const)("a node that stops hands over %s", async (_, more, least) => {
  const [drainer, stopping] = [new AbortController(), new Error("this node stops")];
  const { run, arrived, kept, plain } = await world((upload, bytes) => {
    drainer.abort(stopping);
    return upload.append(bytes);
  }, more);
  await expect(run({ draining: drainer.signal })).rejects.toBe(stopping);
  const [id] = kept.values();
  expect((await plain.resumeUpload(id!))?.offset).toBe(least);
  expect(await run()).toBe(SIZE - least);
  expect(await arrived()).toBe(true);
});

test("an upload that the target has forgotten begins anew", async () => {
  const { run, arrived, kept, plain } = await world();
  kept.set(`${plain.name}@${blob.content.digest}`, "forgotten");
  expect(await run()).toBe(SIZE);
  expect(await arrived()).toBe(true);
});

test.for([
  ["takes no PATCH", "UNSUPPORTED", {}],
  ["refuses chunks of this size", "RANGE_INVALID", { chunkMinBytes: 0 }],
  ["wants larger chunks than ours", "UNSUPPORTED", { chunkMinBytes: CHUNK_BYTES + 1 }],
] as const)("a target that %s gets the blob in one piece", async ([, code, more]) => {
  const { run, arrived, kept } = await world(async () => {
    throw broken(code);
  }, more);
  await run();
  expect(await arrived()).toBe(true);
  expect(kept.size).toBe(0);
});

test("wrong bytes are noticed before the end, and the upload is not gone on with", async () => {
  const { run, kept, plain } = await world(async (upload, bytes) => {
    const all = await collect(bytes, SIZE);
    all[5]! ^= 1;
    return upload.append(bytesOf(all));
  });
  await expect(run()).rejects.toMatchObject({ code: "DIGEST_INVALID" });
  expect(await plain.stat(blob.content.digest)).toBeNull();
  expect(kept.size).toBe(0);
});

test("every byte is throttled", async () => {
  let throttled = 0;
  const { run } = await world();
  const take = async (bytes: number) => void (throttled += bytes);
  await run({ throttle: { isLimited: true, take } });
  expect(throttled).toBe(SIZE);
});
