import { type Attention, AttentionKind } from "@entrepot/api";
import { CHECK, INFORMATION, RESTORED_FROM_BACKUP } from "@entrepot/recovery";
import { VENDOR as REPLICATION } from "@entrepot/replication";
import { type RawBuilder, sql } from "kysely";
import { readOnlyRefusal } from "../read-only.ts";
import type { ApiOptions } from "./app.ts";
import { backupAttention, type TargetStanding } from "./backup-standing.ts";

/** A part of a quota from which on it is nearly used up. */
const NEARLY_FULL = 0.9;
/** Workers that have said nothing for so long are gone. */
const SILENT_SECONDS = 60;
/** Of one kind. */
const MOST = 20;

/** What all rows say; the rest of an `Attention` has a default. */
interface Row {
  readonly subject?: string;
  readonly id?: number;
  readonly count?: number;
  readonly detail?: string | null;
  readonly since?: Date | null;
}

/** Everything that needs attention, the most pressing first. `targets`: see `readTargets`. */
export async function readAttention(
  options: ApiOptions,
  targets: readonly TargetStanding[],
): Promise<Attention[]> {
  const { catalog, settings } = options;
  const found = await Promise.all(
    Object.entries(QUERIES).map(async ([kind, query]) => {
      const { rows } = await sql<Row>`${query} LIMIT ${MOST}`.execute(catalog.db);
      return rows.map((row) => attention(kind as AttentionKind, row));
    }),
  );
  const refusal = readOnlyRefusal(settings);
  const all = [
    ...found.flat(),
    ...backupAttention(targets, catalog.now()).map(({ kind, ...row }) => attention(kind, row)),
    ...(refusal ? [attention("read-only", {})] : []),
  ];
  const order = AttentionKind.options;
  return all.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function attention(kind: AttentionKind, row: Row): Attention {
  const { subject = "", id = null, count = 1, detail, since } = row;
  return { kind, subject, id, count, detail: detail ?? "", since: since?.toISOString() ?? null };
}

const LAST_CHECK = sql`(SELECT max(id) FROM execution
  WHERE vendor = ${CHECK} AND status = 'Success')`;

const REPAIRED = sql`EXISTS (SELECT FROM repair_item i JOIN repair_plan p ON p.id = i.plan_id
  WHERE p.check_id = f.execution_id AND i.class = f.class AND i.name = f.name
    AND i.outcome IN ('healed', 'set-aside', 'corrected', 'whole'))`;

const QUERIES: { readonly [kind in AttentionKind]?: RawBuilder<unknown> } = {
  restored: sql`SELECT 1 AS count FROM setting WHERE key = ${RESTORED_FROM_BACKUP}`,

  "no-workers": sql`SELECT max(heartbeat_at) AS since FROM worker_pool
    HAVING coalesce(max(heartbeat_at), '-infinity')
      < now() - make_interval(secs => ${SILENT_SECONDS})`,

  damage: sql`SELECT count(*)::integer AS count, min(found_at) AS since,
      (array_agg(name ORDER BY id))[1] AS detail
    FROM check_finding WHERE execution_id IS NULL HAVING count(*) > 0`,

  findings: sql`SELECT f.execution_id AS id, count(*)::integer AS count, min(f.found_at) AS since,
      (array_agg(f.detail ORDER BY f.id))[1] AS detail
    FROM check_finding f WHERE f.execution_id = ${LAST_CHECK}
      AND NOT f.class = ANY (${[...INFORMATION]}::text[]) AND NOT ${REPAIRED}
    GROUP BY f.execution_id`,

  "policy-failing": sql`SELECT p.id, p.name AS subject, count(*)::integer AS count,
      min(r.wanted_since) AS since, (array_agg(r.last_error ORDER BY r.wanted_since))[1] AS detail
    FROM replica r JOIN replication_policy p ON p.id = r.policy_id
    WHERE r.wanted IS DISTINCT FROM r.arrived AND r.attempts > 0 AND r.last_error IS NOT NULL
      AND p.enabled
    GROUP BY p.id ORDER BY min(r.wanted_since)`,

  "policy-failed": sql`SELECT p.id, p.name AS subject, e.end_time AS since, e.status_text AS detail
    FROM replication_policy p CROSS JOIN LATERAL (
      SELECT * FROM execution WHERE vendor = ${REPLICATION} AND vendor_id = p.id
        AND status <> 'Running' ORDER BY id DESC LIMIT 1) AS e
    WHERE e.status = 'Error' AND p.enabled AND NOT EXISTS (SELECT FROM replica r
      WHERE r.policy_id = p.id AND r.wanted IS DISTINCT FROM r.arrived AND r.attempts > 0)`,

  endpoint: sql`SELECT id, name AS subject, status_text AS detail, checked_at AS since
    FROM registry_endpoint WHERE status = 'unhealthy' AND checked_at IS NOT NULL ORDER BY name`,

  conflicts: sql`SELECT count(*)::integer AS count, max(at) AS since FROM replication_conflict
    HAVING count(*) > 0`,

  quota: sql`SELECT p.id, p.name AS subject, (q.used * 100 / q.storage)::integer AS count
    FROM quota q JOIN project p ON p.id = q.project_id
    WHERE q.used >= q.storage * ${NEARLY_FULL}::float8 ORDER BY q.used::float8 / q.storage DESC`,

  paused: sql`SELECT count(*)::integer AS count, min(paused_at) AS since,
      string_agg(job_type, ', ' ORDER BY job_type) AS detail
    FROM job_pause HAVING count(*) > 0`,
};
