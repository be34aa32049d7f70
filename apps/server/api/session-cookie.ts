import type { Context } from "hono";
import { isHttps } from "../public-address.ts";

/** As long as a session may last; when it is unused it ends sooner, on the server. */
const MAX_AGE_S = 30 * 24 * 3600;

/** By HTTPS under a name that no other host of the domain can set. Source: RFC 6265bis §4.1.3.2. */
const nameOf = (secure: boolean) => (secure ? "__Host-entrepot_session" : "entrepot_session");

/** The session's secret in the cookie of `request`, null without one. */
export function sessionSecretOf(
  request: Pick<Request, "url" | "headers">,
  publicUrl: string | null,
): string | null {
  const name = nameOf(isHttps(publicUrl, request));
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value) return value;
  }
  return null;
}

/** Sets the cookie of a session that has begun; `secret` null takes it away. */
export function setSessionCookie(
  context: Context,
  secret: string | null,
  publicUrl: string | null,
): void {
  const secure = isHttps(publicUrl, context.req.raw);
  const age = secret === null ? 0 : MAX_AGE_S;
  const pair = `${nameOf(secure)}=${secret ?? ""}`;
  const cookie = `${pair}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax`;
  context.header("Set-Cookie", secure ? `${cookie}; Secure` : cookie, { append: true });
}
