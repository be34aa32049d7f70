import { AsyncLocalStorage } from "node:async_hooks";
import { requestIdOf } from "./request-actor.ts";

/** From where a request comes, for those who learn of a login deep within. */
export interface RequestScope {
  readonly address: string;
  readonly userAgent: string;
  readonly id: string;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/** The scope of the request under way, if it is one that may log somebody in. */
export function requestScope(): RequestScope | undefined {
  return scopes.getStore();
}

/** Answers `request` with its scope known. Only what may log somebody in pays for that. */
export function inScope<T>(request: Request, address: string, answer: () => T): T {
  const { method, headers } = request;
  if (method === "GET" && !/^basic/i.test(headers.get("authorization") ?? "")) {
    // What a directory sends back to, too, begins a session.
    if (!headers.has("cookie")) return answer();
  }
  const userAgent = headers.get("user-agent") ?? "";
  return scopes.run({ address, userAgent, id: requestIdOf(request) }, answer);
}
