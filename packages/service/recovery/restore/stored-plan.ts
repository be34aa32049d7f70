import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { Counts, PlanItem, RestorePlan, RestoreRequest, Verdict } from "./ports.ts";

/** Plan `id`, or null; while it is being made, too. */
export async function readRestorePlan(
  { db }: Pick<Catalog, "db">,
  id: number,
): Promise<RestorePlan | null> {
  const row = await db
    .selectFrom("restore_plan")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (!row || row.counts === null) return null;
  const { tags, ...counts } = row.counts as Counts & { tags: number };
  const { rows } = await sql<{
    touched: number;
    done: number;
    left: number;
    projects: string[];
    kinds: string[] | null;
    system: boolean;
  }>`
    SELECT count(*) FILTER (WHERE kind = 'tag' AND present IS NOT NULL)::integer AS touched,
      count(*) FILTER (WHERE outcome = 'done')::integer AS done,
      count(*) FILTER (WHERE outcome = 'left')::integer AS left,
      array_agg(DISTINCT CASE kind WHEN 'policy' THEN coalesce(wanted, present) ->> 'project'
        ELSE split_part(key, '/', 1) END)
        FILTER (WHERE kind NOT IN ('account', 'endpoint', 'setting') AND key NOT LIKE '/%'
          AND (kind <> 'policy' OR coalesce(wanted, present) ->> 'project' IS NOT NULL))
        AS projects,
      array_agg(DISTINCT kind) FILTER (WHERE verdict IN ('create', 'change', 'remove')) AS kinds,
      coalesce(bool_or(kind IN ('account', 'endpoint', 'setting') OR key LIKE '/%'
        OR (kind = 'policy' AND coalesce(wanted, present) ->> 'project' IS NULL)
        OR (kind = 'project' AND (wanted IS NULL OR present IS NULL))), false) AS system
    FROM restore_item WHERE plan_id = ${id}
  `.execute(db);
  const { touched, done, left, projects, kinds, system } = rows[0]!;
  const request = row.request as RestoreRequest & { at?: string };
  return {
    id,
    request: { ...request, ...(request.at !== undefined && { at: new Date(request.at) }) },
    moment: row.moment,
    head: row.head,
    counts,
    unchangedTags: Math.max(0, tags - touched),
    bytes: Number(row.bytes),
    objections: row.objections,
    projects: projects ?? [],
    kinds: kinds ?? [],
    system,
    actor: row.actor,
    createdAt: row.created_at,
    executionId: row.execution_id,
    done,
    left,
  };
}

/** Which items of a plan: a page of those with a verdict or an outcome. */
export interface ItemQuery {
  readonly verdict?: Verdict;
  readonly outcome?: "done" | "left";
  readonly page: number;
  readonly pageSize: number;
}

/** A page of a plan's names, in the order in which they are done, and how many there are. */
export async function readRestoreItems(
  { db }: Pick<Catalog, "db">,
  id: number,
  { verdict, outcome, page, pageSize }: ItemQuery,
): Promise<{ items: PlanItem[]; total: number }> {
  let all = db.selectFrom("restore_item").where("plan_id", "=", id);
  if (verdict) all = all.where("verdict", "=", verdict);
  if (outcome) all = all.where("outcome", "=", outcome);
  const { total } = await all
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await all
    .select(["kind", "key", "verdict", "wanted", "present", "why", "outcome"])
    .orderBy("phase")
    .orderBy("rank")
    .orderBy("key")
    .limit(pageSize)
    .offset((page - 1) * pageSize)
    .execute();
  return { items: items as PlanItem[], total: Number(total) };
}
