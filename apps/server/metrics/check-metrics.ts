import type { Catalog } from "@entrepot/catalog";
import { CHECK, FINDING_CLASSES } from "@entrepot/recovery";
import { sql } from "kysely";
import type { Gauge } from "prom-client";

type MakeGauge = <L extends string = never>(
  name: string,
  help: string,
  labels?: readonly L[],
) => Gauge<L>;

interface LastRow {
  readonly id: number;
  readonly ended: number;
  readonly seconds: number;
}

/** What the last check found, and what pulls have met since. */
export function checkGroup(gauge: MakeGauge): (db: Catalog["db"]) => Promise<void> {
  const found = gauge("entrepot_check_findings", "What the last check found.", ["class"]);
  const met = gauge("entrepot_pull_damage", "Damaged blobs that pulls met and nobody has healed.");
  const ended = gauge("entrepot_check_last_end_seconds", "When the last one ended, Unix time.");
  const seconds = gauge("entrepot_check_last_duration_seconds", "How long the last check took.");
  return async (db) => {
    const { rows } = await sql<LastRow>`
      SELECT id, extract(epoch FROM end_time)::double precision AS ended,
        extract(epoch FROM end_time - start_time)::double precision AS seconds
      FROM execution WHERE vendor = ${CHECK} AND status = 'Success' ORDER BY id DESC LIMIT 1
    `.execute(db);
    const last = rows[0];
    const { rows: counts } = await sql<{ id: number | null; class: string; n: number }>`
      SELECT execution_id AS id, class, count(*)::integer AS n FROM check_finding
      WHERE execution_id IS NULL OR execution_id = ${last?.id ?? null} GROUP BY 1, 2
    `.execute(db);
    const pulls = counts.filter(({ id }) => id === null);
    met.set(pulls.reduce((sum, { n }) => sum + n, 0));
    if (!last) return;
    for (const name of FINDING_CLASSES) {
      found.set(
        { class: name },
        counts.find((row) => row.id !== null && row.class === name)?.n ?? 0,
      );
    }
    ended.set(last.ended);
    seconds.set(last.seconds);
  };
}
