import { createHash, randomBytes, randomFillSync } from "node:crypto";

/** The bytes of a blob that exists only on the wire. */
export interface Content {
  readonly sizeBytes: number;
  readonly digest: string;
  /** In pieces of at most 1 MiB. */
  pieces(): Generator<Uint8Array>;
}

const CHUNK = 1 << 20;
const TAIL = 32;

/** Content of `bytes` themselves. */
export function contentOf(bytes: Uint8Array): Content {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return {
    sizeBytes: bytes.length,
    digest,
    pieces: () => [bytes].values() as Generator<Uint8Array>,
  };
}

/**
 * Makes content of `sizeBytes` (at least 32) that is new at every call and costs next to nothing
 * then: a random MiB repeated, hashed once here, and 32 random bytes at the end. So the client is
 * never what limits a measurement of pushes.
 */
export function contentMaker(sizeBytes: number): () => Content {
  const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, sizeBytes));
  randomFillSync(chunk);
  // It passes for gzip: skopeo would compress anything else on the way, and so copy another image.
  chunk.set([0x1f, 0x8b, 8, 0]);
  const bodyBytes = sizeBytes - TAIL;
  const hashed = createHash("sha256");
  for (const piece of piecesOf(chunk, bodyBytes)) hashed.update(piece);

  return () => {
    const tail = randomBytes(TAIL);
    const digest = `sha256:${hashed.copy().update(tail).digest("hex")}`;
    function* pieces() {
      yield* piecesOf(chunk, bodyBytes);
      yield tail;
    }
    return { sizeBytes, digest, pieces };
  };
}

function* piecesOf(chunk: Buffer, sizeBytes: number): Generator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= chunk.length) {
    yield left >= chunk.length ? chunk : chunk.subarray(0, left);
  }
}
