import {
  type Check as ShownCheck,
  type CheckFinding,
  type RepairItem,
  type RepairPlan as ShownPlan,
  routes,
} from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import {
  type Check,
  type Checks,
  type CheckParameters,
  type Finding,
  INFORMATION,
  type RepairPlan,
  type Repairs,
  type StoredItem,
} from "@entrepot/recovery";
import { type ApiOptions, type App, needing } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { paged } from "./paged.ts";

/** Adds checks, their schedule, and repairs. */
export function addChecks(app: App, options: ApiOptions): void {
  addSchedule(app, options);
  addRuns(app, options);
  addFindings(app, options);
  addRepairs(app, options);
}

function addRuns(app: App, options: ApiOptions): void {
  const { checks } = options;
  app.openapi(needing(options, routes.checks.list), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = await checks.list({ page: query.page, pageSize: query.page_size });
    return paged(context, query, { items: items.map(shownCheck), total });
  });
  app.openapi(needing(options, routes.checks.start), async (context) => {
    const parameters = parametersOf(context.req.valid("json"));
    const id = await checks.start(parameters, context.get("actor").name);
    context.header("Location", `${routes.checks.list.path}/${id}`);
    return context.body(null, 201);
  });
  app.openapi(needing(options, routes.checks.get), async (context) =>
    context.json(shownCheck(await checkOf(checks, context.req.valid("param").check_id)), 200),
  );
  app.openapi(needing(options, routes.checks.stop), async (context) => {
    const { execution } = await checkOf(checks, context.req.valid("param").check_id);
    await checks.stop(execution.id);
    return context.body(null, 200);
  });
  app.openapi(needing(options, routes.checks.log), async (context) => {
    const { taskId } = await checkOf(checks, context.req.valid("param").check_id);
    return answerLog(context, options, taskId, context.req.valid("query"));
  });
}

function addFindings(app: App, options: ApiOptions): void {
  const { checks } = options;
  app.openapi(needing(options, routes.checks.findings), async (context) => {
    const query = context.req.valid("query");
    const { execution } = await checkOf(checks, context.req.valid("param").check_id);
    const wanted = { class: query.class, page: query.page, pageSize: query.page_size };
    const { items, total } = await checks.findings(execution.id, wanted);
    return paged(context, query, { items: items.map(shownFinding), total });
  });
  app.openapi(needing(options, routes.checks.met), async (context) => {
    const query = context.req.valid("query");
    const wanted = { class: query.class, page: query.page, pageSize: query.page_size };
    const { items, total } = await checks.findings(null, wanted);
    return paged(context, query, { items: items.map(shownFinding), total });
  });
}

function addSchedule(app: App, options: ApiOptions): void {
  const { checks } = options;
  app.openapi(needing(options, routes.checks.schedule), async (context) => {
    const set = await checks.scheduled();
    const { quick, scope, bytesPerSecond } = set?.parameters ?? parametersOf({});
    const cron = set?.schedule.cron ?? "";
    return context.json({ cron, quick, scope, bytes_per_second: bytesPerSecond }, 200);
  });
  app.openapi(needing(options, routes.checks.setSchedule), async (context) => {
    const { cron, ...asked } = context.req.valid("json");
    await checks.schedule(cron === "" ? null : cron, parametersOf(asked));
    return context.body(null, 200);
  });
}

function addRepairs(app: App, options: ApiOptions): void {
  const { repairs } = options;
  app.openapi(needing(options, routes.repairs.plan), async (context) => {
    const { check_id: checkId } = context.req.valid("json");
    const { id } = await repairs.plan(context.get("actor"), checkId);
    context.header("Location", `${routes.repairs.plan.path}/${id}`);
    return context.body(null, 201);
  });
  app.openapi(needing(options, routes.repairs.get), async (context) =>
    context.json(shownPlan(await planOf(repairs, context.req.valid("param").id)), 200),
  );
  app.openapi(needing(options, routes.repairs.items), async (context) => {
    const query = context.req.valid("query");
    const { id } = await planOf(repairs, context.req.valid("param").id);
    const found = await repairs.items(id, { page: query.page, pageSize: query.page_size });
    return paged(context, query, { items: found.items.map(shownItem), total: found.total });
  });
  app.openapi(needing(options, routes.repairs.execute), async (context) => {
    const { id } = context.req.valid("param");
    const execution = await repairs.execute(id, context.get("actor"));
    context.header("Location", `/api/v2.0/jobservice/executions/${execution}`);
    return context.body(null, 201);
  });
}

async function checkOf(checks: Checks, id: number): Promise<Check> {
  const check = await checks.get(id);
  if (check) return check;
  throw new RegistryError("NOT_FOUND", `there is no check ${id}`);
}

async function planOf(repairs: Repairs, id: number): Promise<RepairPlan> {
  const plan = await repairs.get(id);
  if (plan) return plan;
  throw new RegistryError("NOT_FOUND", `repair plan ${id} does not exist`);
}

function parametersOf(given: {
  quick?: boolean | undefined;
  scope?: string | undefined;
  bytes_per_second?: number | undefined;
}): CheckParameters {
  const { quick = false, scope = "", bytes_per_second: bytesPerSecond = 0 } = given;
  return { quick, scope, bytesPerSecond };
}

function shownCheck(check: Check): ShownCheck {
  const { execution, parameters, report, counts } = check;
  const isWaiting = execution.status === "Running" && check.stage === "waiting";
  const damage = Object.entries(counts)
    .filter(([name]) => !INFORMATION.has(name as Finding["class"]))
    .reduce((sum, [, n]) => sum + n, 0);
  return {
    id: execution.id,
    status: isWaiting ? "Pending" : execution.status,
    status_text: check.statusText,
    trigger: execution.trigger,
    quick: parameters.quick,
    scope: parameters.scope,
    bytes_per_second: parameters.bytesPerSecond,
    stage: check.stage,
    blobs: report.blobs,
    blobs_read: report.blobsRead,
    bytes_read: report.bytesRead,
    manifests: report.manifests,
    counts: { ...counts },
    damage,
    start_time: execution.startTime.toISOString(),
    end_time: execution.endTime?.toISOString() ?? null,
  };
}

function shownFinding({ foundAt, harms, ...finding }: Finding): CheckFinding {
  const { class: kind, name, size, detail } = finding;
  return { class: kind, name, size, detail, harms: [...harms], found_at: foundAt.toISOString() };
}

function shownPlan(plan: RepairPlan): ShownPlan {
  return {
    id: plan.id,
    check_id: plan.checkId,
    creator: plan.actor,
    creation_time: plan.createdAt.toISOString(),
    counts: { ...plan.counts },
    outcomes: { ...plan.outcomes },
    execution_id: plan.execution?.id ?? null,
    status: plan.execution?.status ?? null,
  };
}

function shownItem({ copies, ...item }: StoredItem): RepairItem {
  return { ...item, copies: copies.map(({ label }) => label) };
}
