import { type RunningWork, routes } from "@entrepot/api";
import type { Catalog } from "@entrepot/catalog";
import { BACKUP, DRILL } from "@entrepot/recovery";
import { VENDOR as REPLICATION } from "@entrepot/replication";
import { sql } from "kysely";
import { type ApiOptions, type App, needing } from "./app.ts";
import { readAttention } from "./attention.ts";
import { readTargets, shownStanding } from "./backup-standing.ts";

/** Work under way that is shown; all of it is counted. */
const MOST = 20;

/** Adds how everything stands. */
export function addOverview(app: App, options: ApiOptions): void {
  const { catalog } = options;
  app.openapi(needing(options, routes.overview.get), async (context) => {
    const [targets, running] = await Promise.all([readTargets(catalog), readRunning(catalog)]);
    const shown = {
      attention: await readAttention(options, targets),
      running: running.items,
      running_total: running.total,
      backups: targets.map(shownStanding),
    };
    return context.json(shown, 200);
  });
}

async function readRunning({ db }: Pick<Catalog, "db">) {
  const { rows } = await sql<RunningWork & { total: number }>`
    SELECT e.id, e.vendor AS vendor_type, e.vendor_id, e.trigger, e.start_time, e.total,
      coalesce(CASE e.vendor
        WHEN ${REPLICATION} THEN (SELECT name FROM replication_policy WHERE id = e.vendor_id)
        WHEN ${BACKUP} THEN (SELECT name FROM backup_target WHERE id = e.vendor_id)
        WHEN ${DRILL} THEN (SELECT name FROM backup_target WHERE id = e.vendor_id)
      END, '') AS subject,
      k.tasks, k.tasks_done, coalesce(k.stage, '') AS stage, k.bytes_sent, k.bytes_total
    FROM (SELECT *, (count(*) OVER ())::integer AS total FROM execution
      WHERE status = 'Running' ORDER BY id DESC LIMIT ${MOST}) AS e
    CROSS JOIN LATERAL (
      SELECT count(*)::integer AS tasks,
        (count(*) FILTER (WHERE status IN ('Success', 'Error', 'Stopped')))::integer AS tasks_done,
        max(progress ->> 'stage') FILTER (WHERE status = 'Running') AS stage,
        coalesce(sum((progress ->> 'bytesSent')::float8), 0) AS bytes_sent,
        coalesce(sum((progress ->> 'bytesTotal')::float8), 0) AS bytes_total
      FROM task WHERE execution_id = e.id
    ) AS k
    ORDER BY e.id DESC
  `.execute(db);
  const items = rows.map(({ total, ...work }) => ({
    total,
    work: { ...work, start_time: new Date(work.start_time).toISOString() },
  }));
  return { items: items.map(({ work }) => work), total: items[0]?.total ?? 0 };
}
