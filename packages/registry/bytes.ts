import { createHash } from "node:crypto";
import { algorithmOf, RegistryError, type Bytes, type Descriptor } from "@entrepot/oci";

/** `chunks` as bytes on their way; texts as UTF-8. */
export async function* bytesOf(...chunks: readonly (Uint8Array | string)[]): Bytes {
  for (const chunk of chunks) {
    yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
  }
}

/** All of `bytes` in memory. Throws SIZE_INVALID as soon as there are more than `limit`. */
export async function collect(bytes: Bytes, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limit) {
      throw new RegistryError("SIZE_INVALID", `there are more than the expected ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/**
 * `pieces`, which are those of `bytes` on their way through something: they can be given back as
 * those can, but for `cut`, parts of pieces whose other parts may still be looked at. Whoever makes
 * `pieces` must be done with each before it passes it on.
 */
export function releasing(
  pieces: AsyncIterable<Uint8Array>,
  { release }: Pick<Bytes, "release">,
  cut?: WeakSet<Uint8Array>,
): Bytes {
  if (!release) return pieces;
  const releaseWhole = (piece: Uint8Array) => {
    if (!cut?.has(piece)) release(piece);
  };
  return { [Symbol.asyncIterator]: () => pieces[Symbol.asyncIterator](), release: releaseWhole };
}

/**
 * `bytes` passed on and checked against `content`: throws SIZE_INVALID once they are too many or at
 * the end too few, and DIGEST_INVALID at the end. Whoever stores them keeps nothing until the end.
 */
export function verified(bytes: Bytes, content: Pick<Descriptor, "digest" | "size">): Bytes {
  return releasing(checking(bytes, content), bytes);
}

async function* checking(bytes: Bytes, content: Pick<Descriptor, "digest" | "size">): Bytes {
  const hash = createHash(algorithmOf(content.digest));
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > content.size) throw wrongSize(content, `${size} or more`);
    hash.update(chunk);
    yield chunk;
  }
  if (size < content.size) throw wrongSize(content, `${size}`);
  const found = `${algorithmOf(content.digest)}:${hash.digest("hex")}`;
  if (found !== content.digest) {
    throw new RegistryError(
      "DIGEST_INVALID",
      `the bytes that came for ${content.digest} are ${found}`,
      { detail: { expected: content.digest, found } },
    );
  }
}

function wrongSize(content: Pick<Descriptor, "digest" | "size">, found: string): RegistryError {
  return new RegistryError(
    "SIZE_INVALID",
    `${content.digest} should be ${content.size} bytes long, but ${found} came`,
    { detail: { expected: content.size } },
  );
}
