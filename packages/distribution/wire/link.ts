/**
 * A `Link` header that leads to the next page: `path` with `query`, as a path without host. Values
 * are encoded, commas too, because some clients split the header at every comma.
 * Source: RFC 8288, distribution-spec end-8b, end-12.
 */
export function printNextLink(path: string, query: Record<string, string | number>): string {
  return `<${withQuery(path, query)}>; rel="next"`;
}

/** `path` with `query` behind it. A path that has a query already keeps it. */
export function withQuery(path: string, query: Record<string, string | number>): string {
  const pairs = Object.entries(query).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  );
  if (pairs.length === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${pairs.join("&")}`;
}

/**
 * The target of the link with `rel="next"` in `header`, as written (often relative), or null.
 * Several links, unquoted relations and raw commas within `<>` are understood.
 */
export function parseNextLink(header: string): string | null {
  let rest = header;
  for (;;) {
    const open = rest.indexOf("<");
    const close = rest.indexOf(">", open);
    if (open < 0 || close < 0) return null;
    const following = rest.indexOf("<", close);
    const params = rest.slice(close + 1, following < 0 ? undefined : following);
    if (isNext(params)) return rest.slice(open + 1, close);
    if (following < 0) return null;
    rest = rest.slice(following);
  }
}

function isNext(params: string): boolean {
  return params.split(/[;,]/).some((param) => {
    const [key = "", value = ""] = param.split("=", 2);
    if (key.trim().toLowerCase() !== "rel") return false;
    const relations = value.trim().replace(/^"|"$/g, "").toLowerCase();
    return relations.split(/\s+/).includes("next");
  });
}
