import type { Catalog, Database } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { type Kysely, sql } from "kysely";
import { type Candidate, choose } from "./choose.ts";
import { advanceLanes, lockLanes } from "./lane.ts";
import type { Task } from "./ports.ts";
import { taskOf, type TaskRow } from "./rows.ts";

/** How many workers may die with a task before it is taken to be what kills them. */
const MAX_LOST = 5;

/** Whoever claims holds this lock: claims are made one after another, over all nodes. */
const CLAIM_LOCK = 7_305_120_903;
/** Candidates looked at for each that is asked for: some wait for others of their groups. */
const LOOK_AT = 4;
/** Waiting lanes whose time has come that one claim lets in. */
const MAX_DUE = 500;

/** A task that this process has made Running and must now run. */
export interface Claim {
  readonly task: Task;
  readonly vendorId: number;
  readonly trigger: string;
  /** How many of `task.attempts` ended with their worker's death. */
  readonly lost: number;
  /** What its log takes up already, in bytes. */
  readonly logBytes: number;
  /** One of its groups has a limit: when it ends, others may be claimed. */
  readonly limited: boolean;
  /** Set if it must not be run but ended with this: it was cancelled, or it kills its workers. */
  readonly refusal: RegistryError | null;
}

/** What one look brought. */
export interface Claimed {
  readonly claims: readonly Claim[];
  /** There may be more to claim at once. */
  readonly more: boolean;
}

/**
 * Makes at most `limit` tasks Running for `worker`, in one transaction.
 *
 * Claims exclude each other, so limits are exact and hold over all nodes. Lines of higher priority
 * go first; among equals each vendor's thing gets the same share of workers, whoever has fewest
 * running or was served longest ago going first. Within a line tasks go by id, as lanes let them.
 * What a claim costs depends on the lines, the limit and what is running, not on what waits.
 */
export async function claim(
  catalog: Pick<Catalog, "transaction">,
  worker: string,
  limit: number,
): Promise<Claimed> {
  return catalog.transaction(async (db) => {
    if (!(await openClaim(db, worker))) return { claims: [], more: false };
    const most = limit * LOOK_AT;
    const { candidates, room } = await readCandidates(db, limit, most);
    const { start, park } = choose(candidates, room, limit);
    // Lanes before rows: who changes a lane takes them in this order too.
    await parkTasks(db, park);
    const rows = await makeRunning(db, start, worker);
    const filled = candidates.length === most || start.length === limit;
    return {
      claims: rows.map(claimOf),
      more: park.length > 0 || (filled && start.length > 0),
    };
  });
}

/**
 * Takes the lock and lets in what waited for its time. False if this worker has been taken for dead
 * and must enter its pool again. The planner's figures lag behind a queue, so indexes are forced.
 */
async function openClaim(db: Kysely<Database>, worker: string): Promise<boolean> {
  const { rows } = await sql<{ alive: boolean; due: string[] | null }>`
    SELECT EXISTS (SELECT FROM worker_pool WHERE id = ${worker} AND NOT draining) AS alive,
      (SELECT array_agg(lane) FROM (
        SELECT lane FROM task WHERE status = 'Scheduled' AND not_before <= now() LIMIT ${MAX_DUE}
      ) AS waited) AS due,
      pg_advisory_xact_lock(${CLAIM_LOCK}::bigint), set_config('enable_seqscan', 'off', true)
  `.execute(db);
  const { alive = false, due = null } = rows[0] ?? {};
  if (due === null) return alive;
  await lockLanes(db, due);
  await sql`
    UPDATE task SET status = 'Pending'
    WHERE status = 'Scheduled' AND not_before <= now() AND lane = ANY(${due})
  `.execute(db);
  await advanceLanes(db, due);
  return alive;
}

interface Found {
  readonly candidates: readonly Candidate[];
  /** Of groups with a limit: how many more may run. */
  readonly room: Readonly<Record<string, number>>;
}

