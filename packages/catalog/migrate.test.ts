import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { afterEach, expect, test } from "vitest";
import { openPool } from "./connection.ts";
import type { Database } from "./database.ts";
import { pgDialect } from "./dialect.ts";
import { knownMigrations, migrate, versionOf } from "./migrate.ts";
import { dumpSchema } from "./schema-dump.ts";
import { testDatabase } from "./testing.ts";

const HEADING = "-- Made by migrate.test.ts: UPDATE_GOLDEN=1 writes it anew.";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function emptyDatabase(): Promise<{ node: () => Kysely<Database> }> {
  const database = await testDatabase({ empty: true });
  closers.push(database.close);
  const node = () => {
    const dialect = pgDialect(openPool({ url: database.url }, 2));
    const db = new Kysely<Database>({ dialect });
    closers.push(() => db.destroy());
    return db;
  };
  return { node };
}

test("an empty database is brought to the newest version, whose dump is checked in", async () => {
  const db = (await emptyDatabase()).node();
  const newest = knownMigrations().at(-1)?.version;
  expect(await versionOf(db)).toBe(0);
  expect(await migrate(db)).toBe(newest);
  expect(await migrate(db)).toBe(newest);

  const file = join(import.meta.dirname, "schema.sql");
  const dump = `${HEADING}\n\n${await dumpSchema(db)}`;
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, dump);
  expect(dump).toBe(readFileSync(file, "utf8"));
});

test("the migrations are numbered from 1 without a gap", () => {
  const migrations = knownMigrations();
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, i) => i + 1));
});

test("nodes that start at once migrate once", async () => {
  const { node } = await emptyDatabase();
  const versions = await Promise.all([node(), node(), node()].map((db) => migrate(db)));
  expect(new Set(versions)).toEqual(new Set([knownMigrations().length]));
});

test("a database of a newer version is refused, and left alone", async () => {
  const db = (await emptyDatabase()).node();
  await migrate(db);
  const older = knownMigrations().slice(0, 1);
  await expect(migrate(db, older)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringMatching(/schema version \d+, .* up to 1: start/),
  });
  expect(await versionOf(db)).toBe(knownMigrations().length);
});

test("a migration that fails half-way leaves whole steps, and works when mended", async () => {
  const db = (await emptyDatabase()).node();
  const one = { version: 1, name: "one", sql: "CREATE TABLE one (a int)" };
  const broken = { version: 2, name: "two", sql: "CREATE TABLE two (a int); SELECT nothing" };
  const mended = { ...broken, sql: "CREATE TABLE two (a int)" };
  await expect(migrate(db, [one, broken])).rejects.toThrow(/nothing/);
  expect(await versionOf(db)).toBe(1);
  expect(await migrate(db, [one, mended])).toBe(2);
  await sql`SELECT * FROM two`.execute(db);
});
