/** Our own things alone; antd's styles are written into the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};
const YEAR_S = 365 * 24 * 3600;

/**
 * Gives `response`, of anything but `/v2/`, what keeps browsers from being misled: a content
 * security policy and its kin, HSTS where `isHttps`, and of the API nothing is stored unless it
 * says so itself. Returns it; its headers must be changeable.
 * Source: OWASP HTTP Headers Cheat Sheet.
 */
export function withSecurityHeaders(
  response: Response,
  { path, isHttps }: { readonly path: string; readonly isHttps: boolean },
): Response {
  const { headers } = response;
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  if (isHttps) headers.set("strict-transport-security", `max-age=${YEAR_S}`);
  if (path.startsWith("/api/") && !headers.has("cache-control")) {
    headers.set("cache-control", "no-store");
  }
  return response;
}
