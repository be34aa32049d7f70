import type { Database } from "@entrepot/catalog";
import { CompiledQuery, type Kysely } from "kysely";
import { fromKysely, PgBoss, type Db, type JobInsert } from "pg-boss";
import type { JobsLog } from "./jobs-log.ts";

/** pg-boss's name of our queue. */
export const QUEUE = "tasks";
const DAY_SECONDS = 86_400;

/** pg-boss takes a worker for dead that has not touched its ticket for this long: its least. */
const HEARTBEAT_SECONDS = 10;

/** What a ticket is for: one task, or one due schedule. */
export type TicketFor =
  | { readonly task: number; readonly lane: string }
  | { readonly schedule: { readonly vendor: string; readonly vendorId: number; tries: number } };

/** A job of pg-boss that this process has fetched. */
export interface Ticket {
  readonly id: string;
  /** Names the attempt: a ticket taken away and fetched again has a higher one. */
  readonly retryCount: number;
  readonly data: TicketFor;
}

/** A ticket to hand out. */
export interface NewTicket {
  readonly id?: string;
  readonly data: TicketFor;
  /** 0 or absent: at once. */
  readonly delayMs?: number;
}

/**
 * The queue: tickets in pg-boss's own schema. It knows who may run now, who died while running, and
 * what is due later; what a ticket is for, and how it went, stands in our own tables. That is why a
 * ticket is deleted when it has served, not kept as completed.
 */
export interface Queue {
  /** Hands out tickets as part of `db`'s transaction. */
  insert(db: Kysely<Database>, tickets: readonly NewTicket[]): Promise<void>;
  /** Takes at most `limit` tickets that are due, oldest first. */
  fetch(db: Kysely<Database>, limit: number): Promise<Ticket[]>;
  /** Takes tickets out of circulation; those already gone are ignored. */
  remove(db: Kysely<Database>, ids: readonly string[]): Promise<void>;
  /** Says that this process still works on `tickets`; returns the ids that are still its own. */
  touch(tickets: readonly Pick<Ticket, "id" | "retryCount">[]): Promise<Set<string>>;
  /** Takes tickets away from whoever holds them; they are due at once. */
  takeBack(tickets: readonly Pick<Ticket, "id" | "retryCount">[]): Promise<void>;
  /** pg-boss's own upkeep, at most once in 10 s over all nodes; also finds dead workers. */
  supervise(): Promise<void>;
  /** When `cron` (six fields, checked before) comes due next after `from`. */
  nextTime(cron: string, timeZone: string, from: Date): Date;
  close(): Promise<void>;
}

/** Installs pg-boss's schema if need be and opens the queue. Safe on many nodes at once. */
export async function openQueue(db: Kysely<Database>, log: JobsLog): Promise<Queue> {
  const boss = new PgBoss({
    db: onKysely(db),
    // Supervision runs on nodes that work, see `supervise`; schedules are our own rows.
    supervise: false,
    schedule: false,
    monitorIntervalSeconds: 10,
    flowIntervalSeconds: 3600,
    monitorVacuum: false,
  });
  boss.on("error", (error) => log("warn", `The job queue reports: ${error.message}`));
  boss.on("warning", (warning) => log("warn", `The job queue warns: ${warning.message}`));
  await boss.start();
  await boss.createQueue(QUEUE, {
    heartbeatSeconds: HEARTBEAT_SECONDS,
    // A dead worker's ticket always goes back: how often a task may die is decided in claim.ts.
    retryLimit: 1_000_000,
    retryDelay: 0,
    expireInSeconds: DAY_SECONDS - 1,
    retentionSeconds: 365 * DAY_SECONDS,
  });

  return {
    async insert(tx, tickets) {
      if (tickets.length === 0) return;
      await boss.insert(QUEUE, tickets.map(toJob), { db: fromKysely(tx), returnId: false });
    },
    async fetch(tx, limit) {
      const options = { batchSize: limit, includeMetadata: true, db: fromKysely(tx) } as const;
      const jobs = await boss.fetch<TicketFor>(QUEUE, options);
      return jobs.map(({ id, retryCount, data }) => ({ id, retryCount, data }));
    },
    async remove(tx, ids) {
      if (ids.length > 0) await boss.deleteJob(QUEUE, [...ids], { db: fromKysely(tx) });
    },
    async touch(tickets) {
      if (tickets.length === 0) return new Set();
      const attempts = tickets.map(({ id, retryCount }) => ({ id, retryCount }));
      // The answer has no public type; a test keeps watch over it.
      const { settled } = (await boss.touch(QUEUE, attempts)) as { settled: string[] };
      return new Set(settled);
    },
    async takeBack(tickets) {
      const attempts = tickets.map(({ id, retryCount }) => ({ id, retryCount }));
      if (attempts.length > 0) await boss.fail(QUEUE, attempts);
    },
    supervise: () => boss.supervise(QUEUE),
    nextTime(cron, timeZone, from) {
      const [next] = boss.previewSchedule(cron, { tz: timeZone, from, count: 1 });
      if (next === undefined) throw new Error(`the schedule "${cron}" never comes due`);
      return next;
    },
    close: () => boss.stop({ graceful: false, close: false }),
  };
}

function toJob({ id, data, delayMs = 0 }: NewTicket): JobInsert {
  // An interval in seconds, added to the database's clock.
  return { id, data, startAfter: delayMs > 0 ? String(delayMs / 1000) : undefined };
}

/**
 * Runs pg-boss's statements on the catalog's connections. Its scripts open and commit their own
 * transaction in one text; if one fails midway, the connection is cleaned before it goes back.
 */
function onKysely(db: Kysely<Database>): Db {
  return {
    async executeSql(text, values = []) {
      const query = CompiledQuery.raw(text, values);
      if (!/^\s*BEGIN\b/i.test(text)) return { rows: [...(await db.executeQuery(query)).rows] };
      return db.connection().execute(async (connection) => {
        try {
          return { rows: [...(await connection.executeQuery(query)).rows] };
        } catch (error) {
          await connection.executeQuery(CompiledQuery.raw("ROLLBACK")).catch(() => {});
          throw error;
        }
      });
    },
  };
}
