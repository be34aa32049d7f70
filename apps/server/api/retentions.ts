import type { Action } from "@entrepot/access";
import { type RetentionExecution, routes } from "@entrepot/api";
import type { Execution } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { RETENTION, type RetentionPolicy, type RunPlan } from "@entrepot/retention";
import type { Context } from "hono";
import { type ApiOptions, type App, type Env, requires, requiresIn } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { paged } from "./paged.ts";
import { METADATA, settingsOf, shownRetention, shownRun, shownVerdict } from "./retention-shape.ts";

const { retentions } = routes;

/** Adds retention policies, their runs and what these do. */
export function addRetentions(app: App, options: ApiOptions): void {
  addPolicies(app, options);
  addRuns(app, options);
  addTasks(app, options);
}

/** The policy of this id, in whose project the caller has the right. Throws NOT_FOUND. */
async function policyOf(
  options: ApiOptions,
  context: Context<Env>,
  id: number,
  action: Action<"tag-retention">,
): Promise<RetentionPolicy> {
  const policy = await options.retention.policies.get(id);
  // Whoever may not see the project is answered as if there were none.
  await requiresIn(options, context, policy?.projectId ?? 0, ["tag-retention", action]);
  if (policy) return policy;
  throw new RegistryError("NOT_FOUND", `retention policy ${id} does not exist`);
}

function addPolicies(app: App, options: ApiOptions): void {
  const { policies } = options.retention;
  const middleware = requires(options, "account");

  app.openapi({ ...retentions.metadata, middleware }, (context) => context.json(METADATA, 200));

  app.openapi({ ...retentions.create, middleware }, async (context) => {
    const body = context.req.valid("json");
    const projectId = body.scope.ref;
    await requiresIn(options, context, projectId, ["tag-retention", "create"]);
    const { name } = await options.catalog.db
      .selectFrom("project")
      .select("name")
      .where("id", "=", projectId)
      .executeTakeFirstOrThrow();
    const project = { id: projectId, name };
    const id = await policies.create(context.get("actor"), project, settingsOf(body));
    context.header("Location", `${retentions.create.path}/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...retentions.get, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    return context.json(shownRetention(await policyOf(options, context, id, "read")), 200);
  });

  app.openapi({ ...retentions.update, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    const body = context.req.valid("json");
    const { projectId } = await policyOf(options, context, id, "update");
    if (body.scope.ref !== projectId) {
      const text = `retention policy ${id} is of project ${projectId}, which cannot be changed`;
      throw new RegistryError("BAD_REQUEST", text);
    }
    await policies.update(context.get("actor"), id, settingsOf(body));
    return context.body(null, 200);
  });

  app.openapi({ ...retentions.delete, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await policyOf(options, context, id, "delete");
    await policies.remove(context.get("actor"), id);
    return context.body(null, 200);
  });
}

/** The run of the policy. Throws NOT_FOUND. */
async function runOf({ jobs }: ApiOptions, policyId: number, id: number): Promise<Execution> {
  const execution = await jobs.execution(id);
  if (execution?.vendor === RETENTION && execution.vendorId === policyId) return execution;
  throw new RegistryError("NOT_FOUND", `retention policy ${policyId} has no execution ${id}`);
}

function addRuns(app: App, options: ApiOptions): void {
  const { jobs, retention } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...retentions.start, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    const { dry_run: dryRun, plan_of: planOf } = context.req.valid("json");
    await policyOf(options, context, id, "operate");
    const actor = context.get("identity").name;
    const eid = await retention.runs.start(id, { dryRun, trigger: "manual", actor, planOf });
    context.header("Location", `${context.req.path}/${eid}`);
    return context.body(null, 201);
  });

  app.openapi({ ...retentions.executions, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    const query = context.req.valid("query");
    await policyOf(options, context, id, "read");
    const { items, total } = await jobs.executions({
      vendor: RETENTION,
      vendorId: id,
      page: query.page,
      pageSize: query.page_size,
    });
    return paged(context, query, { items: items.map(shownExecution), total });
  });

  app.openapi({ ...retentions.stop, middleware }, async (context) => {
    const { id, eid } = context.req.valid("param");
    await policyOf(options, context, id, "operate");
    await runOf(options, id, eid);
    await jobs.stopExecution(eid);
    return context.body(null, 200);
  });
}

function addTasks(app: App, options: ApiOptions): void {
  const { jobs, retention } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...retentions.tasks, middleware }, async (context) => {
    const { id, eid } = context.req.valid("param");
    const query = context.req.valid("query");
    await policyOf(options, context, id, "read");
    await runOf(options, id, eid);
    const asked = { executionId: eid, page: query.page, pageSize: query.page_size };
    const { items, total } = await jobs.tasks(asked);
    const counts = await retention.runs.counts(eid);
    return paged(context, query, { items: items.map((task) => shownRun(task, counts)), total });
  });

  app.openapi({ ...retentions.plan, middleware }, async (context) => {
    const { id, eid } = context.req.valid("param");
    const query = context.req.valid("query");
    await policyOf(options, context, id, "read");
    await runOf(options, id, eid);
    const { verdict, page, page_size: pageSize } = query;
    const { items, total } = await retention.runs.items(eid, { verdict, page, pageSize });
    return paged(context, query, { items: items.map(shownVerdict), total });
  });

  app.openapi({ ...retentions.taskLog, middleware }, async (context) => {
    const { id, eid, tid } = context.req.valid("param");
    await policyOf(options, context, id, "read");
    await runOf(options, id, eid);
    const task = await jobs.task(tid);
    if (task?.executionId !== eid) {
      throw new RegistryError("NOT_FOUND", `execution ${eid} has no task ${tid}`);
    }
    return answerLog(context, options, tid, context.req.valid("query"));
  });
}

function shownExecution(execution: Execution): RetentionExecution {
  return {
    id: execution.id,
    policy_id: execution.vendorId,
    status: execution.status,
    trigger: execution.trigger === "scheduled" ? "SCHEDULE" : "MANUAL",
    dry_run: (execution.plan as RunPlan).dryRun,
    start_time: execution.startTime.toISOString(),
    ...(execution.endTime && { end_time: execution.endTime.toISOString() }),
  };
}
