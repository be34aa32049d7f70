import type { Kysely } from "kysely";
import type { Database } from "./database.ts";

/** What servers have noted for themselves as `key` (table `setting`); null: nothing. */
export async function readNote(db: Kysely<Database>, key: string): Promise<unknown> {
  const row = await db
    .selectFrom("setting")
    .select("value")
    .where("key", "=", key)
    .executeTakeFirst();
  return row?.value ?? null;
}

/** Notes `content`, plain data, as `key`, in place of what was noted. Repeating is safe. */
export async function storeNote(
  db: Kysely<Database>,
  key: string,
  content: unknown,
): Promise<void> {
  const value = JSON.stringify(content);
  await db
    .insertInto("setting")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
    .execute();
}

/** Forgets what was noted as `key`. Repeating is safe. */
export async function forgetNote(db: Kysely<Database>, key: string): Promise<void> {
  await db.deleteFrom("setting").where("key", "=", key).execute();
}
