import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";

/** Longest body of a request, in bytes. */
const MOST_BYTES = 1 << 20;

/**
 * Refuses a body that is too long with REQUEST_ENTITY_TOO_LARGE, before it is read where its length
 * is told. Without (Go's clients send chunks) it is read here, and kept for the handler.
 */
export async function limitBody(context: Context, next: () => Promise<void>): Promise<void> {
  const length = context.req.header("content-length");
  if (Number(length ?? 0) > MOST_BYTES) throw tooLarge(context);
  if (length === undefined && context.req.header("transfer-encoding") !== undefined) {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of context.req.raw.body ?? []) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw tooLarge(context);
      chunks.push(chunk);
    }
    context.req.bodyCache.text = Promise.resolve(Buffer.concat(chunks).toString()) as never;
  }
  await next();
}

function tooLarge(context: Context): RegistryError {
  // The rest of the body is not read: nothing else can come on this connection.
  context.header("Connection", "close");
  const message = `the request's body is larger than ${MOST_BYTES} bytes`;
  return new RegistryError("REQUEST_ENTITY_TOO_LARGE", message);
}
