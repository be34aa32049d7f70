import { mediaTypes, parseDigest, RegistryError } from "@entrepot/oci";
import type { Descriptor } from "@entrepot/oci";
import {
  header,
  matchesETag,
  parseRange,
  printContentRange,
  printErrors,
  printETag,
  printUnsatisfiedRange,
} from "../wire/index.ts";
import type { RangeAnswer } from "../wire/index.ts";
import { collect, streamOf } from "./body.ts";
import type { RepositoryCall } from "./call.ts";
import { contentHeaders, empty, whole } from "./reply.ts";

/** Content by digest never changes, but only those who may read it may keep it. */
const CACHE_FOREVER = "private, max-age=31536000, immutable";

/** Up to this many bytes, one piece is cheaper than a stream. */
const ONE_PIECE_BYTES = 256 * 1024;

/**
 * GET and HEAD of a blob, whole or a range of it. Source: distribution-spec end-2,
 * RFC 9110 § 13 and § 14.
 */
export async function getBlob(call: RepositoryCall, text: string): Promise<Response> {
  const { request, repository } = call;
  const digest = parseDigest(text);
  const blob = await repository.stat(digest);
  if (!blob) throw blobUnknown(text, repository.name);

  const headers = contentHeaders(digest, mediaTypes.bytes, CACHE_FOREVER);
  headers["Accept-Ranges"] = "bytes";
  const ifNoneMatch = request.headers.get("if-none-match");
  if (ifNoneMatch !== null && matchesETag(ifNoneMatch, digest)) return empty(304, headers);

  if (request.method === "HEAD") {
    headers["Content-Length"] = String(blob.size);
    return empty(200, headers);
  }
  const elsewhere = await repository.locate?.(blob);
  // What it leads to changes, and soon leads nowhere: it is not kept as content is.
  if (elsewhere) {
    return empty(307, { Location: elsewhere.href, "Cache-Control": "private, no-store" });
  }
  const range = wantedRange(request, blob);
  if (range === "unsatisfiable") return unsatisfiable(request, blob);
  if (range === "whole") return send(call, blob, { start: 0, length: blob.size }, headers, 200);
  headers["Content-Range"] = printContentRange(range.start, range.length, blob.size);
  return send(call, blob, range, headers, 206);
}

function wantedRange(request: Request, blob: Descriptor): RangeAnswer {
  const asked = request.headers.get("range");
  if (asked === null) return "whole";
  const ifRange = request.headers.get("if-range");
  // Another version than the client has: then it needs all of it. There are no dates to compare.
  if (ifRange !== null && ifRange.trim() !== printETag(blob.digest)) return "whole";
  return parseRange(asked, blob.size);
}

async function send(
  call: RepositoryCall,
  blob: Descriptor,
  range: { start: number; length: number },
  headers: Record<string, string>,
  status: number,
): Promise<Response> {
  const { start, length } = range;
  const bytes = await call.repository.fetch(blob, status === 206 ? range : undefined);
  if (length > ONE_PIECE_BYTES) {
    headers["Content-Length"] = String(length);
    const { onBroken } = call;
    if (call.send) {
      headers[header.API_VERSION] = header.API_VERSION_2;
      return call.send({ status, headers, bytes, length, onBroken });
    }
    return whole(call.request, streamOf(bytes, length, onBroken), headers, status);
  }
  const piece = await collect(bytes, length);
  if (piece.byteLength === length) return whole(call.request, piece, headers, status);
  throw new RegistryError(
    "INTEGRITY",
    `blob ${blob.digest} has ${piece.byteLength} of ${length} bytes from ${start}; push it again`,
  );
}

function unsatisfiable(request: Request, blob: Descriptor): Response {
  const message = `blob ${blob.digest} is ${blob.size} bytes long; nothing lies in that range`;
  const headers = {
    "Content-Type": "application/json",
    "Content-Range": printUnsatisfiedRange(blob.size),
  };
  return whole(request, Buffer.from(printErrors("RANGE_INVALID", message)), headers, 416);
}

/** DELETE of a blob. Source: distribution-spec end-10. */
export async function deleteBlob(call: RepositoryCall, text: string): Promise<Response> {
  const { repository } = call;
  if (await repository.deleteBlob(parseDigest(text))) return empty(202);
  throw blobUnknown(text, repository.name);
}

function blobUnknown(digest: string, name: string): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", `blob ${digest} is not in repository ${name}`, {
    detail: { digest },
  });
}
