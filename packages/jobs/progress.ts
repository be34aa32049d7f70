import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { jsonText } from "./json-text.ts";
import type { Progress } from "./ports.ts";

/** Shows how far running tasks are. Rows that somebody is changing are left for the next time. */
export async function writeProgress(
  db: Kysely<Database>,
  news: readonly { readonly id: number; readonly progress: Progress }[],
): Promise<void> {
  if (news.length === 0) return;
  await sql`
    UPDATE task SET progress = news.progress
    FROM jsonb_to_recordset(${jsonText(news)}::jsonb) AS news (id bigint, progress jsonb)
    WHERE task.id = news.id AND task.id IN (
      SELECT id FROM task WHERE id = ANY(${news.map(({ id }) => id)}) AND status = 'Running'
      FOR NO KEY UPDATE SKIP LOCKED
    )
  `.execute(db);
}
