import type { Catalog, Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Kysely, sql } from "kysely";
import { advanceLanes, lockLanes } from "./lane.ts";
import type { Task } from "./ports.ts";
import type { Queue, Ticket, TicketFor } from "./queue.ts";
import { taskOf, type TaskRow } from "./rows.ts";

/** How many workers may die with a task before it is taken to be what kills them. */
export const MAX_LOST = 5;

/** A task that this process has made Running and must now run. */
export interface Claim {
  readonly task: Task;
  readonly vendorId: number;
  readonly trigger: string;
  readonly ticket: Ticket;
  /** How many of `task.attempts` ended with their worker's death. */
  readonly lost: number;
  /** Set if it must not be run but ended with this: it was cancelled, or it kills its workers. */
  readonly refusal: RegistryError | null;
}

/** A due schedule that this process must now call the handler of. */
export interface Firing {
  readonly ticket: Ticket;
  readonly vendor: string;
  readonly vendorId: number;
  readonly tries: number;
}

/** What one look at the queue brought. */
export interface Claimed {
  readonly claims: readonly Claim[];
  readonly firings: readonly Firing[];
  /** Tickets fetched, those of parked tasks included: if as many as asked for, look again. */
  readonly fetched: number;
}

interface Candidate {
  readonly id: number;
  readonly lane: string;
  readonly status: string;
  readonly ticket: string | null;
  /** Another task of the lane is Running. */
  readonly busy: boolean;
  /** The lane's first task that may run now. */
  readonly first: number | null;
}

/**
 * Fetches at most `limit` tickets and makes their tasks Running for `worker`, in one transaction. A
 * task whose lane is busy, or has an older runnable one, is parked: its ticket goes, and it gets a
 * new one when the lane comes to it. A Running task whose ticket came back is taken over from a
 * dead worker.
 */
export async function claim(
  catalog: Pick<Catalog, "transaction">,
  queue: Queue,
  worker: string,
  limit: number,
): Promise<Claimed> {
  return catalog.transaction(async (db) => {
    const tickets = await queue.fetch(db, limit);
    const firings = tickets.flatMap(firingOf);
    const ofTask = new Map(tickets.flatMap((ticket) => taskEntry(ticket)));
    if (ofTask.size === 0) return { claims: [], firings, fetched: tickets.length };

    await lockLanes(db, [...new Set(tickets.flatMap(({ data }) => laneOf(data)))]);
    const { start, park } = sort(await candidates(db, [...ofTask.keys()]), ofTask);
    const rows = await makeRunning(db, start, worker);
    const kept = new Set(rows.map((row) => row.ticket));
    const gone = [...ofTask.values()].filter(({ id }) => !kept.has(id));
    await parkTasks(db, queue, park, gone);

    const claims = rows.map((row) => claimOf(row, ofTask.get(Number(row.id)) as Ticket));
    return { claims, firings, fetched: tickets.length };
  });
}

async function parkTasks(
  db: Kysely<Database>,
  queue: Queue,
  ids: readonly number[],
  gone: readonly Ticket[],
): Promise<void> {
  const tickets = gone.map(({ id }) => id);
  await queue.remove(db, tickets);
  if (ids.length === 0) return;
  await sql`UPDATE task SET ticket = NULL, not_before = NULL WHERE id = ANY(${ids})`.execute(db);
  const lanes = gone.flatMap(({ data }) => laneOf(data));
  await advanceLanes(db, queue, lanes);
}

/** Which candidates start and which wait; those in neither list hold a ticket that is void. */
function sort(rows: readonly Candidate[], ofTask: ReadonlyMap<number, Ticket>) {
  const start: number[] = [];
  const park: number[] = [];
  for (const { id, status, ticket, busy, first } of rows) {
    if (ticket !== ofTask.get(Number(id))?.id) continue;
    if (status === "Running") start.push(Number(id));
    else if (status === "Pending") {
      (!busy && Number(first) === Number(id) ? start : park).push(Number(id));
    }
  }
  return { start, park };
}

async function candidates(db: Kysely<Database>, ids: readonly number[]): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    SELECT id, lane, status, ticket,
      EXISTS (
        SELECT FROM task AS other
        WHERE other.lane = task.lane AND other.status = 'Running' AND other.id <> task.id
      ) AS busy,
      (
        SELECT other.id FROM task AS other
        WHERE other.lane = task.lane AND other.status = 'Pending'
          AND (other.id = task.id OR other.not_before IS NULL OR other.not_before <= now())
        ORDER BY other.id LIMIT 1
      ) AS first
    FROM task WHERE id = ANY(${ids})
  `.execute(db);
  return rows;
}

interface ClaimRow extends TaskRow {
  readonly ticket: string;
  readonly lost: number;
  readonly vendor_id: number;
  readonly trigger: string;
  readonly stopped: boolean;
}

async function makeRunning(db: Kysely<Database>, ids: readonly number[], worker: string) {
  if (ids.length === 0) return [];
  const { rows } = await sql<ClaimRow>`
    UPDATE task SET status = 'Running', status_text = '', worker = ${worker},
      attempts = attempts + 1, lost = lost + (task.status = 'Running')::integer,
      not_before = NULL,
      start_time = CASE WHEN attempts = 0 THEN clock_timestamp() ELSE task.start_time END
    FROM execution
    WHERE task.id = ANY(${ids}) AND execution.id = task.execution_id
    RETURNING task.*, execution.vendor_id, execution.trigger,
      (task.stop_requested OR execution.stop_requested) AS stopped
  `.execute(db);
  return rows.toSorted((a, b) => Number(a.id) - Number(b.id));
}

function claimOf(row: ClaimRow, ticket: Ticket): Claim {
  const { vendor_id: vendorId, trigger, lost } = row;
  return { task: taskOf(row), vendorId, trigger, ticket, lost, refusal: refusalOf(row) };
}

function refusalOf({ id, kind, stopped, lost }: ClaimRow): RegistryError | null {
  if (stopped) return new RegistryError("CANCELLED", `Task ${id} was cancelled.`);
  if (lost < MAX_LOST) return null;
  return new RegistryError(
    "UNKNOWN",
    `Task ${id} (${kind}) was given up: ${lost} workers died while running it. ` +
      "Look for what ended them (memory, signals) before you run it again.",
  );
}

function laneOf(data: TicketFor): string[] {
  return "lane" in data ? [data.lane] : [];
}

function taskEntry(ticket: Ticket): [number, Ticket][] {
  return "task" in ticket.data ? [[ticket.data.task, ticket]] : [];
}

function firingOf(ticket: Ticket): Firing[] {
  return "schedule" in ticket.data ? [{ ticket, ...ticket.data.schedule }] : [];
}
