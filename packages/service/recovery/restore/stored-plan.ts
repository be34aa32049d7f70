import type { Catalog } from "@entrepot/catalog";
import { sql } from "kysely";
import type { Counts, PlanItem, RestorePlan, RestoreRequest, Verdict } from "./ports.ts";

/** Of an item joined with its plan: null until its turn has come. */
const outcome = sql<"done" | "left" | null>`CASE
  WHEN verdict NOT IN ('create', 'change', 'remove') THEN NULL
  WHEN restore_item.why IS NOT NULL THEN 'left'
  WHEN (phase, rank) <= (done_phase, done_rank) THEN 'done' END`;

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
  const { unchangedTags, projects, kinds, system, ...counts } = row.counts as Summary;
  const request = row.request as RestoreRequest & { at?: string };
  return {
    id,
    request: { ...request, ...(request.at !== undefined && { at: new Date(request.at) }) },
    moment: row.moment,
    head: row.head,
    counts,
    unchangedTags,
    bytes: Number(row.bytes),
    objections: row.objections,
    projects,
    kinds,
    system,
    actor: row.actor,
    createdAt: row.created_at,
    executionId: row.execution_id,
    done: row.done,
    left: row.left_alone,
  };
}

/** What is stored with a plan, so that it need not be counted again. */
export type Summary = Counts & Pick<RestorePlan, "unchangedTags" | "projects" | "kinds" | "system">;

/** The summary of a plan whose items are decided; `tags` are in its scope as it is now. */
export async function summaryOf(
  db: Catalog["db"],
  id: number,
  counts: Counts,
  tags: number,
): Promise<Summary> {
  const { rows } = await sql<{
    touched: number;
    projects: string[] | null;
    kinds: string[] | null;
    system: boolean;
  }>`
    SELECT count(*) FILTER (WHERE kind = 'tag' AND present IS NOT NULL)::integer AS touched,
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
  const { touched, projects, kinds, system } = rows[0]!;
  return {
    ...counts,
    unchangedTags: Math.max(0, tags - touched),
    projects: projects ?? [],
    kinds: kinds ?? [],
    system,
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
  { verdict, outcome: wanted, page, pageSize }: ItemQuery,
): Promise<{ items: PlanItem[]; total: number }> {
  let all = db
    .selectFrom("restore_item")
    .innerJoin("restore_plan", "restore_plan.id", "restore_item.plan_id")
    .where("plan_id", "=", id);
  if (verdict) all = all.where("verdict", "=", verdict);
  if (wanted) all = all.where(outcome, "=", wanted);
  const { total } = await all
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await all
    .select(["kind", "key", "verdict", "wanted", "present", "why", outcome.as("outcome")])
    .orderBy("phase")
    .orderBy("rank")
    .limit(pageSize)
    .offset((page - 1) * pageSize)
    .execute();
  return { items: items as PlanItem[], total: Number(total) };
}