async function readCandidates(db: Kysely<Database>, limit: number, most: number): Promise<Found> {
  const { rows } = await sql<{ candidates: Candidate[] | null; room: Found["room"] | null }>`
    WITH running AS MATERIALIZED (
      SELECT line_id, count(*)::integer AS tasks FROM task WHERE status = 'Running' GROUP BY line_id
    ), busy AS MATERIALIZED (
      SELECT vendor, vendor_id, groups, tasks FROM running JOIN job_line ON job_line.id = line_id
    ), room AS MATERIALIZED (
      SELECT name, most - coalesce(
        (SELECT sum(tasks) FROM busy WHERE name = ANY(busy.groups)), 0)::integer AS free
      FROM job_limit
    ), line AS MATERIALIZED (
      SELECT id, vendor, vendor_id, priority, groups,
        coalesce((SELECT sum(tasks) FROM busy WHERE (busy.vendor, busy.vendor_id)
          = (job_line.vendor, job_line.vendor_id)), 0) AS has,
        max(served_at) OVER (PARTITION BY vendor, vendor_id) AS served_at
      FROM job_line
      WHERE NOT EXISTS (SELECT FROM room WHERE free <= 0 AND name = ANY(job_line.groups))
        AND NOT EXISTS (SELECT FROM job_pause WHERE job_type = vendor)
    ), candidate AS (
      SELECT ready.id, ready.lane, line.id AS line, groups, priority, served_at, has + row_number()
        OVER (PARTITION BY vendor, vendor_id ORDER BY priority DESC, ready.id) AS share
      FROM line CROSS JOIN LATERAL (
        SELECT id, lane FROM task WHERE line_id = line.id AND status = 'Pending' AND ready
        ORDER BY id LIMIT ${limit}
      ) AS ready
      ORDER BY priority DESC, share, served_at, ready.id LIMIT ${most}
    )
    SELECT (SELECT jsonb_object_agg(name, free) FROM room) AS room, (
      SELECT jsonb_agg(jsonb_build_object('id', id, 'lane', lane, 'line', line, 'groups', groups,
          'first', NOT EXISTS (
            SELECT FROM task AS other WHERE other.lane = candidate.lane AND (
              other.status = 'Running' OR (other.status = 'Pending' AND other.id < candidate.id))
          )) ORDER BY priority DESC, share, served_at, id)
      FROM candidate
    ) AS candidates
  `.execute(db);
  const { candidates, room } = rows[0] ?? {};
  return { candidates: candidates ?? [], room: room ?? {} };
}

/** Their lanes may have become free since they were looked at: then the next claim finds them. */
async function parkTasks(db: Kysely<Database>, park: readonly Candidate[]): Promise<void> {
  if (park.length === 0) return;
  const lanes = park.map(({ lane }) => lane);
  await lockLanes(db, lanes);
  await sql`
    UPDATE task SET ready = false WHERE id = ANY(${park.map(({ id }) => id)}) AND status = 'Pending'
  `.execute(db);
  await advanceLanes(db, lanes);
}

interface ClaimRow extends TaskRow {
  readonly lost: number;
  readonly log_bytes: number;
  readonly vendor_id: number;
  readonly trigger: string;
  readonly stopped: boolean;
  readonly limited: boolean;
}

async function makeRunning(db: Kysely<Database>, start: readonly Candidate[], worker: string) {
  if (start.length === 0) return [];
  const { rows } = await sql<ClaimRow>`
    WITH served AS (
      UPDATE job_line SET served_at = clock_timestamp()
      WHERE id = ANY(${[...new Set(start.map(({ line }) => line))]})
    )
    UPDATE task SET status = 'Running', status_text = '', worker = ${worker}, ready = false,
      attempts = attempts + 1, not_before = NULL,
      start_time = CASE WHEN attempts = 0 THEN clock_timestamp() ELSE task.start_time END
    FROM execution
    WHERE task.id = ANY(${start.map(({ id }) => id)}) AND task.status = 'Pending'
      AND execution.id = task.execution_id
    RETURNING task.*, execution.vendor_id, execution.trigger,
      (task.stop_requested OR execution.stop_requested) AS stopped,
      EXISTS (
        SELECT FROM job_line JOIN job_limit ON name = ANY(groups) WHERE job_line.id = task.line_id
      ) AS limited
  `.execute(db);
  return rows.toSorted((a, b) => Number(a.id) - Number(b.id));
}

function claimOf(row: ClaimRow): Claim {
  const { vendor_id: vendorId, trigger, lost, log_bytes: logBytes, limited } = row;
  return {
    task: taskOf(row),
    vendorId,
    trigger,
    lost,
    logBytes,
    limited,
    refusal: refusalOf(row),
  };
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
