import type { Catalog } from "@entrepot/catalog";
import { GARBAGE_COLLECTION, type SweepReport } from "@entrepot/retention";
import { sql } from "kysely";
import type { Gauge } from "prom-client";

type MakeGauge = <L extends string = never>(
  name: string,
  help: string,
  labels?: readonly L[],
) => Gauge<L>;

interface LastRow {
  readonly report: SweepReport | null;
  readonly ended: number;
  readonly seconds: number;
}

/** What the last garbage collection that was no dry run did, and what keeps the rest. */
export function garbageGroup(gauge: MakeGauge): (db: Catalog["db"]) => Promise<void> {
  const held = gauge(
    "entrepot_gc_held_bytes",
    "Bytes that nothing can pull, by what keeps them: history, grace, quarantine, a hold.",
    ["holder"],
  );
  const freed = gauge("entrepot_gc_freed_bytes", "What the last collection freed for good.");
  const ended = gauge("entrepot_gc_last_end_seconds", "When the last one ended, as a Unix time.");
  const seconds = gauge("entrepot_gc_last_duration_seconds", "How long the last one took.");
  const running = gauge("entrepot_gc_running", "1 while one runs.");
  return async (db) => {
    const { rows } = await sql<LastRow>`
      SELECT task.progress -> 'report' AS report,
        extract(epoch FROM e.end_time)::double precision AS ended,
        extract(epoch FROM e.end_time - e.start_time)::double precision AS seconds
      FROM execution e JOIN task ON task.execution_id = e.id
      WHERE e.vendor = ${GARBAGE_COLLECTION} AND e.status = 'Success'
        AND e.plan ->> 'dryRun' = 'false'
      ORDER BY e.id DESC LIMIT 1
    `.execute(db);
    const { rows: open } = await sql`
      SELECT FROM execution WHERE vendor = ${GARBAGE_COLLECTION} AND status = 'Running'
    `.execute(db);
    running.set(open.length > 0 ? 1 : 0);
    held.reset();
    const [last] = rows;
    if (!last?.report) return;
    for (const [holder, { bytes }] of Object.entries(last.report.held)) held.set({ holder }, bytes);
    const { quarantined, waiting } = last.report;
    held.set({ holder: "quarantine" }, quarantined.bytes + waiting.bytes);
    freed.set(last.report.freed.bytes);
    ended.set(last.ended);
    seconds.set(last.seconds);
  };
}
