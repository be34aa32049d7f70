import type { Catalog, FoldLimits } from "@entrepot/catalog";
import { sql } from "kysely";

/**
 * Forgets what webhooks and robots were that no history within `limits` still has: with them go
 * their secrets and what was stored of them. `graceMs` covers that a deletion begins before the
 * journal says so. Returns how many went. Repeating is safe.
 */
export async function sweepWebhooks(
  { db }: Pick<Catalog, "db">,
  { seq, projects }: FoldLimits,
  graceMs: number,
): Promise<number> {
  const names = [...projects.keys()];
  const seqs = [...projects.values()];
  const isForgotten = sql`w.gone_at < (
    SELECT j.at - ${graceMs}::float8 * interval '1 millisecond' FROM journal j
    WHERE j.seq <= coalesce((
      SELECT own.seq FROM unnest(${names}::text[], ${seqs}::bigint[]) AS own (name, seq)
      WHERE own.name = split_part(w.key, '/', 1)), ${seq}::bigint)
    ORDER BY j.seq DESC LIMIT 1)`;
  const { rows } = await sql`
    WITH robots AS (DELETE FROM past_robot w WHERE ${isForgotten} RETURNING w.id),
      webhooks AS (DELETE FROM past_webhook w WHERE ${isForgotten} RETURNING w.id)
    SELECT id FROM robots UNION ALL SELECT id FROM webhooks
  `.execute(db);
  return rows.length;
}
