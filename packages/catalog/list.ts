import { type RawBuilder, sql } from "kysely";

/** Types of SQL that lists are made of. */
type ElementType = "text" | "integer" | "bigint";

/**
 * `values` as an array of SQL, for `unnest`, whose length the planner does not see.
 *
 * PostgreSQL keeps a prepared statement's plan only if it looks no dearer than one made for the
 * values at hand, and takes an array that it cannot see to be ten long: a statement that is mostly
 * asked for one thing would be planned anew each time, which took ten times as long as running it.
 */
export function list(type: ElementType, values: readonly unknown[]): RawBuilder<unknown> {
  return sql`(SELECT ${values}::${sql.raw(type)}[])`;
}

/**
 * Any of `values`, for `where("name", "=", anyOf(names))`: one statement for lists of every length,
 * where `"in"` makes one for each. With none it is never true.
 */
export function anyOf<T>(values: readonly T[]): RawBuilder<T> {
  return sql<T>`ANY(${values})`;
}
