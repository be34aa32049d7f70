import { randomUUID } from "node:crypto";
import { Kysely, sql, type Transaction } from "kysely";
import { openPool, type DatabaseAddress } from "./connection.ts";
import type { Database } from "./database.ts";
import { isTransient } from "./database-error.ts";
import { pgDialect } from "./dialect.ts";
import { appendAndCommit, JOURNAL_CHANNEL, readEntries, readHead } from "./journal.ts";
import { openListener } from "./listener.ts";
import { migrate } from "./migrate.ts";
import { readNote } from "./notes.ts";
import type { Actor, Catalog, Change, Commit } from "./ports.ts";

/** Where the database is (`url`, or `pg`'s fields), and how to use it. */
export type CatalogOptions = DatabaseAddress & {
  /** Connections at a time, besides the one that listens. Default 20. */
  readonly maxConnections?: number;
  /** Dates journal entries instead of the server's clock. */
  readonly clock?: () => Date;
};

/** How often a transaction that lost against another one is tried, in all. */
const MAX_ATTEMPTS = 5;
const DEFAULT_POLL_MS = 2_000;

/**
 * Opens the catalog: connects, migrates, and gives the registry its id if it has none. Throws
 * UNAVAILABLE if the database cannot be reached, PRECONDITION if it is of a newer version.
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const { maxConnections = 20, clock, ...address } = options;
  const pool = openPool(address as DatabaseAddress, maxConnections);
  const db = new Kysely<Database>({ dialect: pgDialect(pool) });
  try {
    await migrate(db);
    const registryId = await ensureRegistryId(db);
    return catalogOf(db, registryId, address as DatabaseAddress, clock);
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

function catalogOf(
  db: Kysely<Database>,
  registryId: string,
  address: DatabaseAddress,
  clock?: () => Date,
): Catalog {
  const listener = openListener(address);
  const transaction = <T>(fn: (db: Transaction<Database>) => Promise<T>): Promise<T> =>
    retried(() => db.transaction().execute(fn));
  let closing: Promise<void> | undefined;

  return {
    registryId,
    now: () => clock?.() ?? new Date(),
    db,
    transaction,
    commit: <T>(actor: Actor, fn: (commit: Commit) => Promise<T>) =>
      transaction(async (trx) => {
        const changes: Change[] = [];
        const result = await fn({ db: trx, record: (change) => void changes.push(change) });
        if (changes.length > 0) {
          await appendAndCommit(changes, actor, registryId, clock?.()).execute(trx);
        }
        return result;
      }),
    entries: (after, limit) => readEntries(db, after, limit),
    head: () => readHead(db),
    onCommit: (wake, pollMs = DEFAULT_POLL_MS) => {
      const timer = setInterval(wake, pollMs);
      const ends = [listener.listen(JOURNAL_CHANNEL, wake), listener.onGap(wake)];
      return () => {
        clearInterval(timer);
        for (const end of ends) end();
      };
    },
    notify: async (channel, payload, trx) => {
      await sql`SELECT pg_notify(${channel}, ${payload})`.execute(trx ?? db);
    },
    listen: listener.listen,
    close: () => (closing ??= Promise.all([listener.close(), db.destroy()]).then(() => {})),
  };
}

/** Runs `attempt` again while it fails only because it met another transaction. */
async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n === MAX_ATTEMPTS || !isTransient(error)) throw error;
    }
  }
}

async function ensureRegistryId(db: Kysely<Database>): Promise<string> {
  const id = await readRegistryId(db);
  if (id) return id;
  await db
    .insertInto("setting")
    .values({ key: "registry_id", value: JSON.stringify(randomUUID()) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  // Another node may have been first: what is stored counts.
  return (await readRegistryId(db)) as string;
}

async function readRegistryId(db: Kysely<Database>): Promise<string | null> {
  return (await readNote(db, "registry_id")) as string | null;
}
