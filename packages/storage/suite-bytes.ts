import { createHash } from "node:crypto";
import type { Bytes } from "@entrepot/oci";

/** `size` bytes that differ by `seed`; the same for the same arguments. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  if (size === 0) return new Uint8Array(0);
  return createHash("shake256", { outputLength: size }).update(`sample ${seed}`).digest();
}

/** `bytes` in pieces of `pieceBytes`, then `failure` if there is one. */
export async function* inPieces(bytes: Uint8Array, pieceBytes = 65_536, failure?: Error): Bytes {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  if (failure) throw failure;
}

/** Everything in `bytes`, as one. */
export async function allOf(bytes: Bytes): Promise<Buffer> {
  return Buffer.concat(await listOf(bytes));
}

/** Everything in `items`. */
export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
