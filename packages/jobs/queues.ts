import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { type CancelContext, stopRunning, stopWaiting } from "./cancel.ts";
import { CHANNELS } from "./channels.ts";

/** The queue of the scheduler: while it is paused no schedule fires. */
export const SCHEDULER = "SCHEDULER";

/** What waits of one vendor. */
export interface Queue {
  /** The vendor, or SCHEDULER. */
  readonly jobType: string;
  /** Tasks that could run or wait for a time. */
  readonly count: number;
  /** How long the oldest one that could run has waited, in seconds. */
  readonly latency: number;
  readonly paused: boolean;
}

/** What waits, by vendor. Null as a type stands for all. */
export interface Queues {
  list(): Promise<Queue[]>;
  /** Nothing of this type starts any more, on any node; what runs goes on. */
  pause(jobType: string | null): Promise<void>;
  resume(jobType: string | null): Promise<void>;
  /** Stops what waits; returns how much that was. What runs goes on. */
  clear(jobType: string | null): Promise<number>;
  /** Stops everything that runs; returns how much that was. */
  stopRunning(): Promise<number>;
  /** Whether schedules do not fire. */
  schedulerPaused(): Promise<boolean>;
}

/** The queues of `catalog`. `known` are vendors to show though they never had a task. */
export function openQueues(
  context: CancelContext & { readonly catalog: Pick<Catalog, "db" | "notify"> },
  known: () => readonly string[],
): Queues {
  const { catalog } = context;
  const list = async (): Promise<Queue[]> => {
    const { rows } = await sql<Queue>`
      WITH waiting AS (
        SELECT vendor, count(*) AS count,
          min(coalesce(not_before, start_time)) FILTER (WHERE status = 'Pending') AS since
        FROM task JOIN job_line ON job_line.id = line_id
        WHERE status IN ('Pending', 'Scheduled') GROUP BY vendor
      )
      SELECT name AS "jobType", coalesce(count, 0)::integer AS count,
        coalesce(greatest(0, extract(epoch FROM now() - since)), 0)::double precision AS latency,
        EXISTS (SELECT FROM job_pause WHERE job_type = name) AS paused
      FROM (
        SELECT unnest(${[SCHEDULER, ...known()]}::text[]) AS name
        UNION SELECT vendor FROM job_line UNION SELECT job_type FROM job_pause
      ) AS names LEFT JOIN waiting ON vendor = name
      ORDER BY name
    `.execute(catalog.db);
    return rows;
  };
  const typesOf = async (jobType: string | null) =>
    jobType === null ? (await list()).map((queue) => queue.jobType) : [jobType];

  return {
    list,
    pause: async (jobType) => {
      await sql`
        INSERT INTO job_pause (job_type) SELECT unnest(${await typesOf(jobType)}::text[])
        ON CONFLICT DO NOTHING
      `.execute(catalog.db);
    },
    resume: async (jobType) => {
      await sql`DELETE FROM job_pause WHERE job_type = ANY(${await typesOf(jobType)})`.execute(
        catalog.db,
      );
      await catalog.notify(CHANNELS.wake, "");
      await catalog.notify(CHANNELS.schedules, "");
    },
    clear: (jobType) => stopWaiting(context, jobType),
    stopRunning: () => stopRunning(context),
    schedulerPaused: async () => {
      const { rows } = await sql`
        SELECT FROM job_pause WHERE job_type = ${SCHEDULER}
      `.execute(catalog.db);
      return rows.length > 0;
    },
  };
}
