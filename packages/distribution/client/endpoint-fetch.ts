import { rootCertificates } from "node:tls";
import { Agent, ProxyAgent, request as send } from "undici";
import type { Dispatcher } from "undici";
import type { Bytes } from "@entrepot/oci";
import { freed } from "../wire/index.ts";
import { addressGuard, guardedConnector, guardedLookup, refusedHost } from "./address-guard.ts";
import type { AddressGuard } from "./address-guard.ts";
import type { Fetch, FetchRequest, FetchResponse } from "./fetch.ts";
import { followRedirects } from "./redirects.ts";

/** How one endpoint is reached. */
export interface EndpointFetchOptions {
  /** Accept any TLS certificate. Default false. */
  readonly insecure?: boolean;
  /** PEM certificates of the endpoint's own authority, trusted besides the well-known ones. */
  readonly ca?: string;
  /** Connections per host at most; further requests wait. Default 32. */
  readonly connections?: number;
  /** URL of an HTTP proxy. */
  readonly proxy?: string;
  /** Where connections may go, the proxy's included. Default `addressGuard("any")`. */
  readonly guard?: AddressGuard;
  /** Longest wait for a connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for the head of an answer after the request was sent. Default 300 s. */
  readonly headersTimeoutMs?: number;
  /** Longest silence within an answer's body; the whole may take any time. Default 60 s. */
  readonly bodyTimeoutMs?: number;
  /** Longest time for which the other side may take nothing of a request's body. Default 60 s. */
  readonly sendTimeoutMs?: number;
}

/** A `Fetch` with connections of its own. */
export interface EndpointFetch extends Fetch {
  /** Ends its connections, also those in use. May be called again. */
  close(): Promise<void>;
}

/** Bytes of an answer's body that may wait in memory, per request. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Of a piece this large the socket says that its buffer is full, and undici waits until it has been
 * written: above what sockets let wait (64 KiB).
 */
const LARGE_BYTES = 512 * 1024;

/**
 * Connections to one endpoint, kept alive between requests, with its own trust and limits. HTTP/1.1
 * only: one HTTP/2 connection would carry all blobs of a copy through one TCP window.
 */
export function endpointFetch(options: EndpointFetchOptions = {}): EndpointFetch {
  const guard = options.guard ?? addressGuard();
  const dispatcher = dispatcherFor(options, guard);
  const once: Fetch = async (url, request = {}) => {
    const refused = options.proxy === undefined ? null : refusedHost(guard, new URL(url).hostname);
    if (refused) throw refused;
    const { body, signal } = noticingStalls(request, options.sendTimeoutMs ?? 60_000);
    const answer = await send(url, {
      dispatcher,
      method: request.method ?? "GET",
      headers: request.headers as Record<string, string>,
      body: (body ?? null) as Dispatcher.DispatchOptions["body"],
      signal: signal ?? null,
      highWaterMark: WINDOW_BYTES,
      // undici closes after a HEAD, since some servers send a body: with as many HEADs as a copy
      // has, half the time would go into connections.
      reset: false,
    });
    return toResponse(answer, request.method === "HEAD");
  };
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= dispatcher.destroy());
  return Object.assign(followRedirects(once), { close });
}

function dispatcherFor(options: EndpointFetchOptions, guard: AddressGuard): Dispatcher {
  const tls = {
    rejectUnauthorized: options.insecure !== true,
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
  };
  const settings: Agent.Options = {
    allowH2: false,
    connections: options.connections ?? 32,
    headersTimeout: options.headersTimeoutMs ?? 300_000,
    bodyTimeout: options.bodyTimeoutMs ?? 60_000,
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    maxOrigins: 64,
  };
  const connect = guardedConnector(guard, { ...tls, timeout: settings.connectTimeout });
  if (options.proxy === undefined) return new Agent({ ...settings, connect });
  const refused = refusedHost(guard, new URL(options.proxy).hostname);
  if (refused) throw refused;
  // Behind a proxy, names are the proxy's to resolve: what it must not reach is for it to refuse.
  const proxyTls = { ...tls, lookup: guardedLookup(guard) } as never;
  return new ProxyAgent({ ...settings, uri: options.proxy, requestTls: tls, proxyTls });
}

/** `request`'s body and signal: it is aborted where the other side takes nothing for `stallMs`. */
function noticingStalls(request: FetchRequest, stallMs: number): FetchRequest {
  const { body, signal } = request;
  if (body === undefined || body instanceof Uint8Array) return request;
  const stalled = new AbortController();
  async function* watched(bytes: Bytes): Bytes {
    for await (const chunk of bytes) {
      // While it waits for our side (a slow source, a limit of ours), nobody is to blame.
      const timer = setTimeout(() => stalled.abort(stall(stallMs)), stallMs);
      try {
        yield chunk;
      } finally {
        clearTimeout(timer);
      }
      // The next one is asked for once the socket has taken all of a large one.
      if (chunk.length >= LARGE_BYTES) bytes.release?.(chunk);
    }
  }
  const signals = signal ? [signal, stalled.signal] : [stalled.signal];
  return { body: watched(body), signal: AbortSignal.any(signals) };
}

function stall(afterMs: number): Error {
  const message = `it has taken nothing for ${afterMs / 1000} s`;
  return Object.assign(new Error(message), { code: "ETIMEDOUT" });
}

function toResponse(answer: Dispatcher.ResponseData, bodiless: boolean): FetchResponse {
  const { statusCode: status, headers, body } = answer;
  const get = (name: string) => {
    const value = headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  };
  const pieces = { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](), release: freed };
  if (!bodiless) return { status, headers: { get }, body: pieces };
  body.resume();
  return { status, headers: { get }, body: null };
}
