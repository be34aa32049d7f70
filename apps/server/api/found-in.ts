import type { Catalog, Database } from "@entrepot/catalog";
import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";
import type { Found } from "./paged.ts";

/** The page of `query` that is asked for, and how many items there are on all pages. */
export async function foundIn<Tables extends keyof Database, Row>(
  { db }: Pick<Catalog, "db">,
  query: SelectQueryBuilder<Database, Tables, Row>,
  shown: { readonly page: number; readonly page_size: number },
  order: RawBuilder<unknown>,
): Promise<Found<Row>> {
  const start = (shown.page - 1) * shown.page_size;
  const [{ total }, items] = await Promise.all([
    db
      .selectFrom(query.as("found"))
      .select(sql<number>`count(*)::integer`.as("total"))
      .executeTakeFirstOrThrow(),
    query.orderBy(order).limit(shown.page_size).offset(start).execute(),
  ]);
  return { items, total };
}
