import { RegistryError } from "@entrepot/oci";
import type { Page, PageQuery } from "@entrepot/registry";
import { parseNextLink, withQuery } from "../wire/index.ts";
import type { FetchResponse } from "./fetch.ts";
import { readJson } from "./response-body.ts";

/** Longest page that is read; a registry that ignores `n` sends everything at once. */
export const LONGEST_PAGE_BYTES = 32 * 1024 * 1024;

/**
 * A cursor begins so when it is the registry's own query for the next page: no tag, name or digest
 * does. Only ever a query: a Link to another host or path is followed nowhere.
 */
const QUERY_MARK = "?";

/** The path and query that ask for a page of the list at `path`. */
export function pagePath(path: string, query: PageQuery, more: Record<string, string> = {}) {
  const { n, last } = query;
  if (last?.startsWith(QUERY_MARK)) return path + last;
  const pairs = {
    ...more,
    ...(n === undefined ? {} : { n }),
    ...(last === undefined ? {} : { last }),
  };
  return withQuery(path, pairs);
}

/**
 * The page that came for `query`, in ASCII order. Registries that ignore `n` and `last` are
 * understood, and so are those that page by a cursor or an order of their own, whose `next` then is
 * their query.
 */
export function pageFrom<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  query: PageQuery,
  link: string | null,
): Page<T> {
  const sorted = items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const search = nextSearch(link);
  const theirs = query.last?.startsWith(QUERY_MARK) === true;
  if (search !== null) {
    const last = new URLSearchParams(search).get("last");
    const end = items.at(-1);
    const isOurOrder = !theirs && sorted.every((item, index) => item === items[index]);
    const next = isOurOrder && end !== undefined && last === keyOf(end) ? last : search;
    return { items: sorted, next };
  }
  const { n = Infinity, last } = query;
  if (theirs) return { items: sorted, next: null };
  const after = last === undefined ? sorted : sorted.filter((item) => keyOf(item) > last);
  const page = after.slice(0, n);
  const end = page.at(-1);
  return { items: page, next: end !== undefined && after.length > n ? keyOf(end) : null };
}

/** The texts in the member `key` of a list answer. Throws UNSUPPORTED if there is no such list. */
export async function textsIn(response: FetchResponse, key: string, about: string) {
  const json = await readJson(response, LONGEST_PAGE_BYTES);
  const list = typeof json === "object" && json !== null ? Reflect.get(json, key) : undefined;
  if (list === null) return [];
  if (Array.isArray(list)) return list.filter((item) => typeof item === "string");
  throw new RegistryError(
    "UNSUPPORTED",
    `GET ${about}: the answer is no list; it is no OCI registry`,
  );
}

function nextSearch(link: string | null): string | null {
  const target = link === null ? null : parseNextLink(link);
  if (target === null) return null;
  return URL.parse(target, "http://registry.invalid/")?.search || null;
}
