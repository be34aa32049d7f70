import { z } from "@hono/zod-openapi";

/** Items on a page unless asked otherwise, and at most. Source: Harbor API v2.0. */
export const PAGE_SIZE = { initial: 10, max: 100 } as const;

/** Which page, counted from 1. Out of bounds: 422. */
export const PageQuery = z.object({
  page: z.coerce.number().int().min(1).default(1),
  page_size: z.coerce.number().int().min(1).max(PAGE_SIZE.max).default(PAGE_SIZE.initial),
});

/** Which page of which items in which order; see `parseQuery` and `parseSort`. */
export const ListQuery = PageQuery.extend({
  q: z
    .string()
    .optional()
    .openapi({ description: "k=v, k=~v, k=[min~max], k={v1 v2}, k=(v1 v2), comma-separated." }),
  sort: z
    .string()
    .optional()
    .openapi({ description: "Fields, comma-separated; with - in front: falling." }),
});

/**
 * The `Link` header for one page of `total` items, or null if it is the only one. Its addresses are
 * paths without a host and hold no comma: Harbor, as a client, puts its own host in front of them
 * and splits at commas.
 */
export function linkHeader(
  url: URL,
  shown: { readonly page: number; readonly page_size: number },
  total: number,
): string | null {
  const last = Math.ceil(total / shown.page_size);
  const links = [
    { rel: "prev", page: Math.min(shown.page - 1, last) },
    { rel: "next", page: shown.page + 1 },
  ].filter(({ page }) => page >= 1 && page <= last);
  if (links.length === 0) return null;
  return links
    .map(({ rel, page }) => {
      const query = new URLSearchParams(url.searchParams);
      query.set("page", String(page));
      query.set("page_size", String(shown.page_size));
      return `<${url.pathname.replaceAll(",", "%2C")}?${query}>; rel="${rel}"`;
    })
    .join(" , ");
}
