import { randomBytes } from "node:crypto";
import { type Bytes, digestOf, RegistryError } from "@entrepot/oci";
import { bytesOf, memoryRegistry, type Repository, type Transfers } from "@entrepot/registry";
import type { Upload } from "@entrepot/registry";
import { expect, test } from "vitest";
import { gathered } from "./parts.ts";
import { registryObjects } from "./registry-objects.ts";

const MIB = 1024 * 1024;
const content = randomBytes(20 * MIB);
const PIECE = 64 * 1024;
const key = "blobs/sha256/ab/cd";

async function* inPieces(start = 0): Bytes {
  for (let at = start; at < content.length; at += PIECE) {
    yield content.subarray(at, Math.min(at + PIECE, content.length));
  }
}

/** A repository whose line breaks after each `every` bytes of uploads, but for the `last` times. */
function breaking(every: number, times = Infinity) {
  const plain = memoryRegistry().repository("backups/vault");
  const sent = { bytes: 0 };
  let breaks = 0;
  const wrapped = (upload: Upload): Upload => ({
    id: upload.id,
    get offset() {
      return upload.offset;
    },
    async append(bytes) {
      let left = every;
      for await (const piece of bytes) {
        sent.bytes += piece.length;
        left -= piece.length;
        await upload.append(bytesOf(piece));
        if (left <= 0 && breaks++ < times) throw new RegistryError("UNREACHABLE", "the line broke");
      }
      return upload.offset;
    },
    commit: (digest) => upload.commit(digest),
    cancel: () => upload.cancel(),
  });
  const repository: Repository = {
    ...plain,
    startUpload: async (algorithm) => wrapped(await plain.startUpload(algorithm)),
    async resumeUpload(id) {
      const found = await plain.resumeUpload(id);
      return found && wrapped(found);
    },
  };
  return { repository, sent };
}

/** What another process would find of uploads under way. */
function keeping(): Transfers {
  const kept = new Map<string, string>();
  return {
    take: async (_repository, digest) => kept.get(digest) ?? null,
    keep: async (_repository, digest, id) => void kept.set(digest, id),
    release: async (_repository, digest, done) => void (done && kept.delete(digest)),
  };
}

async function expectStored(repository: Repository): Promise<void> {
  const stored = await registryObjects({ repository: async () => repository }).get(key);
  expect((await gathered(stored!)).equals(content)).toBe(true); // toEqual takes seconds
}

test("bytes that come once go on where the line broke", async () => {
  const { repository, sent } = breaking(3 * MIB);
  const waited: number[] = [];
  const pause = async (ms: number) => void waited.push(ms);
  await registryObjects({ repository: async () => repository, pause }).put(key, inPieces());
  expect(sent.bytes).toBe(content.length);
  expect(waited.length).toBeGreaterThan(4);
  await expectStored(repository);
});

test("a line that stays broken ends it, with what it said", async () => {
  const plain = memoryRegistry().repository("backups/vault");
  const dead: Repository = {
    ...plain,
    startUpload: async (algorithm) => ({
      ...(await plain.startUpload(algorithm)),
      append: () => Promise.reject(new RegistryError("UNREACHABLE", "the line broke")),
    }),
    resumeUpload: () => Promise.reject(new RegistryError("UNREACHABLE", "no route")),
  };
  const pause = async () => undefined;
  const objects = registryObjects({ repository: async () => dead, pause });
  await expect(objects.put(key, inPieces())).rejects.toThrow("the line broke");
  expect(await objects.stat(key)).toBeNull();
});

test("what is known goes on where another process was killed", async () => {
  const { repository, sent } = breaking(9 * MIB, 1);
  const transfers = keeping();
  const known = { digest: digestOf(content), size: content.length, read: inPieces };
  // The first process is gone before it can ask how far it came.
  const killed: Repository = { ...repository, resumeUpload: () => new Promise(() => undefined) };
  const options = { transfers, pause: () => new Promise(() => undefined) };
  void registryObjects({ repository: async () => killed, ...options }).put(key, inPieces(), known);
  while (sent.bytes < 9 * MIB) await new Promise(setImmediate);

  const next = registryObjects({ repository: async () => repository, transfers });
  await next.put(key, inPieces(), known);
  expect(sent.bytes).toBe(content.length);
  await expectStored(repository);
  // And what is there is not sent at all.
  await next.put("blobs/sha256/ab/again", inPieces(), known);
  expect(sent.bytes).toBe(content.length);
});
