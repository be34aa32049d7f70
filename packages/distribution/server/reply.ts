import { isAscii } from "node:buffer";
import { header, printETag } from "../wire/index.ts";
import type { Digest } from "@entrepot/oci";

/** Headers as a plain object, which the Node server writes without building a Headers object. */
export type HeaderList = Record<string, string>;

/** An answer with `status` and `headers` and no body. */
export function empty(status: number, headers: HeaderList = {}): Response {
  headers[header.API_VERSION] = header.API_VERSION_2;
  if (status !== 204 && status !== 304) headers["Content-Length"] ??= "0";
  return new Response(null, { status, headers });
}

/** An answer with `body`. For HEAD the same without the body, its length included. */
export function whole(
  request: Request,
  body: Uint8Array | ReadableStream<Uint8Array>,
  headers: HeaderList,
  status = 200,
): Response {
  headers[header.API_VERSION] = header.API_VERSION_2;
  if (body instanceof Uint8Array) headers["Content-Length"] = String(body.byteLength);
  // The DOM's types allow only ArrayBuffer behind a Uint8Array; any that is not shared will do.
  const sent =
    request.method === "HEAD" ? null : (asText(body) ?? (body as Uint8Array<ArrayBuffer>));
  return new Response(sent, { status, headers });
}

/** Up to this many bytes, text is cheaper: Node sends it in one piece with the headers. */
const TEXT_BYTES = 16 * 1024;

function asText(body: Uint8Array | ReadableStream): string | null {
  if (!(body instanceof Uint8Array) || body.byteLength > TEXT_BYTES || !isAscii(body)) return null;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
}

/** An answer with `value` as JSON. */
export function json(request: Request, value: unknown, headers: HeaderList = {}): Response {
  headers["Content-Type"] ??= header.JSON_TYPE;
  return whole(request, Buffer.from(JSON.stringify(value)), headers);
}

/** The headers by which content is known and revalidated. */
export function contentHeaders(digest: Digest, type: string, cache: string): HeaderList {
  return {
    "Content-Type": type,
    [header.CONTENT_DIGEST]: digest,
    ETag: printETag(digest),
    "Cache-Control": cache,
  };
}
