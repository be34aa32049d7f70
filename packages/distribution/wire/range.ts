/** An inclusive range of byte positions. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** How a `Range` header applies to content: a part of it, all of it, or no part that exists. */
export type RangeAnswer =
  | { readonly start: number; readonly length: number }
  | "whole"
  | "unsatisfiable";

const RANGE = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i;
const SPAN = /^(?:bytes[ =])?\s*(\d+)-(\d+)(?:\/(?:\d+|\*))?$/i;
const CONTENT_RANGE = /^bytes\s+(\d+)-(\d+)\/(\d+|\*)$/i;

/**
 * What `header`, a request's `Range`, asks of `size` bytes. A header that is malformed, of another
 * unit or of several ranges is ignored, which means "whole". `bytes=9-5` is "unsatisfiable", as the
 * distribution-spec's own tests want it, where RFC 9110 § 14.2 would rather ignore it.
 */
export function parseRange(header: string, size: number): RangeAnswer {
  const match = RANGE.exec(header);
  if (!match) return "whole";
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? "whole" : suffix(Number(last), size);
  const start = Number(first);
  if (start >= size || (last !== "" && Number(last) < start)) return "unsatisfiable";
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return { start, length: end - start + 1 };
}

function suffix(wanted: number, size: number): RangeAnswer {
  if (wanted === 0 || size === 0) return "unsatisfiable";
  const length = Math.min(wanted, size);
  return { start: size - length, length };
}

/** A request's `Range`: `bytes=5-` or `bytes=5-9`. */
export function printRange(start: number, length?: number): string {
  return length === undefined ? `bytes=${start}-` : `bytes=${start}-${start + length - 1}`;
}

/** A 206's `Content-Range`: `bytes 5-9/100`. Source: RFC 9110 § 14.4. */
export function printContentRange(start: number, length: number, size: number): string {
  return `bytes ${start}-${start + length - 1}/${size}`;
}

/** A 416's `Content-Range`. */
export function printUnsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}

/** A 206's `Content-Range`; `size` is null where the server does not know it. Null if malformed. */
export function parseContentRange(header: string): (Span & { size: number | null }) | null {
  const match = CONTENT_RANGE.exec(header.trim());
  if (!match) return null;
  const [, first, last, size] = match;
  return { ...span(first, last), size: size === "*" ? null : Number(size) };
}

/** `Content-Range` of an upload's chunk: `5-9`, without a unit. Source: distribution-spec end-5. */
export function printChunkRange(start: number, length: number): string {
  return `${start}-${start + length - 1}`;
}

/**
 * The span of an upload's chunk, or null if malformed. HTTP's own `bytes 5-9/100` is understood
 * too, since some clients send it.
 */
export function parseChunkRange(header: string): Span | null {
  const match = SPAN.exec(header.trim());
  if (!match) return null;
  const found = span(match[1], match[2]);
  return found.last < found.first || !Number.isSafeInteger(found.last) ? null : found;
}

/**
 * `Range` of an upload that has `offset` bytes: `0-<last>`. Nothing yet is `0-0`, as everyone
 * prints it, though that also means one byte. Source: distribution-spec end-5, end-13.
 */
export function printUploadRange(offset: number): string {
  return `0-${Math.max(offset - 1, 0)}`;
}

/**
 * The offset that an upload's `Range` tells, or null if malformed. `0-0` is read as `emptyMeans`
 * (0 bytes unless told), which the caller knows from what it has sent.
 */
export function parseUploadRange(header: string, emptyMeans = 0): number | null {
  const match = SPAN.exec(header.trim());
  if (!match) return null;
  const last = Number(match[2]);
  return last === 0 ? emptyMeans : last + 1;
}

function span(first: string | undefined, last: string | undefined): Span {
  return { first: Number(first), last: Number(last) };
}
