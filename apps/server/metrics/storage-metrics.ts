import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { Gauge } from "prom-client";

type MakeGauge = <L extends string = never>(
  name: string,
  help: string,
  labels?: readonly L[],
) => Gauge<L>;

/** Projects of which is told: the largest ones, and those whose quotas are the fullest. */
const MOST_PROJECTS = 100;

/** What projects take up, as of the hourly sample, and how full their quotas are. */
export function storageGroup(gauge: MakeGauge): (db: Catalog["db"]) => Promise<void> {
  const labels = ["project"] as const;
  const bytes = gauge("entrepot_project_bytes", "What the largest projects take up.", labels);
  const all = gauge("entrepot_storage_bytes", "What everything takes up, history included.");
  const used = gauge("entrepot_quota_used_bytes", "Used of the fullest quotas.", labels);
  const limit = gauge("entrepot_quota_limit_bytes", "Limits of the fullest quotas.", labels);
  return async (db) => {
    // The sample of everything is called nothing, as no project can be.
    const { rows } = await sql<{ project: string; bytes: number }>`
      SELECT project, bytes FROM storage_sample
      WHERE day = (SELECT max(day) FROM storage_sample)
      ORDER BY bytes DESC, project LIMIT ${MOST_PROJECTS + 1}
    `.execute(db);
    bytes.reset();
    for (const { project, bytes: size } of rows) {
      if (project === "") all.set(size);
      else bytes.set({ project }, size);
    }
    const { rows: quotas } = await sql<{ project: string; used: number; storage: number }>`
      SELECT p.name AS project, q.used, q.storage
      FROM quota q JOIN project p ON p.id = q.project_id
      ORDER BY q.used::float8 / q.storage DESC, p.id LIMIT ${MOST_PROJECTS}
    `.execute(db);
    used.reset();
    limit.reset();
    for (const { project, used: now, storage } of quotas) {
      used.set({ project }, now);
      limit.set({ project }, storage);
    }
  };
}
