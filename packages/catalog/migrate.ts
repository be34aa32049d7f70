import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RegistryError } from "@entrepot/oci";
import { sql, type Kysely, type Transaction } from "kysely";
import type { Database } from "./database.ts";

/** One step of the schema: `0007-what-it-does.sql`. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** Any two nodes that migrate must take the same lock; the number itself means nothing. */
const LOCK = 7_305_120_901;

/**
 * Brings the database to the newest version this program knows. Each migration is one transaction
 * under an advisory lock, so nodes may start at once and a crash leaves whole steps. Repeating does
 * nothing. Returns the version. Throws PRECONDITION if the database is of a newer one.
 */
export async function migrate(
  db: Kysely<Database>,
  migrations: readonly Migration[] = knownMigrations(),
): Promise<number> {
  const newest = migrations.at(-1)?.version ?? 0;
  let version = await versionOf(db);
  while (version < newest) {
    version = await db.transaction().execute((trx) => migrateOnce(trx, migrations));
  }
  if (version > newest) throw tooNew(version, newest);
  return version;
}

/** The migrations in `migrations/`, in order. */
export function knownMigrations(folder = join(import.meta.dirname, "migrations")): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .toSorted()
    .map((file) => ({
      version: Number(file.slice(0, 4)),
      name: file.slice(5, -4),
      sql: readFileSync(join(folder, file), "utf8"),
    }));
}

/** The version of the schema in `db`; 0 for an empty database. */
export async function versionOf(db: Kysely<Database>): Promise<number> {
  const found = await sql<{ exists: boolean }>`
    SELECT to_regclass('schema_version') IS NOT NULL AS exists`.execute(db);
  if (!found.rows[0]?.exists) return 0;
  const { max } = db.fn;
  const row = await db
    .selectFrom("schema_version")
    .select(max("version").as("version"))
    .executeTakeFirst();
  return row?.version ?? 0;
}

async function migrateOnce(
  trx: Transaction<Database>,
  migrations: readonly Migration[],
): Promise<number> {
  await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(trx);
  await sql`
    CREATE TABLE IF NOT EXISTS schema_version (
      version integer PRIMARY KEY,
      name text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(trx);
  // Another node may have got ahead while this one waited for the lock.
  const before = await versionOf(trx);
  const next = migrations.find((migration) => migration.version > before);
  if (!next) return before;
  await sql.raw(next.sql).execute(trx);
  await trx
    .insertInto("schema_version")
    .values({ version: next.version, name: next.name })
    .execute();
  return next.version;
}

function tooNew(version: number, newest: number): RegistryError {
  return new RegistryError(
    "PRECONDITION",
    `the database is of schema version ${version}, and this program knows versions up to ` +
      `${newest}: start the Entrepot that last used it, or a newer one`,
  );
}
