import { apiClient } from "@entrepot/api/client";
import { presenceAt } from "./presence.ts";

export { routes } from "@entrepot/api/client";

/** Sent with every change, so that no other site can make one with our cookie. */
const CSRF_HEADER = "x-entrepot-csrf";
/** What a page asks while nobody is at it does not keep the session from ending unused. */
const UNATTENDED_HEADER = "x-entrepot-unattended";
const presence = presenceAt(window);
let csrf = "";
let onSignedOut: () => void = () => undefined;

/** Takes the token that goes with the session; see `GET /sessions/current`. */
export function takeCsrfToken(token: string): void {
  csrf = token;
}

/** Calls `fn` whenever the server no longer knows who we are. */
export function whenSignedOut(fn: () => void): void {
  onSignedOut = fn;
}

const send: typeof fetch = async (target, init) => {
  const headers = new Headers(init?.headers);
  if (init?.method !== undefined && init.method !== "GET") headers.set(CSRF_HEADER, csrf);
  if (!presence.isThere()) headers.set(UNATTENDED_HEADER, "1");
  const response = await fetch(target, { ...init, headers, credentials: "same-origin" });
  if (response.status === 401) onSignedOut();
  return response;
};

/** The management API of the server that this page came from. Calls throw `ApiError`. */
export const api = apiClient({ url: location.origin, fetch: send });
