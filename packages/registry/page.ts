import type { Page, PageQuery } from "./ports.ts";

/** Items of a page when nobody asks for a number. */
export const PAGE_SIZE = 1000;

/**
 * The page of `items` that `query` asks for. `items` are sorted by `keyOf` in ASCII order. With
 * `n` 0 the page is empty and the last. Source: distribution-spec end-8b.
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  query: PageQuery = {},
): Page<T> {
  const { n = PAGE_SIZE, last } = query;
  const after = last === undefined ? items : items.filter((item) => keyOf(item) > last);
  const page = after.slice(0, n);
  const end = page.at(-1);
  return { items: page, next: end !== undefined && after.length > n ? keyOf(end) : null };
}

/**
 * All items of a list that comes in pages, up to `limit`: `read` fetches one page. A `next` that
 * does not move on ends it, as a broken or hostile registry may send one.
 */
export async function* pages<T>(
  read: (query: PageQuery) => Promise<Page<T>>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<T, void, undefined> {
  let query: PageQuery = {};
  let count = 0;
  for (;;) {
    const page = await read(query);
    for (const item of page.items) {
      if (count++ >= limit) return;
      yield item;
    }
    if (page.next === null || page.next === query.last) return;
    query = { last: page.next };
  }
}

/** Everything that `items` brings, in order. Meant for lists that have a bound. */
export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
