import type { Catalog, FoldLimits } from "@entrepot/catalog";
import { sql } from "kysely";

/**
 * Forgets what webhooks were that no history within `limits` still has: with them go their sealed
 * secrets. `graceMs` covers that a deletion begins before the journal says so. Returns how many
 * went. Repeating is safe.
 */
export async function sweepWebhooks(
  { db }: Pick<Catalog, "db">,
  { seq, projects }: FoldLimits,
  graceMs: number,
): Promise<number> {
  const names = [...projects.keys()];
  const seqs = [...projects.values()];
  const { rows } = await sql`
    DELETE FROM past_webhook w WHERE w.gone_at < (
      SELECT j.at - ${graceMs}::float8 * interval '1 millisecond' FROM journal j
      WHERE j.seq <= coalesce((
        SELECT own.seq FROM unnest(${names}::text[], ${seqs}::bigint[]) AS own (name, seq)
        WHERE own.name = split_part(w.key, '/', 1)), ${seq}::bigint)
      ORDER BY j.seq DESC LIMIT 1)
    RETURNING w.id
  `.execute(db);
  return rows.length;
}
