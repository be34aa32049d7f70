import type { Actor } from "@entrepot/catalog";
import type { Execution, Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { copiesNearby, findCopies } from "./find-copies.ts";
import { readFindings } from "./findings.ts";
import type { Checks } from "./open-checks.ts";
import { planRepair, type RepairAct, type RepairItem, type RepairOutcome } from "./plan-repair.ts";
import type { Finding } from "./ports.ts";
import { REPAIR, type RepairContext, repairTask } from "./repair-task.ts";

/** Findings planned for at most; the rest is another plan's. */
const MOST = 100_000;
const PAGE = 500;

/** What is to be done about what a check found; stored, and as it was when it was made. */
export interface RepairPlan {
  readonly id: number;
  /** The check. */
  readonly checkId: number;
  readonly actor: string;
  readonly createdAt: Date;
  readonly counts: Readonly<Partial<Record<RepairAct, number>>>;
  readonly outcomes: Readonly<Partial<Record<RepairOutcome, number>>>;
  /** Its newest run. */
  readonly execution: Execution | null;
}

/** An item, and what came of it; null until it was its turn. */
export type StoredItem = RepairItem & {
  readonly outcome: RepairOutcome | null;
  readonly result: string;
};

/** Repairs of what checks and pulls found. */
export interface Repairs {
  /**
   * Plans for check `checkId` (the newest if absent) and what pulls have met. Asks other places.
   * Throws NOT_FOUND.
   */
  plan(actor: Actor, checkId?: number): Promise<RepairPlan>;
  get(id: number): Promise<RepairPlan | null>;
  items(
    id: number,
    query: { page: number; pageSize: number },
  ): Promise<{ items: StoredItem[]; total: number }>;
  /** Carries a plan out; returns the execution's id. Throws NOT_FOUND, CONFLICT if it was. */
  execute(id: number, actor: Actor): Promise<number>;
}

/** Opens repairs; before `jobs.start`. */
export function openRepairs(
  options: RepairContext & { readonly jobs: Jobs; readonly checks: Pick<Checks, "get" | "last"> },
): Repairs {
  const { catalog, store, jobs, checks } = options;
  const context = { catalog, store, copies: copiesNearby(catalog, store, options.copies) };
  jobs.handle(repairTask(context));

  const get = async (id: number): Promise<RepairPlan | null> => {
    const row = await catalog.db
      .selectFrom("repair_plan")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (!row) return null;
    return {
      id,
      checkId: row.check_id,
      actor: row.actor,
      createdAt: row.created_at,
      counts: await countBy(catalog.db, id, "act"),
      outcomes: await countBy(catalog.db, id, "outcome"),
      execution: row.execution_id === null ? null : await jobs.execution(row.execution_id),
    };
  };

  return {
    get,
    async plan(actor, checkId) {
      const check = checkId === undefined ? await checks.last() : await checks.get(checkId);
      if (!check) {
        const which = checkId === undefined ? "no check has ended" : `there is no check ${checkId}`;
        throw new RegistryError("NOT_FOUND", `${which}; run one (entrepot check --wait)`);
      }
      const findings = await allFindings(context, check.execution.id);
      const bytes = findings.filter((one) =>
        ["missing", "truncated", "corrupt", "manifest-bytes"].includes(one.class),
      );
      const copiesOf = await findCopies(catalog, context.copies, bytes);
      const items = planRepair(findings, copiesOf);
      return (await get(await storePlan(context, actor, check.execution.id, items)))!;
    },
    items: (id, query) => readItems(catalog.db, id, query),
    execute: (id, actor) => execute(options, id, actor),
  };
}

/** What the check found, and what pulls have met since and it has not. */
async function allFindings({ catalog }: RepairContext, checkId: number): Promise<Finding[]> {
  const found = new Map<string, Finding>();
  for (const id of [checkId, null]) {
    for (let page = 1; found.size < MOST; page++) {
      const { items } = await readFindings(catalog, id, { page, pageSize: PAGE });
      for (const item of items) {
        if (!found.has(item.name)) found.set(`${item.name}`, item);
        // A manifest's row can be wrong in more than one way.
        else if (id !== null) found.set(`${item.class} ${item.name}`, item);
      }
      if (items.length < PAGE) break;
    }
  }
  return [...found.values()];
}

async function storePlan(
  { catalog }: RepairContext,
  actor: Actor,
  checkId: number,
  items: readonly RepairItem[],
): Promise<number> {
  return catalog.transaction(async (db) => {
    const { id } = await db
      .insertInto("repair_plan")
      .values({ actor: actor.name, check_id: checkId })
      .returning("id")
      .executeTakeFirstOrThrow();
    const json = JSON.stringify(items.map((item, n) => ({ ...item, n })));
    await sql`
      INSERT INTO repair_item (plan_id, n, class, name, size, act, copies, why)
      SELECT ${id}, n, class, name, size, act, copies, why
      FROM jsonb_to_recordset(${json}::jsonb) AS k
        (n integer, class text, name text, size bigint, act text, copies jsonb, why text)
    `.execute(db);
    // Plans that nobody carried out, and old ones.
    await sql`DELETE FROM repair_plan WHERE created_at < now() - interval '90 days'`.execute(db);
    return id;
  });
}

async function countBy(
  db: RepairContext["catalog"]["db"],
  id: number,
  column: "act" | "outcome",
): Promise<Record<string, number>> {
  const { rows } = await sql<{ name: string; n: number }>`
    SELECT ${sql.ref(column)} AS name, count(*)::integer AS n FROM repair_item
    WHERE plan_id = ${id} AND ${sql.ref(column)} IS NOT NULL GROUP BY 1 ORDER BY 1`.execute(db);
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
}

async function readItems(
  db: RepairContext["catalog"]["db"],
  id: number,
  { page, pageSize }: { page: number; pageSize: number },
): Promise<{ items: StoredItem[]; total: number }> {
  const all = db.selectFrom("repair_item").where("plan_id", "=", id);
  const { total } = await all
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  const items = await all
    .select(["class", "name", "size", "act", "copies", "why", "outcome", "result"])
    .orderBy("n")
    .limit(pageSize)
    .offset((page - 1) * pageSize)
    .execute();
  return { items: items as unknown as StoredItem[], total: Number(total) };
}

async function execute(
  { catalog, jobs }: RepairContext & { readonly jobs: Jobs },
  id: number,
  actor: Actor,
): Promise<number> {
  return catalog.transaction(async (db) => {
    const row = await db
      .selectFrom("repair_plan")
      .select("execution_id")
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw new RegistryError("NOT_FOUND", `repair plan ${id} does not exist`);
    const before = row.execution_id === null ? null : await jobs.execution(row.execution_id);
    if (before?.status === "Running" || before?.status === "Success") {
      const is = before.status === "Running" ? "is being" : "has been";
      throw new RegistryError("CONFLICT", `repair plan ${id} ${is} carried out; make another`);
    }
    const payload = { actor: actor.name };
    const whose = { vendor: REPAIR, vendorId: id, trigger: "manual", actor: actor.name };
    const tasks = [{ kind: REPAIR, lane: REPAIR, payload }];
    const executionId = await jobs.execute({ ...whose, plan: { plan_id: id }, tasks }, db);
    const set = { execution_id: executionId };
    await db.updateTable("repair_plan").set(set).where("id", "=", id).execute();
    return executionId;
  });
}
