import { setTimeout as pause } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { Bucket } from "./bucket.ts";
import { endsEarly } from "./read-span.ts";
import { s3Failure } from "./s3-failure.ts";

/** Breaks in a row, without a byte between them, after which a read is given up. */
const MOST_BREAKS = 5;
const FIRST_PAUSE_MS = 100;

type Readable = Pick<Bucket, "get" | "place">;

/** What to read: `what` names it in messages. */
export interface ObjectSpan {
  readonly key: string;
  readonly what: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Asked when the object is not there: true if it is worth looking again. */
  readonly missing?: () => Promise<boolean>;
}

/**
 * The bytes of `span`, as they come, going on where a connection broke. Throws BLOB_UNKNOWN if the
 * object is gone, INTEGRITY if it is shorter, UNAVAILABLE if the connection keeps breaking.
 */
export async function* readObject(bucket: Readable, span: ObjectSpan): Bytes {
  let { start } = span;
  let breaks = 0;
  while (start < span.end) {
    const body = await openBody(bucket, span, start);
    let broken: unknown = null;
    try {
      for await (const chunk of body.bytes) {
        start += chunk.byteLength;
        breaks = 0;
        yield chunk;
      }
    } catch (error) {
      broken = error;
    }
    if (start >= span.end) return;
    if (++breaks > MOST_BREAKS) throw s3Failure(broken, `reading ${span.what}`, bucket.place);
    await pause(FIRST_PAUSE_MS * 2 ** (breaks - 1));
  }
}

async function openBody(bucket: Readable, span: ObjectSpan, start: number) {
  const wanted = { start, end: span.end };
  let body = await bucket.get(span.key, wanted);
  if (!body && (await span.missing?.())) body = await bucket.get(span.key, wanted);
  if (!body) throw new RegistryError("BLOB_UNKNOWN", `${span.what} is not in this store`);
  if (body.length === span.end - start) return body;
  // What is open must not stay open.
  await body.bytes[Symbol.asyncIterator]().return?.();
  throw endsEarly(span.what, start + body.length, span.end);
}
