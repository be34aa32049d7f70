import { setTimeout as sleep } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import type { Transaction } from "kysely";
import type { Database } from "./database.ts";
import { readEntries, readHead } from "./journal.ts";
import type { Catalog, JournalReader } from "./ports.ts";

/** How a reader follows the journal. */
export interface FollowOptions {
  /** Aborting it stops the reader, as `stop` does. */
  readonly signal?: AbortSignal;
  /** How often it looks without being woken. Default 2 s. */
  readonly pollMs?: number;
  /**
   * How long it waits after it was woken, so that what comes meanwhile goes into the same look, as
   * long as nobody waits for the reader's result. Undefined: it looks at once and rests afterwards.
   */
  readonly gatherMs?: () => number | undefined;
  /** Where a reader begins that has no cursor yet. Default: at the journal's first entry. */
  readonly from?: "start" | "head";
  /** Told of each failure, after which the same entries are tried again in `retryInMs`. */
  readonly onError?: (error: unknown, retryInMs: number) => void;
}

/** A reader at work. */
export interface Following {
  /**
   * Resolves when the cursor has reached the head as it is at this call, whichever node moves it.
   * Throws CANCELLED if this reader is stopped first.
   */
  idle(): Promise<void>;
  /** Lets the batch in hand finish, then ends. Repeating does nothing. */
  stop(): Promise<void>;
}

const BATCH = 500;
/**
 * Least time from one look to the next, for each entry that the one before has found: what comes
 * thick and fast is read together, and what comes alone is read at once.
 */
const REST_PER_ENTRY_MS = 12;
const LONGEST_REST_MS = 100;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

/**
 * Gives every entry of the journal to `reader` once, in order, woken by commits. Any number of
 * nodes may follow with the same reader: its cursor's row is locked while a batch is handled, in
 * the transaction that moves it. A failure is tried again after 1 s, 2 s, … 30 s; nothing is
 * skipped.
 */
export function followJournal(
  catalog: Catalog,
  reader: JournalReader,
  options: FollowOptions = {},
): Following {
  const { signal, pollMs = 2_000, gatherMs, from = "start", onError = () => {} } = options;
  const stopped = new AbortController();
  const attention = bell(stopped.signal);
  const endListening = catalog.onCommit(attention.ring, pollMs);
  let resting = new AbortController();
  const rest = async (ms: number) => {
    if (ms <= 0 || stopped.signal.aborted) return;
    resting = new AbortController();
    await sleep(ms, undefined, { signal: resting.signal }).catch(() => {});
  };
  const hurry = () => {
    attention.ring();
    resting.abort();
  };

  const run = async () => {
    let delayMs = FIRST_DELAY_MS;
    while (!stopped.signal.aborted) {
      const lookedAt = performance.now();
      try {
        // Whatever has been rung for is committed, and so is seen now.
        attention.hush();
        const { read, mayBeMore } = await readBatch(catalog, reader, from);
        delayMs = FIRST_DELAY_MS;
        if (mayBeMore) continue;
        await attention.rung();
        const sparedMs = Math.min(LONGEST_REST_MS, read * REST_PER_ENTRY_MS);
        await rest(gatherMs?.() ?? sparedMs - (performance.now() - lookedAt));
      } catch (error) {
        onError(error, delayMs);
        await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => {});
        delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
      }
    }
  };
  const running = run();
  const stop = async () => {
    endListening();
    stopped.abort();
    hurry();
    await running;
  };
  if (signal?.aborted) void stop();
  signal?.addEventListener("abort", () => void stop(), { once: true });

  return { stop, idle: () => untilIdle(catalog, reader.name, hurry, stopped.signal) };
}

/**
 * Handles the next batch. There is no more if it was the last for now, or if another node is at it:
 * that one hears of every commit too, and the next poll looks again should it have died.
 */
async function readBatch(
  catalog: Catalog,
  reader: JournalReader,
  from: "start" | "head",
): Promise<{ read: number; mayBeMore: boolean }> {
  return catalog.transaction(async (db) => {
    const cursor = await db
      .selectFrom("journal_cursor")
      .select("seq")
      .where("reader", "=", reader.name)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst();
    if (!cursor) return { read: 0, mayBeMore: await createCursor(db, reader.name, from) };
    const limit = reader.batch ?? BATCH;
    const entries = await readEntries(db, cursor.seq, limit);
    const last = entries.at(-1);
    if (!last) return { read: 0, mayBeMore: false };
    await reader.read(entries, db);
    await db
      .updateTable("journal_cursor")
      .set({ seq: last.seq })
      .where("reader", "=", reader.name)
      .execute();
    return { read: entries.length, mayBeMore: entries.length === limit };
  });
}

/** True if the cursor was made; false if it is there (and locked by another node). */
async function createCursor(
  db: Transaction<Database>,
  reader: string,
  from: "start" | "head",
): Promise<boolean> {
  const seq = from === "head" ? await readHead(db) : 0;
  const created = await db
    .insertInto("journal_cursor")
    .values({ reader, seq })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return created.numInsertedOrUpdatedRows === 1n;
}

async function untilIdle(
  catalog: Catalog,
  reader: string,
  hurry: () => void,
  stopped: AbortSignal,
): Promise<void> {
  const head = await catalog.head();
  while ((await readCursor(catalog, reader)) < head) {
    if (stopped.aborted) {
      throw new RegistryError("CANCELLED", `the journal reader ${reader} was stopped`);
    }
    hurry();
    await sleep(10);
  }
}

async function readCursor({ db }: Catalog, reader: string): Promise<number> {
  const query = db.selectFrom("journal_cursor").select("seq").where("reader", "=", reader);
  return (await query.executeTakeFirst())?.seq ?? -1;
}

interface Bell {
  ring(): void;
  /** Forgets what has rung. */
  hush(): void;
  /** Waits for a ring since the last `hush`. */
  rung(): Promise<void>;
}

/** Rings that come while nobody waits are kept, as one, until they are hushed. */
function bell(end: AbortSignal): Bell {
  let isRung = false;
  let wake: (() => void) | null = null;
  const ring = () => {
    isRung = true;
    wake?.();
  };
  end.addEventListener("abort", ring, { once: true });
  const hush = () => {
    isRung = false;
  };
  const rung = async () => {
    if (!isRung) await new Promise<void>((resolve) => (wake = resolve));
    wake = null;
  };
  return { ring, hush, rung };
}
