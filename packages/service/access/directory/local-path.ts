const HERE = "http://here.invalid";

/**
 * `path` if it leads to this server, else `/`: nobody is sent elsewhere after logging in. Browsers
 * take `//host`, `/\host` and what hides in control characters for other servers. Source: OWASP
 * Unvalidated Redirects and Forwards Cheat Sheet.
 */
export function localPath(path: string): string {
  if (!/^\/(?![/\\])/.test(path) || /[\p{C}\\]/u.test(path) || path.length > 2_000) return "/";
  const url = URL.parse(path, HERE);
  if (!url || url.origin !== HERE || url.pathname.startsWith("//")) return "/";
  return url.pathname + url.search + url.hash;
}
