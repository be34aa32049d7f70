import { type Execution as ShownExecution, POLICY_FIELDS, parseQuery, routes } from "@entrepot/api";
import type { Execution, ExecutionStatus } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { heldDeletions, type Policy, VENDOR } from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";
import { settingsOf, shownPolicy } from "./policy-shape.ts";
import { shownTask, TASK_STATUS } from "./task-shape.ts";

const { policies, executions } = routes;

/** Adds replication policies, their runs, tasks and logs. */
export function addReplication(app: App, options: ApiOptions): void {
  addPolicies(app, options);
  addExecutions(app, options);
  addTasks(app, options);
}

async function policyOf({ replication }: ApiOptions, id: number): Promise<Policy> {
  const policy = await replication.policies.get(id);
  if (!policy) throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
  return policy;
}

function addPolicies(app: App, options: ApiOptions): void {
  const { endpoints, policies: stored } = options.replication;
  const middleware = requires(options, "system");

  app.openapi({ ...policies.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, POLICY_FIELDS);
    const all = (await stored.list()).filter(
      (policy) => keeps(filter, policy) && policy.name.includes(query.name ?? ""),
    );
    const { items, total } = pageOf(all, query);
    const known = await endpoints.list();
    return paged(context, query, { items: items.map((one) => shownPolicy(one, known)), total });
  });

  app.openapi({ ...policies.create, middleware }, async (context) => {
    const settings = settingsOf(context.req.valid("json"));
    const id = await stored.create(settings, context.get("actor"));
    context.header("Location", `/api/v2.0/replication/policies/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...policies.get, middleware }, async (context) => {
    const policy = await policyOf(options, context.req.valid("param").id);
    return context.json(shownPolicy(policy, await endpoints.list()), 200);
  });

  app.openapi({ ...policies.update, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await stored.update(id, settingsOf(context.req.valid("json")), context.get("actor"));
    return context.body(null, 200);
  });

  app.openapi({ ...policies.delete, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    if (!(await stored.remove(id, context.get("actor")))) await policyOf(options, id);
    return context.body(null, 200);
  });
}

const STATUS: Readonly<Record<ExecutionStatus, ShownExecution["status"]>> = {
  Running: "InProgress",
  Success: "Succeed",
  Error: "Failed",
  Stopped: "Stopped",
};

/** Harbor's word back to ours. */
function statusNamed<S extends string>(table: Readonly<Record<S, string>>, shown?: string) {
  return (Object.keys(table) as S[]).find((status) => table[status] === shown);
}

async function executionOf({ jobs }: ApiOptions, id: number): Promise<Execution> {
  const execution = await jobs.execution(id);
  if (execution?.vendor === VENDOR) return execution;
  throw new RegistryError("NOT_FOUND", `replication execution ${id} does not exist`);
}

function addExecutions(app: App, options: ApiOptions): void {
  const { jobs, replication } = options;
  const middleware = requires(options, "system");

  app.openapi({ ...executions.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const status = statusNamed(STATUS, query.status);
    const { items, total } = await jobs.executions({
      vendor: VENDOR,
      ...(query.policy_id !== undefined && { vendorId: query.policy_id }),
      ...(status && { status }),
      ...(query.trigger && { trigger: query.trigger }),
      page: query.page,
      pageSize: query.page_size,
    });
    return paged(context, query, { items: await shownExecutions(options, items), total });
  });

  app.openapi({ ...executions.start, middleware }, async (context) => {
    const { policy_id: policyId, confirm_deletions: agreed } = context.req.valid("json");
    const given = agreed === undefined ? {} : { confirmDeletions: agreed };
    const id = await replication.run(policyId, "manual", context.get("actor"), given);
    context.header("Location", `/api/v2.0/replication/executions/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...executions.get, middleware }, async (context) => {
    const execution = await executionOf(options, context.req.valid("param").id);
    const [shown] = await shownExecutions(options, [execution]);
    return context.json(shown!, 200);
  });

  app.openapi({ ...executions.retry, middleware }, async (context) => {
    const { id } = await executionOf(options, context.req.valid("param").id);
    await jobs.retryExecution(id);
    return context.body(null, 200);
  });

  app.openapi({ ...executions.stop, middleware }, async (context) => {
    const { id } = await executionOf(options, context.req.valid("param").id);
    await replication.stop(id);
    return context.body(null, 200);
  });
}

function addTasks(app: App, options: ApiOptions): void {
  const { jobs } = options;
  const middleware = requires(options, "system");

  app.openapi({ ...executions.tasks, middleware }, async (context) => {
    const query = context.req.valid("query");
    const { id } = await executionOf(options, context.req.valid("param").id);
    const status = statusNamed(TASK_STATUS, query.status);
    const { items, total } = await jobs.tasks({
      executionId: id,
      ...(status && { status }),
      page: query.page,
      pageSize: query.page_size,
    });
    return paged(context, query, { items: items.map(shownTask), total });
  });

  app.openapi({ ...executions.taskLog, middleware }, async (context) => {
    const { id, task_id: taskId } = context.req.valid("param");
    const task = await jobs.task(taskId);
    if (task?.executionId !== id) {
      throw new RegistryError("NOT_FOUND", `execution ${id} has no task ${taskId}`);
    }
    return answerLog(context, options, taskId, context.req.valid("query"));
  });
}

async function shownExecutions(
  { catalog }: ApiOptions,
  executions: readonly Execution[],
): Promise<ShownExecution[]> {
  const ids = executions.map(({ id }) => id);
  const held = await heldDeletions(catalog, ids);
  return executions.map((execution) => shownExecution(execution, held.get(execution.id)));
}

function shownExecution(execution: Execution, held: number | undefined): ShownExecution {
  const { counts } = execution;
  const { Pending, Scheduled, Running, Success, Error, Stopped } = counts;
  return {
    id: execution.id,
    policy_id: execution.vendorId,
    status: STATUS[execution.status],
    status_text: execution.statusText,
    trigger: execution.trigger as ShownExecution["trigger"],
    start_time: execution.startTime.toISOString(),
    ...(execution.endTime && { end_time: execution.endTime.toISOString() }),
    total: Pending + Scheduled + Running + Success + Error + Stopped,
    failed: Error,
    succeed: Success,
    in_progress: Pending + Scheduled + Running,
    stopped: Stopped,
    ...(held !== undefined && { deletions_to_confirm: held }),
  };
}
