import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { Readable } from "node:stream";
import { freed } from "../wire/index.ts";
import { contentLength } from "./call.ts";
import type { Call } from "./call.ts";

/**
 * The body of a Node request as bytes. Leaving it half read does not destroy the connection, so
 * that an error can still be answered.
 */
export function nodeBody(incoming: Readable): Bytes {
  const pieces = () => incoming.iterator({ destroyOnReturn: false });
  return { [Symbol.asyncIterator]: pieces, release: freed };
}

/**
 * The request's body, `expected` bytes long (its Content-Length, unless told). Throws SIZE_INVALID
 * when it turns out shorter, longer, or breaks off because the client has gone.
 */
export function receive(call: Pick<Call, "request" | "body">, expected?: number): Bytes {
  const pieces = () => arriving(call, expected);
  const release = call.body?.release;
  return { [Symbol.asyncIterator]: pieces, ...(release && { release }) };
}

async function* arriving(call: Pick<Call, "request" | "body">, expected?: number) {
  const length = expected ?? contentLength(call.request);
  let bytes = 0;
  for await (const chunk of watched(source(call), () => bytes)) {
    bytes += chunk.byteLength;
    if (length !== null && bytes > length) {
      throw new RegistryError(
        "SIZE_INVALID",
        `the body is longer than the ${length} bytes announced`,
      );
    }
    yield chunk;
  }
  if (length !== null && bytes < length) {
    throw new RegistryError(
      "SIZE_INVALID",
      `the body has ${bytes} of the ${length} bytes announced`,
    );
  }
}

/** Whether there may be a body to read. */
export function hasBody(call: Pick<Call, "request">): boolean {
  const { headers } = call.request;
  const length = headers.get("content-length");
  if (length !== null) return length !== "0";
  return headers.get("transfer-encoding") !== null || call.request.body !== null;
}

function source(call: Pick<Call, "request" | "body">): Bytes {
  if (call.body) return call.body;
  const { body } = call.request;
  if (body === null) return nothing();
  return { [Symbol.asyncIterator]: () => body.values({ preventCancel: true }) };
}

async function* nothing(): Bytes {}

/** A body that breaks off is the client's doing; so the edge can tell it from a fault of ours. */
async function* watched(bytes: Bytes, received: () => number): Bytes {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next().catch((cause: unknown) => {
        throw new RegistryError("SIZE_INVALID", `the body broke off after ${received()} bytes`, {
          cause,
        });
      });
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * All of `bytes` in one piece. Throws REQUEST_ENTITY_TOO_LARGE once there are more than `limit`,
 * without reading further.
 */
export async function collect(bytes: Bytes, limit: number): Promise<Uint8Array> {
  let first: Uint8Array | null = null;
  let rest: Uint8Array[] | null = null;
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > limit) {
      throw new RegistryError("REQUEST_ENTITY_TOO_LARGE", `there are more than ${limit} bytes`);
    }
    if (first === null) first = chunk;
    else (rest ??= [first]).push(chunk);
  }
  return rest ? Buffer.concat(rest, size) : (first ?? new Uint8Array());
}

/**
 * `bytes` as the body of an answer that has promised `length` bytes. It is read only as fast as the
 * client takes it, and the reading ends when the client goes. Too few or too many bytes break the
 * connection, so that nobody takes them for the content; `onBroken` hears why.
 */
export function streamOf(
  bytes: Bytes,
  length: number,
  onBroken: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let left = length;
  let gone = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const step = await iterator.next();
          if (gone) return;
          left -= step.done ? 0 : step.value.byteLength;
          if (step.done ? left !== 0 : left < 0) {
            throw new RegistryError("INTEGRITY", `the content is not the ${length} bytes promised`);
          }
          if (step.done) controller.close();
          else controller.enqueue(step.value);
        } catch (error) {
          if (gone) return;
          onBroken(error);
          throw error;
        }
      },
      async cancel() {
        gone = true;
        await iterator.return?.();
      },
    },
    { highWaterMark: 1 },
  );
}
