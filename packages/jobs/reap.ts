import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { QUEUE, type Queue } from "./queue.ts";

/**
 * Takes the tickets of running tasks from workers that have been silent for `silenceMs`, so that
 * the next look at the queue finds them. pg-boss would do so itself, but not before 10 s, and with
 * a look at its whole table; this looks only at running tasks. Returns how many there were.
 */
export async function reap(
  catalog: Pick<Catalog, "db">,
  queue: Pick<Queue, "takeBack">,
  silenceMs: number,
): Promise<number> {
  const { rows } = await sql<{ id: string; retryCount: number }>`
    SELECT job.id, job.retry_count AS "retryCount"
    FROM task JOIN pgboss.job ON job.id = task.ticket AND job.name = ${QUEUE}
    WHERE task.status = 'Running' AND job.state = 'active'
      AND job.heartbeat_on < now() - ${silenceMs} * interval '1 millisecond'
  `.execute(catalog.db);
  await queue.takeBack(rows);
  return rows.length;
}
