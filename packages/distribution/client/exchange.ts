import { setTimeout as pause } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import type { Bytes, ErrorCode } from "@entrepot/oci";
import type { Scope } from "../wire/index.ts";
import type { Authorizer } from "./authorizer.ts";
import { brokeOff, connectionError } from "./connection-error.ts";
import type { Fetch, FetchResponse } from "./fetch.ts";
import { discard } from "./response-body.ts";
import { responseError } from "./response-error.ts";

/** One request to a registry, and which answers are welcome. */
export interface Ask {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** A path below the registry's root, or an absolute URL as the registry gave it. */
  readonly url: string;
  /** What it is about, for messages: `library/app:1`. */
  readonly about: string;
  readonly scopes: readonly Scope[];
  /** Statuses that come back; any other is thrown. */
  readonly expect: readonly number[];
  /** The code of a 404 that does not name one. */
  readonly missing?: ErrorCode;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Bytes;
}

/** Sends requests to one registry, authenticated. */
export interface Exchange {
  /** Throws `RegistryError`: UNREACHABLE, or what the registry's answer says. */
  (ask: Ask): Promise<FetchResponse>;
  /** The same connections and tokens, with `headers` on every request that changes something. */
  with(headers: Readonly<Record<string, string>>): Exchange;
}

/** One request as it went over the wire, for logs, measurements and tests. Holds no secret. */
export interface ExchangeReport {
  readonly method: string;
  /** Without its query. */
  readonly url: string;
  /** 0 if there was no answer. */
  readonly status: number;
  /** Until the head of the answer, in milliseconds. */
  readonly durationMs: number;
}

/** What an exchange works with. */
export interface ExchangeOptions {
  readonly root: string;
  readonly fetch: Fetch;
  readonly clock: () => number;
  readonly userAgent: string;
  readonly authorizer: Authorizer;
  /** Ask `GET /v2/` first how to authenticate: without, a registry that also serves the anonymous
   * would show an account only what everybody sees. */
  readonly probeFirst: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly onExchange?: ((report: ExchangeReport) => void) | undefined;
}

const MOST_RETRIES = 2;
const RETRY_PAUSE_MS = 50;

/** Requests to the registry at `options.root`. */
export function exchange(options: ExchangeOptions): Exchange {
  const { authorizer, clock, root, userAgent } = options;
  const { origin } = new URL(root);
  let probe: Promise<void> | undefined;

  async function sendOnce(ask: Ask, url: URL, headers: Record<string, string>) {
    const startedAt = clock();
    const { method, body } = ask;
    const report = (status: number) => {
      const durationMs = clock() - startedAt;
      options.onExchange?.({ method, url: url.origin + url.pathname, status, durationMs });
    };
    try {
      const request = body === undefined ? { method, headers } : { method, headers, body };
      const response = await options.fetch(url.href, request);
      report(response.status);
      return response;
    } catch (error) {
      report(0);
      throw connectionError(error, `${describe(ask)} at ${url.origin}`);
    }
  }

  async function send(ask: Ask, url: URL, headers: Record<string, string>) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await sendOnce(ask, url, headers);
      } catch (error) {
        if (attempt === MOST_RETRIES || !isSafeToRepeat(ask) || !brokeOff(error)) throw error;
        await pause(attempt * RETRY_PAUSE_MS);
      }
    }
  }

  async function askHowToLogIn() {
    const ask = { method: "GET", url: "/v2/", about: "/v2/", scopes: [], expect: [] } as const;
    const response = await send(ask, new URL(`${root}/v2/`), { "user-agent": userAgent });
    if (response.status === 429 || response.status >= 500) {
      throw await responseError(response, `GET /v2/ at ${root}`, clock());
    }
    await discard(response);
    if (response.status !== 401) return;
    authorizer.learn(response.headers.get("www-authenticate") ?? "");
  }

  /** Anyone but the registry itself gets no token, and no mark of ours. */
  async function sendAuthorized(ask: Ask, url: URL, extra: Readonly<Record<string, string>>) {
    const headers: Record<string, string> = { "user-agent": userAgent, ...ask.headers };
    if (url.origin !== origin) return await send(ask, url, headers);
    if (isWrite(ask)) Object.assign(headers, extra);
    if (options.probeFirst) {
      probe ??= askHowToLogIn();
      await probe.catch((error: unknown) => {
        probe = undefined;
        throw error;
      });
    }
    const sent = await authorizer.header(ask.scopes);
    const withSent = sent === undefined ? headers : { ...headers, authorization: sent };
    const response = await send(ask, url, withSent);
    if (response.status === 403) authorizer.forget(ask.scopes, sent);
    if (response.status !== 401) return response;
    const challenge = response.headers.get("www-authenticate") ?? "";
    const renewed = await authorizer.renew(challenge, ask.scopes, sent);
    if (renewed === undefined || isStream(ask.body)) return response;
    await discard(response);
    return await send(ask, url, { ...headers, authorization: renewed });
  }

  function withHeaders(extra: Readonly<Record<string, string>>): Exchange {
    const run = async (ask: Ask) => {
      const url = resolveUrl(ask, root);
      const response = await sendAuthorized(ask, url, extra);
      if (ask.expect.includes(response.status)) return response;
      throw await responseError(response, `${describe(ask)} at ${root}`, clock(), ask.missing);
    };
    return Object.assign(run, {
      with: (more: Readonly<Record<string, string>>) => withHeaders({ ...extra, ...more }),
    });
  }
  return withHeaders(options.headers);
}

function describe(ask: Ask): string {
  return `${ask.method} ${ask.about}`;
}

function resolveUrl(ask: Ask, root: string): URL {
  const url = ask.url.startsWith("/") ? new URL(root + ask.url) : URL.parse(ask.url);
  if (url && (url.protocol === "https:" || url.protocol === new URL(root).protocol)) return url;
  const message = `${describe(ask)} at ${root}: it gives an address that cannot be used safely`;
  throw new RegistryError("UNSUPPORTED", message);
}

function isWrite({ method }: Ask): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** Beginning an upload twice does no harm; a repeated DELETE could not tell what it had deleted. */
function isSafeToRepeat({ method, body }: Ask): boolean {
  return method === "GET" || method === "HEAD" || (method === "POST" && body === undefined);
}

function isStream(body: Ask["body"]): boolean {
  return body !== undefined && !(body instanceof Uint8Array);
}
