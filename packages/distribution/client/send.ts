import { setTimeout as pause } from "node:timers/promises";
import type { Bytes, ErrorCode } from "@entrepot/oci";
import type { Scope } from "../wire/index.ts";
import { brokeOff, connectionError } from "./connection-error.ts";
import type { Fetch, FetchResponse } from "./fetch.ts";

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

/** Sends `ask` to `url` with just these headers. Throws UNREACHABLE, CANCELLED or UNSUPPORTED. */
export type Send = (
  ask: Ask,
  url: URL,
  headers: Readonly<Record<string, string>>,
) => Promise<FetchResponse>;

const MOST_RETRIES = 2;
const RETRY_PAUSE_MS = 50;

/** Requests by `fetch`, each reported; what is safe to repeat is, where a connection breaks off. */
export function sender(
  fetch: Fetch,
  clock: () => number,
  onExchange: ((report: ExchangeReport) => void) | undefined,
): Send {
  const sendOnce: Send = async (ask, url, headers) => {
    const startedAt = clock();
    const { method, body } = ask;
    const report = (status: number) => {
      const durationMs = clock() - startedAt;
      onExchange?.({ method, url: url.origin + url.pathname, status, durationMs });
    };
    try {
      const request = body === undefined ? { method, headers } : { method, headers, body };
      const response = await fetch(url.href, request);
      report(response.status);
      return response;
    } catch (error) {
      report(0);
      throw connectionError(error, `${describe(ask)} at ${url.origin}`, { method, url: url.href });
    }
  };
  return async (ask, url, headers) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await sendOnce(ask, url, headers);
      } catch (error) {
        if (attempt === MOST_RETRIES || !isSafeToRepeat(ask) || !brokeOff(error)) throw error;
        await pause(attempt * RETRY_PAUSE_MS);
      }
    }
  };
}

/** What `ask` wants of whom, for messages. */
export function describe(ask: Pick<Ask, "method" | "about">): string {
  return `${ask.method} ${ask.about}`;
}

/** Beginning an upload twice does no harm; a repeated DELETE could not tell what it had deleted. */
function isSafeToRepeat({ method, body }: Ask): boolean {
  return method === "GET" || method === "HEAD" || (method === "POST" && body === undefined);
}
