import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import type { Registry, Repository } from "@entrepot/registry";
import type { Send } from "./node-send.ts";

/** Bounds on what a request may ask for. */
export interface Limits {
  /** Longest manifest taken, in bytes; one byte more is answered with 413. */
  readonly manifestBytes: number;
  /** Most items of one page, asked for or not. */
  readonly pageSize: number;
}

/** One request, taken apart, with the registry opened for whoever sent it. */
export interface Call {
  readonly request: Request;
  readonly registry: Registry;
  readonly query: URLSearchParams;
  readonly limits: Limits;
  /** The body where the caller has a cheaper one than `request.body`. */
  readonly body?: Bytes | undefined;
  /** A shorter way to send a long body. */
  readonly send?: Send | undefined;
  /** Called when an answer that has begun cannot be finished. */
  readonly onBroken: (error: unknown) => void;
}

/** A call about one repository. */
export interface RepositoryCall extends Call {
  readonly repository: Repository;
}

/** `request`'s path and query as sent. Splitting by hand is ten times cheaper than a URL object. */
export function splitUrl(url: string): { path: string; query: string } {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const hash = url.indexOf("#", start);
  const end = hash < 0 ? url.length : hash;
  const mark = url.indexOf("?", start);
  if (mark < 0 || mark > end) return { path: url.slice(start, end), query: "" };
  return { path: url.slice(start, mark), query: url.slice(mark + 1, end) };
}

const NO_QUERY = new URLSearchParams();

/** `query` by key. A plus stays a plus: media types hold one, nothing here holds a space. */
export function parseQuery(query: string): URLSearchParams {
  return query === "" ? NO_QUERY : new URLSearchParams(query.replaceAll("+", "%2B"));
}

/** The request's Content-Length in bytes, or null without one. Throws BAD_REQUEST. */
export function contentLength(request: Request): number | null {
  const text = request.headers.get("content-length");
  if (text === null) return null;
  const length = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new RegistryError("BAD_REQUEST", `Content-Length ${JSON.stringify(text)} is no number`);
}
