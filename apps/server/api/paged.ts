import { linkHeader } from "@entrepot/api";
import type { Context } from "hono";

/** One page of a list. */
export interface Found<T> {
  readonly items: T[];
  /** Items on all pages. */
  readonly total: number;
}

/** Answers with one page: `X-Total-Count`, and `Link` with paths only. Source: Harbor API v2.0. */
export function paged<T>(
  context: Context,
  shown: { readonly page: number; readonly page_size: number },
  { items, total }: Found<T>,
) {
  context.header("X-Total-Count", String(total));
  const link = linkHeader(new URL(context.req.url), shown, total);
  if (link) context.header("Link", link);
  return context.json(items, 200);
}

/** The part of `all` that is on the page asked for: for lists that are short by nature. */
export function pageOf<T>(
  all: readonly T[],
  shown: { readonly page: number; readonly page_size: number },
): Found<T> {
  const start = (shown.page - 1) * shown.page_size;
  return { items: all.slice(start, start + shown.page_size), total: all.length };
}
