import { hostname } from "node:os";
import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";

/** A process that runs tasks. */
export interface WorkerPool {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Tasks that it runs at a time. */
  readonly concurrency: number;
  /** It ends what it has and takes nothing more. */
  readonly draining: boolean;
  readonly startAt: Date;
  readonly heartbeatAt: Date;
}

/** A task and who runs it. */
export interface BusyWorker {
  readonly poolId: string;
  readonly taskId: number;
  readonly vendor: string;
  readonly kind: string;
  readonly startAt: Date;
  /** Its stage, if it tells. */
  readonly stage: string;
}

/** Who works, and on what. */
export interface Pools {
  list(): Promise<WorkerPool[]>;
  /** The busy workers of one pool, or of all. */
  workers(poolId?: string): Promise<BusyWorker[]>;
}

/** The pools of `db`. */
export function openPools(db: Kysely<Database>): Pools {
  return {
    list: async () => {
      const { rows } = await sql<WorkerPool>`
        SELECT id, host, pid, concurrency, draining, start_at AS "startAt",
          heartbeat_at AS "heartbeatAt"
        FROM worker_pool ORDER BY start_at, id
      `.execute(db);
      return rows;
    },
    workers: async (poolId) => {
      const { rows } = await sql<BusyWorker>`
        SELECT worker AS "poolId", task.id AS "taskId", execution.vendor, kind,
          task.start_time AS "startAt", coalesce(progress ->> 'stage', '') AS stage
        FROM task JOIN execution ON execution.id = execution_id
        WHERE task.status = 'Running'
          AND (${poolId ?? null}::text IS NULL OR worker = ${poolId ?? null})
        ORDER BY task.id
      `.execute(db);
      return rows;
    },
  };
}

/** Enters this process among the pools; doing so again changes nothing. */
export async function enterPool(
  db: Kysely<Database>,
  id: string,
  concurrency: number,
): Promise<void> {
  await sql`
    INSERT INTO worker_pool (id, host, pid, concurrency)
    VALUES (${id}, ${hostname()}, ${process.pid}, ${concurrency})
    ON CONFLICT (id) DO NOTHING
  `.execute(db);
}

/** Says that pool `id` lives; false if it has been taken for dead. */
export async function beat(db: Kysely<Database>, id: string): Promise<boolean> {
  const { rows } = await sql`
    UPDATE worker_pool SET heartbeat_at = clock_timestamp() WHERE id = ${id} RETURNING id
  `.execute(db);
  return rows.length > 0;
}

/** Says that pool `id` takes nothing more. */
export async function noteDraining(db: Kysely<Database>, id: string): Promise<void> {
  await sql`UPDATE worker_pool SET draining = true WHERE id = ${id}`.execute(db);
}

/** Takes pool `id` from the list. */
export async function leavePool(db: Kysely<Database>, id: string): Promise<void> {
  await sql`DELETE FROM worker_pool WHERE id = ${id}`.execute(db);
}
