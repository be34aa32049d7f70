import type { FetchRequest, FetchResponse } from "./fetch.ts";

/** When requests that a registry counts may be sent, so that its limit is never reached. */
export interface RateGate {
  /** Unix time in milliseconds from which on `request` may be sent; 0: at once. */
  readyAt(url: string, request: FetchRequest): number;
  /** Takes note that `request` is being sent. */
  began(url: string, request: FetchRequest): void;
  /** Takes note of what an answer says about the limit. */
  heard(response: Pick<FetchResponse, "headers">): void;
}

/** Below this part of the limit, requests are spaced out. */
const FLOOR = 0.2;

/**
 * Heeds `RateLimit-Limit` and `RateLimit-Remaining` (`100;w=21600`), as Docker Hub sends them: when
 * a fifth is left, counted requests are spaced as the limit's window allows for ever. Only GETs of
 * manifests count; HEADs are free, and so are blobs.
 */
export function rateGate(clock: () => number): RateGate {
  let spacingMs = 0;
  let last = 0;
  return {
    readyAt: (url, request) => (spacingMs > 0 && isCounted(url, request) ? last + spacingMs : 0),
    began(url, request) {
      if (isCounted(url, request)) last = clock();
    },
    heard({ headers }) {
      const limit = parseRate(headers.get("ratelimit-limit"));
      const left = parseRate(headers.get("ratelimit-remaining"));
      if (!limit || !left || limit.count === 0) return;
      const windowS = left.windowS ?? limit.windowS;
      if (windowS === undefined) return;
      spacingMs = left.count < limit.count * FLOOR ? (windowS * 1000) / limit.count : 0;
    },
  };
}

function isCounted(url: string, { method = "GET" }: FetchRequest): boolean {
  return method === "GET" && /\/v2\/.+\/manifests\//.test(url);
}

/** `76;w=21600`: a count, and its window in seconds. */
function parseRate(header: string | null): { count: number; windowS: number | undefined } | null {
  const match = /^\s*(\d+)(?:\s*[;,].*?\bw=(\d+))?/.exec(header ?? "");
  if (!match) return null;
  const windowS = match[2] === undefined ? undefined : Number(match[2]);
  return { count: Number(match[1]), windowS };
}
