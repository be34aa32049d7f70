import {
  type Execution as ShownExecution,
  POLICY_FIELDS,
  parseQuery,
  routes,
  type Task as ShownTask,
} from "@entrepot/api";
import type { Execution, ExecutionStatus, Task, TaskStatus } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { type Policy, REPLICATE, type ReplicatePayload, VENDOR } from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";
import { settingsOf, shownPolicy } from "./policy-shape.ts";

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
    const running = {
      vendor: VENDOR,
      vendorId: id,
      status: "Running",
      page: 1,
      pageSize: 1,
    } as const;
    if ((await options.jobs.executions(running)).total > 0) {
      throw new RegistryError(
        "PRECONDITION",
        `replication policy ${id} has runs that have not ended; stop them first`,
      );
    }
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

const TASK_STATUS: Readonly<Record<TaskStatus, ShownTask["status"]>> = {
  ...STATUS,
  Pending: "Pending",
  Scheduled: "Scheduled",
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
    return paged(context, query, { items: items.map(shownExecution), total });
  });

  app.openapi({ ...executions.start, middleware }, async (context) => {
    const { policy_id: policyId } = context.req.valid("json");
    const id = await replication.run(policyId, "manual", context.get("actor"));
    context.header("Location", `/api/v2.0/replication/executions/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...executions.get, middleware }, async (context) => {
    const execution = await executionOf(options, context.req.valid("param").id);
    return context.json(shownExecution(execution), 200);
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
    const { after = 0 } = context.req.valid("query");
    const lines = await jobs.taskLog(taskId, after, 10_000);
    context.header("X-Log-Last", String(lines.at(-1)?.id ?? after));
    const text = lines.map((line) => `${line.at.toISOString()} [${line.level}] ${line.text}\n`);
    return context.text(text.join(""), 200);
  });
}

function shownExecution(execution: Execution): ShownExecution {
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
  };
}

function shownTask(task: Task): ShownTask {
  const { bytesSent = 0, bytesTotal } = task.progress;
  return {
    id: task.id,
    execution_id: task.executionId,
    status: TASK_STATUS[task.status],
    status_text: task.statusText,
    job_id: String(task.id),
    ...resourcesOf(task),
    attempts: task.attempts,
    bytes_sent: bytesSent,
    ...(bytesTotal !== undefined && { bytes_total: bytesTotal }),
    start_time: task.startTime.toISOString(),
    ...(task.endTime && { end_time: task.endTime.toISOString() }),
  };
}

function resourcesOf(task: Task) {
  if (task.kind !== REPLICATE) {
    return {
      operation: "plan" as const,
      resource_type: "policy",
      src_resource: "",
      dst_resource: "",
    };
  }
  const { operation, repository, reference, target } = task.payload as ReplicatePayload;
  const isDigest = reference.includes(":");
  const separator = isDigest ? "@" : ":";
  const deletion = isDigest ? ("deletion" as const) : ("tag deletion" as const);
  return {
    operation: operation === "copy" ? ("copy" as const) : deletion,
    resource_type: "image",
    src_resource: `${repository}${separator}${reference}`,
    dst_resource: `${target}${separator}${reference}`,
  };
}
