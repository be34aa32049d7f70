import type { Catalog } from "@entrepot/catalog";
import { DRILL } from "@entrepot/recovery";
import { sql } from "kysely";
import type { Gauge } from "prom-client";

type MakeGauge = <L extends string = never>(
  name: string,
  help: string,
  labels?: readonly L[],
) => Gauge<L>;

interface LastDrill {
  readonly target: string;
  readonly ok: boolean;
  readonly ended: number;
  readonly recovery: number | null;
  readonly loss: number | null;
}

/** How the last drill of each target went, and what the storage alone could not bring back. */
export function recoveryGroup(gauge: MakeGauge): (db: Catalog["db"]) => Promise<void> {
  const labels = ["target"] as const;
  const success = gauge("entrepot_drill_success", "1 if the target's last drill passed.", labels);
  const ended = gauge("entrepot_drill_last_end_seconds", "When it ended, as a Unix time.", labels);
  const recovery = gauge(
    "entrepot_drill_recovery_seconds",
    "From its start until the restored registry answered.",
    labels,
  );
  const loss = gauge(
    "entrepot_drill_loss_seconds",
    "Age of the oldest change that the backup did not hold then.",
    labels,
  );
  const behind = gauge(
    "entrepot_names_archive_behind_seconds",
    "Age of the oldest change of a name that is not in the storage yet.",
  );
  return async (db) => {
    const { rows } = await sql<LastDrill>`
      SELECT DISTINCT ON (t.id) t.name AS target, e.status = 'Success' AS ok,
        extract(epoch FROM e.end_time)::float8 AS ended,
        (task.progress #>> '{report,recoverySeconds}')::float8 AS recovery,
        (task.progress #>> '{report,lossSeconds}')::float8 AS loss
      FROM backup_target t JOIN execution e ON e.vendor = ${DRILL} AND e.vendor_id = t.id
      JOIN task ON task.execution_id = e.id
      WHERE e.status IN ('Success', 'Error') ORDER BY t.id, e.id DESC`.execute(db);
    for (const one of [success, ended, recovery, loss]) one.reset();
    for (const row of rows) {
      const of = { target: row.target };
      success.set(of, row.ok ? 1 : 0);
      ended.set(of, row.ended);
      if (row.recovery !== null) recovery.set(of, row.recovery);
      if (row.loss !== null) loss.set(of, row.loss);
    }
    const { rows: archive } = await sql<{ behind: number | null }>`
      SELECT extract(epoch FROM now() - (SELECT at FROM journal
        WHERE seq > (tip ->> 'seq')::bigint ORDER BY seq LIMIT 1))::float8 AS behind
      FROM name_archive WHERE tip IS NOT NULL`.execute(db);
    behind.reset();
    if (archive[0]) behind.set(Math.max(0, archive[0].behind ?? 0));
  };
}
