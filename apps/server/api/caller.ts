import { ANONYMOUS, type Access, type Identity, isCsrfToken } from "@entrepot/access";
import { RegistryError } from "@entrepot/oci";
import { publicOrigin } from "../public-address.ts";
import { sessionSecretOf } from "./session-cookie.ts";

/** What tells callers. */
export interface CallerOptions {
  readonly access: Pick<Access, "authenticate" | "resumeSession">;
  readonly publicUrl: string | null;
}

const SIGN_IN = "/api/v2.0/sessions";
const HEADERS = ["x-entrepot-csrf", "x-harbor-csrf-token"] as const;
/** What pages send with requests that they make while nobody is at them. */
const UNATTENDED = "x-entrepot-unattended";

/**
 * Who makes a request to the management API: by its Authorization, which wins, or by the cookie of
 * a session; a session that has ended is nobody's. Throws as `authenticate` does, and FORBIDDEN for
 * a change that another site had a browser make: a cookie alone makes none.
 */
export async function callerOf(
  { access, publicUrl }: CallerOptions,
  request: Request,
  clientAddress: string,
): Promise<Identity> {
  const changes = !/^(?:GET|HEAD|OPTIONS)$/.test(request.method);
  if (changes) refuseOtherSites(request, publicUrl);
  // Whoever signs in may have an old cookie, without knowing what goes with it.
  if (request.method === "POST" && new URL(request.url).pathname === SIGN_IN) return ANONYMOUS;
  const identity = request.headers.has("authorization")
    ? await access.authenticate(request, clientAddress)
    : await sessionOf({ access, publicUrl }, request, changes);
  if (changes && identity.readOnly) {
    throw new RegistryError("FORBIDDEN", "this token may only read; use another one for changes");
  }
  return identity;
}

async function sessionOf(
  { access, publicUrl }: CallerOptions,
  request: Request,
  changes: boolean,
): Promise<Identity> {
  const secret = sessionSecretOf(request, publicUrl);
  const identity = secret && (await access.resumeSession(secret, isUnattended(request)));
  if (!identity) return ANONYMOUS;
  if (!changes || HEADERS.some((name) => isCsrfToken(request.headers.get(name) ?? "", secret))) {
    return identity;
  }
  throw new RegistryError(
    "FORBIDDEN",
    "a change by a session's cookie needs the header X-Entrepot-CSRF with the csrf_token of " +
      "GET /api/v2.0/sessions/current",
  );
}

/** Whether a page asks by itself; it goes on with streams of events for as long as it is open. */
function isUnattended({ headers }: Request): boolean {
  return headers.has(UNATTENDED) || headers.get("accept") === "text/event-stream";
}

/** Source: OWASP Cross-Site Request Forgery Prevention Cheat Sheet, standard headers. */
function refuseOtherSites(request: Request, publicUrl: string | null): void {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("authorization") ? null : request.headers.get("origin");
  const foreign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && !isOurs(origin, request, publicUrl));
  if (!foreign) return;
  throw new RegistryError("FORBIDDEN", "this change comes from a page of another site");
}

/** Whether `origin` is this server's, as configured or (proxies may end TLS) by its host. */
function isOurs(origin: string, request: Request, publicUrl: string | null): boolean {
  if (publicUrl !== null && origin === new URL(publicUrl).origin) return true;
  const ours = [request.url, publicOrigin(null, request)].map((url) => new URL(url).host);
  return ours.includes(URL.parse(origin)?.host ?? "");
}
