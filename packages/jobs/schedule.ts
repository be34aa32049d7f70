import type { Catalog, Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { CHANNELS } from "./channels.ts";
import { nextOccurrence } from "./cron.ts";
import type { JobsLog } from "./jobs-log.ts";
import { storeExecution } from "./enqueue.ts";
import type { Jobs, NewExecution, Schedule, ScheduleHandler, TaskHandler } from "./ports.ts";
import { SCHEDULER } from "./queues.ts";
import type { StatusChanged } from "./status-hooks.ts";
import { every } from "./timing.ts";

const POLL_MS = 10_000;
/** Schedules fired in one transaction. */
const BATCH = 100;

/** What schedules need. */
export interface ScheduleContext {
  readonly catalog: Pick<Catalog, "db" | "transaction" | "notify" | "listen">;
  readonly statusChanged: StatusChanged;
  readonly clock: () => Date;
  readonly log: JobsLog;
}

/** Stores or removes a schedule; see `Jobs.schedule`. */
export async function storeSchedule(
  { clock }: Pick<ScheduleContext, "clock">,
  entry: Parameters<Jobs["schedule"]>[0],
  db: Kysely<Database>,
): Promise<void> {
  const { vendor, vendorId, cron, timeZone = "UTC" } = entry;
  if (cron === null) {
    await sql`DELETE FROM schedule WHERE vendor = ${vendor} AND vendor_id = ${vendorId}`.execute(
      db,
    );
    return;
  }
  const nextAt = nextOccurrence({ cron, timeZone }, clock());
  // Stored again as it was, it keeps its next time, so that one that is overdue still fires.
  await sql`
    INSERT INTO schedule AS old (vendor, vendor_id, cron, time_zone, next_at)
    VALUES (${vendor}, ${vendorId}, ${cron}, ${timeZone}, ${nextAt})
    ON CONFLICT (vendor, vendor_id) DO UPDATE SET
      cron = excluded.cron, time_zone = excluded.time_zone, updated_at = now(),
      next_at = CASE WHEN (old.cron, old.time_zone) = (excluded.cron, excluded.time_zone)
        THEN old.next_at ELSE excluded.next_at END
  `.execute(db);
  await sql`SELECT pg_notify(${CHANNELS.schedules}, '')`.execute(db);
}

/** All schedules, by id. */
export async function readSchedules(db: Kysely<Database>): Promise<Schedule[]> {
  const { rows } = await sql<Schedule>`
    SELECT id, vendor, vendor_id AS "vendorId", cron, time_zone AS "timeZone",
      nullif(next_at, 'infinity') AS "nextAt", updated_at AS "updatedAt"
    FROM schedule ORDER BY id
  `.execute(db);
  return rows;
}

/** The kind of the task that calls a due schedule's handler. */
const FIRE = "schedule";
const MAX_TRIES = 3;
const RETRY_MS = 30_000;

/** Calls the handler of a due schedule; see `ScheduleHandler`. */
export function fireTask(
  handlers: ReadonlyMap<string, ScheduleHandler>,
  log: JobsLog,
): TaskHandler {
  return {
    kind: FIRE,
    maxAttempts: MAX_TRIES,
    retryDelayMs: (error, attempt) => {
      const next = attempt < MAX_TRIES ? "it is tried again soon" : "its next time is waited for";
      log("error", `A scheduled run failed, ${next}: ${String(error)}`);
      return RETRY_MS;
    },
    run: async ({ task }) => {
      const { vendor, vendorId } = task.payload as { vendor: string; vendorId: number };
      const handler = handlers.get(vendor);
      if (!handler) throw new Error(`this node has no handler for schedules of ${vendor}`);
      await handler(vendorId);
    },
  };
}

/**
 * Starts an execution for each schedule that has come due, and moves it on, in one transaction: on
 * however many nodes this runs, each time fires once. Times missed while no node was up, or while
 * the scheduler was paused, fire once together. Returns how many fired.
 */
async function fireDue(context: ScheduleContext): Promise<number> {
  const { catalog, clock, log } = context;
  return catalog.transaction(async (db) => {
    const now = clock();
    const { rows } = await sql<DueRow>`
      SELECT id, vendor, vendor_id, cron, time_zone FROM schedule
      WHERE next_at <= ${now} AND NOT EXISTS (SELECT FROM job_pause WHERE job_type = ${SCHEDULER})
      ORDER BY next_at LIMIT ${BATCH} FOR UPDATE OF schedule SKIP LOCKED
    `.execute(db);
    for (const row of rows) {
      const { id, cron, time_zone: timeZone, vendor, vendor_id: vendorId } = row;
      await storeExecution(context, firing(row), db);
      let nextAt: Date | "infinity";
      try {
        nextAt = nextOccurrence({ cron, timeZone }, now);
      } catch (error) {
        log("error", `The schedule of ${vendor} ${vendorId} ends here: ${String(error)}`);
        nextAt = "infinity";
      }
      await sql`UPDATE schedule SET next_at = ${nextAt} WHERE id = ${id}`.execute(db);
    }
    return rows.length;
  });
}

function firing({ id, vendor, vendor_id: vendorId }: DueRow): NewExecution {
  const lane = `${FIRE}:${vendor}/${vendorId}`;
  return {
    vendor: SCHEDULER,
    vendorId: id,
    trigger: "scheduled",
    actor: "system:scheduler",
    tasks: [{ kind: FIRE, lane, payload: { vendor, vendorId } }],
  };
}

interface DueRow {
  readonly id: number;
  readonly vendor: string;
  readonly vendor_id: number;
  readonly cron: string;
  readonly time_zone: string;
}

/**
 * Fires schedules when they come due: a timer for the next one, set anew when schedules change and
 * every 10 s. Returns the call that ends it.
 */
export function watchSchedules(context: ScheduleContext): () => Promise<void> {
  const { catalog, clock, log } = context;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const look = async () => {
    // More than a batch is due only after a long time down; the next look takes the rest.
    const fired = await fireDue(context);
    const nextAt = await nextDue(catalog.db);
    clearTimeout(timer);
    if (ended || nextAt === null) return;
    const waitMs = fired === BATCH ? 0 : Math.max(0, nextAt.getTime() - clock().getTime());
    if (waitMs < POLL_MS) timer = setTimeout(lookNow, waitMs + 1);
  };
  const lookNow = () => {
    look().catch((error: unknown) => log("warn", `Cannot look at schedules: ${String(error)}`));
  };
  const ends = [catalog.listen(CHANNELS.schedules, lookNow), every(POLL_MS, look, log)];
  lookNow();
  return async () => {
    ended = true;
    clearTimeout(timer);
    await Promise.all(ends.map((end) => end()));
  };
}

async function nextDue(db: Kysely<Database>): Promise<Date | null> {
  const { rows } = await sql<{ next: Date | null }>`
    SELECT min(next_at) AS next FROM schedule
    WHERE next_at < 'infinity' AND NOT EXISTS (SELECT FROM job_pause WHERE job_type = ${SCHEDULER})
  `.execute(db);
  return rows[0]?.next ?? null;
}
