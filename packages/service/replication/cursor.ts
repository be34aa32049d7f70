import { type Catalog, type Database, JOURNAL_CHANNEL } from "@entrepot/catalog";
import type { Transaction } from "kysely";

/** The trigger's cursor. Runs lock it too, so that what they list is never older than an event. */
export const READER = "replication";

/**
 * Keeps the trigger from planning events until `db` ends, and wakes it then: it does not wait for
 * the lock, and would else look again only at its next poll. Returns the seq up to which events
 * have been planned; 0 if none have.
 */
export async function lockCursor(
  catalog: Pick<Catalog, "notify">,
  db: Transaction<Database>,
): Promise<number> {
  const cursor = await db
    .selectFrom("journal_cursor")
    .select("seq")
    .where("reader", "=", READER)
    .forUpdate()
    .executeTakeFirst();
  await catalog.notify(JOURNAL_CHANNEL, "", db);
  return cursor?.seq ?? 0;
}
