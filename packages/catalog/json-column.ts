import type { ColumnType } from "kysely";

/** A jsonb column: read as a value, written as JSON text (`pg` would turn an array into text[]). */
export type Json<T> = ColumnType<T, string, string>;

/** The same with a default in the database. */
export type JsonWithDefault<T> = ColumnType<T, string | undefined, string>;

/** The same where null is allowed. */
export type OptionalJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
