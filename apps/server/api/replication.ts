import { type Execution as ShownExecution, POLICY_FIELDS, parseQuery, routes } from "@entrepot/api";
import type { Execution, ExecutionStatus } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { heldDeletions, VENDOR } from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";
import { answerLog } from "./job-log.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";
import {
  ownedExecution,
  ownedPolicies,
  ownedPolicy,
  ownedProjects,
  ownSettings,
} from "./policy-rights.ts";
import { seenBy, settingsOf, shownPolicy } from "./policy-shape.ts";
import { shownTask, TASK_STATUS } from "./task-shape.ts";

const { policies, executions } = routes;

/** Adds replication policies, their runs, tasks and logs. */
export function addReplication(app: App, options: ApiOptions): void {
  addPolicies(app, options);
  addExecutions(app, options);
  addTasks(app, options);
}

function addPolicies(app: App, options: ApiOptions): void {
  const { endpoints, policies: stored } = options.replication;
  const middleware = requires(options, "account");

  app.openapi({ ...policies.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, POLICY_FIELDS);
    const owned = await ownedPolicies(options, context.get("identity"), "replication-policy:list");
    const all = owned.filter(
      (policy) => keeps(filter, policy) && policy.name.includes(query.name ?? ""),
    );
    const { items, total } = pageOf(all, query);
    const known = await endpoints.list();
    const shown = items.map((one) => seenBy(context.get("identity"), shownPolicy(one, known)));
    return paged(context, query, { items: shown, total });
  });

  app.openapi({ ...policies.create, middleware }, async (context) => {
    const given = settingsOf(context.req.valid("json"));
    const settings = await ownSettings(
      options,
      context.get("identity"),
      given,
      "replication-policy:create",
    );
    const id = await stored.create(settings, context.get("actor"));
    context.header("Location", `/api/v2.0/replication/policies/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...policies.get, middleware }, async (context) => {
    const identity = context.get("identity");
    const { id } = context.req.valid("param");
    const policy = await ownedPolicy(options, identity, id, "replication-policy:read");
    return context.json(seenBy(identity, shownPolicy(policy, await endpoints.list())), 200);
  });

  app.openapi({ ...policies.update, middleware }, async (context) => {
    const identity = context.get("identity");
    const { id } = context.req.valid("param");
    await ownedPolicy(options, identity, id, "replication-policy:update");
    const given = settingsOf(context.req.valid("json"));
    const settings = await ownSettings(options, identity, given, "replication-policy:update");
    await stored.update(id, settings, context.get("actor"));
    return context.body(null, 200);
  });

  app.openapi({ ...policies.delete, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await ownedPolicy(options, context.get("identity"), id, "replication-policy:delete");
    await stored.remove(id, context.get("actor"));
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

function addExecutions(app: App, options: ApiOptions): void {
  const { jobs, replication } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...executions.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const status = statusNamed(STATUS, query.status);
    const identity = context.get("identity");
    const owned = await ownedProjects(options, identity, "replication:list");
    const seen =
      owned && (await ownedPolicies(options, identity, "replication:list")).map(({ id }) => id);
    const { items, total } = await jobs.executions({
      vendor: VENDOR,
      ...(seen && { vendorIds: seen }),
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
    await ownedPolicy(options, context.get("identity"), policyId, "replication:create");
    const given = agreed === undefined ? {} : { confirmDeletions: agreed };
    const id = await replication.run(policyId, "manual", context.get("actor"), given);
    context.header("Location", `/api/v2.0/replication/executions/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...executions.get, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    const execution = await ownedExecution(
      options,
      context.get("identity"),
      id,
      "replication:read",
    );
    const [shown] = await shownExecutions(options, [execution]);
    return context.json(shown!, 200);
  });

  app.openapi({ ...executions.retry, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await ownedExecution(options, context.get("identity"), id, "replication:create");
    await jobs.retryExecution(id);
    return context.body(null, 200);
  });

  app.openapi({ ...executions.stop, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await ownedExecution(options, context.get("identity"), id, "replication:create");
    await replication.stop(id);
    return context.body(null, 200);
  });
}

function addTasks(app: App, options: ApiOptions): void {
  const { jobs } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...executions.tasks, middleware }, async (context) => {
    const query = context.req.valid("query");
    const { id } = context.req.valid("param");
    await ownedExecution(options, context.get("identity"), id, "replication:read");
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
    await ownedExecution(options, context.get("identity"), id, "replication:read");
    const task = await jobs.task(taskId);
    if (task?.executionId !== id) {
      throw new RegistryError("NOT_FOUND", `execution ${id} has no task ${taskId}`);
    }
    return answerLog(context, options, taskId, context.req.valid("query"));
  });
}

async function shownExecutions(
  { catalog }: ApiOptions,
  runs: readonly Execution[],
): Promise<ShownExecution[]> {
  const ids = runs.map(({ id }) => id);
  const held = await heldDeletions(catalog, ids);
  return runs.map((execution) => shownExecution(execution, held.get(execution.id)));
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
