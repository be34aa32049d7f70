/** The path of the next page in a `Link` header, or null. */
export function nextPath(link: string | null): string | null {
  return /<([^<>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1] ?? null;
}
