import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { jsonText } from "./json-text.ts";
import type { NewTask } from "./ports.ts";

/**
 * Lines
 *
 * Tasks of one vendor's thing with the same groups and priority form a line (a row of `job_line`).
 * A claim decides between lines, then takes the first of a line: what is full, paused or not its
 * turn is left out as a whole, however many tasks wait in it.
 */

/** The line of each of `tasks`, in their order; lines that are missing are made. */
export async function linesOf(
  db: Kysely<Database>,
  owner: { readonly vendor: string; readonly vendorId: number; readonly priority: number },
  tasks: readonly Pick<NewTask, "groups">[],
): Promise<number[]> {
  const keys = tasks.map(({ groups = [] }) => jsonText([...new Set(groups)].toSorted()));
  const wanted = [...new Set(keys)];
  const found = await findLines(db, owner, wanted);
  if (found.size < wanted.length) {
    const missing = wanted.filter((key) => !found.has(key));
    await sql`
      INSERT INTO job_line (vendor, vendor_id, priority, groups)
      SELECT ${owner.vendor}, ${owner.vendorId}, ${owner.priority},
        ARRAY(SELECT jsonb_array_elements_text(key::jsonb))
      FROM unnest(${missing}::text[]) AS key ORDER BY key
      ON CONFLICT DO NOTHING
    `.execute(db);
    for (const [key, id] of await findLines(db, owner, missing)) found.set(key, id);
  }
  return keys.map((key) => found.get(key)!);
}

/** Those that there are, by key. The sweep leaves them alone until `db`'s transaction has ended. */
async function findLines(
  db: Kysely<Database>,
  { vendor, vendorId, priority }: Parameters<typeof linesOf>[1],
  keys: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await sql<{ id: number; groups: string[] }>`
    SELECT id, groups FROM job_line
    WHERE vendor = ${vendor} AND vendor_id = ${vendorId} AND priority = ${priority}
      AND to_jsonb(groups) = ANY(${keys}::jsonb[])
    FOR KEY SHARE
  `.execute(db);
  return new Map(rows.map(({ id, groups }) => [jsonText(groups), id]));
}
