import { RegistryError } from "@entrepot/oci";
import type { Authorizer } from "./authorizer.ts";
import type { Fetch, FetchResponse } from "./fetch.ts";
import { discard } from "./response-body.ts";
import { responseError } from "./response-error.ts";
import { describe, sender } from "./send.ts";
import type { Ask, ExchangeReport } from "./send.ts";

/** Sends requests to one registry, authenticated. */
export interface Exchange {
  /** Throws `RegistryError`: UNREACHABLE, or what the registry's answer says. */
  (ask: Ask): Promise<FetchResponse>;
  /** The same connections and tokens, with `headers` on every request that changes something. */
  with(headers: Readonly<Record<string, string>>): Exchange;
}

/** What an exchange works with. */
export interface ExchangeOptions {
  readonly root: string;
  readonly fetch: Fetch;
  readonly clock: () => number;
  readonly userAgent: string;
  readonly authorizer: Authorizer;
  /**
   * Ask `GET /v2/` first how to authenticate: without, a registry that also serves the anonymous
   * would show an account only what everybody sees.
   */
  readonly probeFirst: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly onExchange?: ((report: ExchangeReport) => void) | undefined;
}

/** Requests to the registry at `options.root`. */
export function exchange(options: ExchangeOptions): Exchange {
  const { authorizer, clock, root, userAgent } = options;
  const { origin } = new URL(root);
  const send = sender(options.fetch, clock, options.onExchange);
  let probe: Promise<void> | undefined;

  async function askHowToLogIn() {
    const ask = { method: "GET", url: "/v2/", about: "/v2/", scopes: [], expect: [] } as const;
    const response = await send(ask, new URL(`${root}/v2/`), { "user-agent": userAgent });
    if (response.status === 429 || response.status >= 500) {
      const asked = { method: "GET", url: `${root}/v2/` };
      throw await responseError(response, `GET /v2/ at ${root}`, clock(), undefined, asked);
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
      const asked = { method: ask.method, url: url.href };
      const what = `${describe(ask)} at ${root}`;
      throw await responseError(response, what, clock(), ask.missing, asked);
    };
    return Object.assign(run, {
      with: (more: Readonly<Record<string, string>>) => withHeaders({ ...extra, ...more }),
    });
  }
  return withHeaders(options.headers);
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

function isStream(body: Ask["body"]): boolean {
  return body !== undefined && !(body instanceof Uint8Array);
}
