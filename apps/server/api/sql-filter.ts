import type { Fields, Filter, Match, SortKey } from "@entrepot/api";
import { type RawBuilder, sql, type SqlBool } from "kysely";

/** What a field of a list is in SQL: an expression, or a function for one that has no column. */
type Column = RawBuilder<unknown> | ((match: Match<unknown>) => RawBuilder<SqlBool>);

/** The fields of a list in SQL. */
export type Columns<F extends Fields> = { readonly [K in keyof F]: Column };

/** `filter` as one condition. */
export function whereOf<F extends Fields>(
  filter: Filter<F>,
  columns: Columns<F>,
): RawBuilder<SqlBool> {
  const conditions = Object.entries(filter).map(([field, match]) => {
    const column = columns[field] as Column;
    return typeof column === "function"
      ? column(match as Match<unknown>)
      : matches(column, match as Match<unknown>);
  });
  return sql<SqlBool>`(${sql.join([sql`true`, ...conditions], sql` AND `)})`;
}

/** Whether `column` is as `match` says. To `like`, as in Harbor, capitals are like others. */
export function matches(column: RawBuilder<unknown>, match: Match<unknown>): RawBuilder<SqlBool> {
  switch (match.kind) {
    case "is":
      return sql<SqlBool>`${column} = ${typed(match.value)}`;
    case "like":
      return contains(column, match.value);
    case "any":
      return sql<SqlBool>`(${either(match.values.map((one) => sql`${column} = ${typed(one)}`))})`;
    case "all":
      return sql<SqlBool>`(${sql.join(
        [sql`true`, ...match.values.map((one) => sql`${column} = ${typed(one)}`)],
        sql` AND `,
      )})`;
    case "between": {
      const { min, max } = match;
      const low = min === null ? sql`true` : sql`${column} >= ${typed(min)}`;
      const high = max === null ? sql`true` : sql`${column} <= ${typed(max)}`;
      return sql<SqlBool>`(${low} AND ${high})`;
    }
  }
}

/** Whether `column` holds `text` somewhere, in whatever case. */
export function contains(column: RawBuilder<unknown>, text: string): RawBuilder<SqlBool> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<SqlBool>`${column} ILIKE ${pattern}`;
}

/** An order: `keys`, or else `standard`; ends in `last`, which no two rows share. */
export function orderOf<K extends string>(
  keys: readonly SortKey<K>[],
  columns: Readonly<Record<K, RawBuilder<unknown>>>,
  { standard, last }: { standard: RawBuilder<unknown>; last: RawBuilder<unknown> },
): RawBuilder<unknown> {
  const order = keys.map(({ field, descending }) =>
    descending ? sql`${columns[field]} DESC` : sql`${columns[field]} ASC`,
  );
  return sql.join([...(order.length > 0 ? order : [standard]), last]);
}

/** As wide as a number can be asked for, so that none is out of the column's range. */
function typed(value: unknown): RawBuilder<unknown> {
  return typeof value === "number" ? sql`${value}::bigint` : sql`${value}`;
}

function either(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql.join([sql`false`, ...conditions], sql` OR `);
}
