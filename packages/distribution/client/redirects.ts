import { RegistryError } from "@entrepot/oci";
import type { Fetch, FetchRequest, FetchResponse } from "./fetch.ts";
import { discard } from "./response-body.ts";

const MOST_REDIRECTS = 5;

/** The only headers another origin gets to see: no credential, token or mark of ours among them. */
const HARMLESS = new Set(["accept", "range", "user-agent"]);

/**
 * `fetch` with redirects followed by hand, five at most. Another origin gets neither Authorization
 * nor headers of our own, even if it redirects back. A step from https to http is refused
 * (UNSUPPORTED). Requests that change something are only followed where the method stays the same
 * (307, 308) and the body can be sent again. Source: RFC 9110 §15.4.
 */
export function followRedirects(fetch: Fetch): Fetch {
  return async (url, request = {}) => {
    let at = new URL(url);
    let headers = request.headers;
    for (let hops = 0; ; hops++) {
      const response = await fetch(at.href, headers ? { ...request, headers } : request);
      const next = target(response, at, request);
      if (!next) return response;
      await discard(response);
      if (hops === MOST_REDIRECTS) {
        throw refusal(url, `it redirects more than ${MOST_REDIRECTS} times`);
      }
      if (at.protocol === "https:" && next.protocol !== "https:") {
        throw refusal(url, `it redirects from https to ${next.origin}, in the clear`);
      }
      if (next.origin !== at.origin) headers = harmless(headers);
      at = next;
    }
  };
}

function target(response: FetchResponse, at: URL, request: FetchRequest): URL | null {
  const location = response.headers.get("location");
  if (location === null || !mayFollow(response.status, request)) return null;
  const next = URL.parse(location, at.href);
  const isHttp = next?.protocol === "http:" || next?.protocol === "https:";
  if (!next || !isHttp) throw refusal(at.href, "it redirects to something that is no web address");
  next.username = "";
  next.password = "";
  return next;
}

function mayFollow(status: number, { method = "GET", body }: FetchRequest): boolean {
  if (method === "GET" || method === "HEAD") return [301, 302, 303, 307, 308].includes(status);
  const repeatable = body === undefined || body instanceof Uint8Array;
  return (status === 307 || status === 308) && repeatable;
}

function harmless(headers: FetchRequest["headers"] = {}): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => HARMLESS.has(name.toLowerCase()));
  return Object.fromEntries(kept);
}

function refusal(url: string, why: string): RegistryError {
  const { origin, pathname } = new URL(url);
  const message = `${origin}${pathname} cannot be followed: ${why}; check the registry's settings`;
  return new RegistryError("UNSUPPORTED", message);
}
