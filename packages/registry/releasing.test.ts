import { randomBytes } from "node:crypto";
import type { Bytes } from "@entrepot/oci";
import { expect, test } from "vitest";
import { copyGraph } from "./copy-graph.ts";
import { memoryRegistry } from "./memory.ts";
import type { CopyTarget, Transfers } from "./copy.ts";
import { pushSample, sampleBlob, sampleImage } from "./samples.ts";

const PIECE = 1 << 20;
/** More than what goes in one chunk, in pieces that fit into no chunk evenly. */
const LAYER = sampleBlob(randomBytes((20 << 20) + 17));
const CUT = 3 * PIECE - 5;

/** A source whose pieces are filled with nothing as soon as they are given back. */
async function source(pieceBytes: number) {
  const registry = memoryRegistry().repository("library/app");
  const image = sampleImage({}, [LAYER]);
  await pushSample(registry, image, ["v1"]);
  let given = 0;
  const pieces = async function* (start: number): AsyncGenerator<Uint8Array> {
    for (let at = start; at < LAYER.bytes.length; at += pieceBytes) {
      yield Uint8Array.from(LAYER.bytes.subarray(at, at + pieceBytes));
    }
  };
  const release = (piece: Uint8Array) => {
    given++;
    new Uint8Array(piece.buffer).fill(0);
  };
  const repository = {
    ...registry,
    fetch: async (...[content, range]: Parameters<typeof registry.fetch>): Promise<Bytes> => {
      if (content.digest !== LAYER.content.digest) return registry.fetch(content, range);
      return { [Symbol.asyncIterator]: () => pieces(range?.start ?? 0), release };
    },
  };
  return { repository, root: image.content, given: () => given };
}

/** A target that keeps copies and gives back every piece at once. */
function target() {
  const registry = memoryRegistry().repository("library/app");
  async function* kept(bytes: Bytes): Bytes {
    for await (const piece of bytes) {
      yield Uint8Array.from(piece);
      bytes.release?.(piece);
    }
  }
  const repository: CopyTarget = {
    ...registry,
    push: (content, bytes, tags) => registry.push(content, kept(bytes), tags),
    startUpload: async (algorithm) => {
      const upload = await registry.startUpload(algorithm);
      const append: typeof upload.append = (bytes, size) => upload.append(kept(bytes), size);
      return { ...upload, id: upload.id, append, offset: 0, commit: (d) => upload.commit(d) };
    },
  };
  return { repository, registry };
}

const TRANSFERS: Transfers = {
  take: async () => null,
  keep: async () => undefined,
  release: async () => undefined,
};
const LIMITED = { isLimited: true, take: async () => undefined };

test.each([
  ["a push", PIECE, {}, 21],
  ["an upload", PIECE, { transfers: TRANSFERS }, 21],
  ["an upload in chunks", PIECE, { transfers: TRANSFERS, chunked: true }, 21],
  // What lies across the end of a chunk is still needed when its first part is written.
  ["an upload in chunks that cut", CUT, { transfers: TRANSFERS, chunked: true }, 6],
  // These are cut into smaller ones.
  ["a limited push", PIECE, { throttle: LIMITED }, 0],
])("%s gives back whole pieces once they are used, and the copy is sound", async (...row) => {
  const [, pieceBytes, options, expected] = row;
  const from = await source(pieceBytes);
  const to = target();
  await copyGraph(from.repository, to.repository, from.root, options);
  expect((await to.registry.stat(LAYER.content.digest))?.size).toBe(LAYER.bytes.length);
  expect(from.given()).toBe(expected);
});
