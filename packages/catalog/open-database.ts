import { Kysely } from "kysely";
import { openPool, type DatabaseAddress } from "./connection.ts";
import type { Database } from "./database.ts";
import { pgDialect } from "./dialect.ts";

/** The database at `address` as it is, without migrating it: for a restore. `destroy` ends it. */
export function openDatabase(address: DatabaseAddress): Kysely<Database> {
  return new Kysely<Database>({ dialect: pgDialect(openPool(address, 2)) });
}
