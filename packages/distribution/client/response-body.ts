import type { Bytes } from "@entrepot/oci";
import { collect } from "@entrepot/registry";
import type { FetchResponse } from "./fetch.ts";

/** Reading this much of an unwanted body is cheaper than a new connection. */
const DISCARD_BYTES = 64 * 1024;

/** Frees `response`'s connection: reads what little is left, or breaks it off. Never throws. */
export async function discard(response: FetchResponse): Promise<void> {
  if (!response.body) return;
  let left = DISCARD_BYTES;
  try {
    for await (const chunk of response.body) {
      left -= chunk.length;
      if (left < 0) break;
    }
  } catch {
    // The connection is gone, which is as good.
  }
}

/** The whole body of `response`. Throws SIZE_INVALID once there are more than `limit` bytes. */
export async function readBody(response: FetchResponse, limit: number): Promise<Uint8Array> {
  return response.body ? await collect(response.body, limit) : new Uint8Array(0);
}

/** The whole body of `response` as JSON; undefined if it is none. Throws SIZE_INVALID. */
export async function readJson(response: FetchResponse, limit: number): Promise<unknown> {
  const text = Buffer.from(await readBody(response, limit)).toString();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `bytes` without the first `skip`, and of the rest `take` at most. */
export async function* slice(bytes: Bytes, skip: number, take = Infinity): Bytes {
  let toSkip = skip;
  let toTake = take;
  if (toTake <= 0) return;
  for await (const chunk of bytes) {
    const part = chunk.subarray(Math.min(toSkip, chunk.length));
    toSkip -= chunk.length - part.length;
    if (part.length === 0) continue;
    yield part.length > toTake ? part.subarray(0, toTake) : part;
    toTake -= part.length;
    if (toTake <= 0) return;
  }
}
