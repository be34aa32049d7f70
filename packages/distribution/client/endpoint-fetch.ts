import { rootCertificates } from "node:tls";
import { Agent, ProxyAgent, request as send } from "undici";
import type { Dispatcher } from "undici";
import type { Bytes } from "@entrepot/oci";
import type { Fetch, FetchResponse } from "./fetch.ts";
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
  /** Longest wait for a connection. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Longest wait for the head of an answer after the request was sent. Default 300 s. */
  readonly headersTimeoutMs?: number;
  /** Longest silence within an answer's body; the whole may take any time. Default 60 s. */
  readonly bodyTimeoutMs?: number;
}

/** A `Fetch` with connections of its own. */
export interface EndpointFetch extends Fetch {
  /** Ends its connections, also those in use. May be called again. */
  close(): Promise<void>;
}

/** Bytes of an answer's body that may wait in memory, per request. */
const WINDOW_BYTES = 256 * 1024;

/**
 * Connections to one endpoint, kept alive between requests, with its own trust and limits. HTTP/1.1
 * only: one HTTP/2 connection would carry all blobs of a copy through one TCP window.
 */
export function endpointFetch(options: EndpointFetchOptions = {}): EndpointFetch {
  const dispatcher = dispatcherFor(options);
  const once: Fetch = async (url, request = {}) => {
    const answer = await send(url, {
      dispatcher,
      method: request.method ?? "GET",
      headers: request.headers as Record<string, string>,
      body: (request.body ?? null) as Dispatcher.DispatchOptions["body"],
      signal: request.signal ?? null,
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

function dispatcherFor(options: EndpointFetchOptions): Dispatcher {
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
  if (options.proxy === undefined) return new Agent({ ...settings, connect: tls });
  return new ProxyAgent({ ...settings, uri: options.proxy, requestTls: tls, proxyTls: tls });
}

function toResponse(answer: Dispatcher.ResponseData, bodiless: boolean): FetchResponse {
  const { statusCode: status, headers, body } = answer;
  const get = (name: string) => {
    const value = headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  };
  if (!bodiless) return { status, headers: { get }, body: body as Bytes };
  body.resume();
  return { status, headers: { get }, body: null };
}
