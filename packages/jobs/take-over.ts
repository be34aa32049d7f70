import type { Catalog, Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { CHANNELS } from "./channels.ts";
import { advanceLanes, lockLanes } from "./lane.ts";

/**
 * Takes running tasks from workers that have been silent for `silenceMs`, or are in no pool: they
 * are Pending again. Looks only at what runs. Returns how many there were.
 */
export async function takeOver(
  catalog: Pick<Catalog, "db" | "transaction" | "notify">,
  silenceMs: number,
): Promise<number> {
  if ((await orphans(catalog.db, silenceMs)).length === 0) return 0;
  return catalog.transaction(async (db) => {
    await sql`
      DELETE FROM worker_pool WHERE id IN (
        SELECT id FROM worker_pool
        WHERE heartbeat_at < clock_timestamp() - ${silenceMs} * interval '1 millisecond'
        ORDER BY id FOR UPDATE SKIP LOCKED
      )
    `.execute(db);
    const lanes = (await orphans(db, silenceMs)).map(({ lane }) => lane);
    await lockLanes(db, lanes);
    // Asked again under the locks: one may have ended meanwhile, or gone to somebody else.
    const ids = (await orphans(db, silenceMs)).map(({ id }) => id);
    const { numAffectedRows } = await sql`
      UPDATE task SET status = 'Pending', worker = NULL, ready = false, lost = lost + 1,
        status_text = 'Its worker died; it runs again.'
      WHERE id = ANY(${ids}) AND status = 'Running' AND lane = ANY(${lanes})
    `.execute(db);
    await advanceLanes(db, lanes);
    await catalog.notify(CHANNELS.wake, "", db);
    return Number(numAffectedRows ?? 0);
  });
}

async function orphans(db: Kysely<Database>, silenceMs: number) {
  const { rows } = await sql<{ id: number; lane: string }>`
    SELECT id, lane FROM task WHERE status = 'Running' AND NOT EXISTS (
      SELECT FROM worker_pool WHERE worker_pool.id = task.worker
        AND heartbeat_at >= clock_timestamp() - ${silenceMs} * interval '1 millisecond'
    )
  `.execute(db);
  return rows;
}
