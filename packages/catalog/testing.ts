import { randomBytes } from "node:crypto";
import { Kysely } from "kysely";
import pg from "pg";
import { inject } from "vitest";
import { openPool } from "./connection.ts";
import type { Database } from "./database.ts";
import { pgDialect } from "./dialect.ts";
import { migrate } from "./migrate.ts";
import { openCatalog, type CatalogOptions } from "./open-catalog.ts";
import type { Catalog } from "./ports.ts";

export { firstSeed, seededRandom, seeds } from "./seeds.ts";

declare module "vitest" {
  interface ProvidedContext {
    testDatabase: { readonly url: string; readonly template: string };
  }
}

/** A catalog of its own for one test. */
export interface TestCatalog {
  readonly catalog: Catalog;
  /** The same database for others: a second node, a child process. */
  readonly url: string;
  /** Closes the catalog and drops the database, whoever is still connected. */
  close(): Promise<void>;
}

/**
 * A new registry's empty, migrated catalog in a database of its own (a copy of the run's template,
 * about 50 ms). For vitest with `tools/vitest-postgres.ts` as its globalSetup.
 */
export async function testCatalog(
  options: Partial<Pick<CatalogOptions, "maxConnections" | "clock">> = {},
): Promise<TestCatalog> {
  const { url, close: drop } = await testDatabase();
  const catalog = await openCatalog({ url, maxConnections: 10, ...options });
  const close = async () => {
    await catalog.close();
    await drop();
  };
  return { catalog, url, close };
}

/** A database of its own: migrated, or with `{ empty: true }` without any table. */
export async function testDatabase(
  options: { empty?: boolean } = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const { url, template } = inject("testDatabase");
  const name = `test_${randomBytes(8).toString("hex")}`;
  const from = options.empty ? "template0" : template;
  await administer(url, `CREATE DATABASE ${name} TEMPLATE ${from}`);
  return {
    url: withDatabase(url, name),
    close: () => administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** Makes the migrated database that `testCatalog` copies. Once per test run. */
export async function makeTemplate(url: string): Promise<{ name: string; drop(): Promise<void> }> {
  const name = `template_${randomBytes(8).toString("hex")}`;
  await administer(url, `CREATE DATABASE ${name} TEMPLATE template0`);
  const db = new Kysely<Database>({
    dialect: pgDialect(openPool({ url: withDatabase(url, name) }, 1)),
  });
  await migrate(db);
  await db.destroy();
  return { name, drop: () => administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** `url` with another database. */
function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Runs one statement on a connection of its own: what is no part of any port. */
export async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
