import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Failure } from "./failure.ts";
import { LogQuery } from "./job-shapes.ts";
import { logAnswer, logDescription } from "./jobservice.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["replication"];
const byId = { params: z.object({ id: contract.Id }) };
const TaskParams = z.object({ id: contract.Id, task_id: contract.Id });

/** How a run of a policy stands. Source: Harbor, for replication only. */
export const ExecutionStatus = z.enum(["InProgress", "Succeed", "Failed", "Stopped"]);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** How a task stands. Scheduled, which is ours: it waits for a time, to be tried again. */
export const TaskStatus = z.enum([
  "Pending",
  "Scheduled",
  "InProgress",
  "Succeed",
  "Failed",
  "Stopped",
]);
export type TaskStatus = z.infer<typeof TaskStatus>;

/**
 * One run of a policy, with its tasks counted. `end_time` is absent while it runs.
 * `deletions_to_confirm` is there if it stopped before deleting more than the policy allows.
 */
export const Execution = z
  .object({
    id: z.int(),
    policy_id: z.int(),
    status: ExecutionStatus,
    status_text: z.string(),
    trigger: z.enum(["manual", "scheduled", "event_based", "catch_up"]),
    start_time: contract.Time,
    end_time: contract.Time.optional(),
    total: z.int(),
    failed: z.int(),
    succeed: z.int(),
    in_progress: z.int(),
    stopped: z.int(),
    deletions_to_confirm: z.int().optional(),
  })
  .openapi("ReplicationExecution");
export type Execution = z.infer<typeof Execution>;

/**
 * One step of a run; the first of a whole run is its `plan`, the last of an all-or-nothing run its
 * `move` of the tags. What Harbor does not tell: why it failed or what it waits for, how often it
 * was started, and how far it is. `stage` is `resolve`, `compare`, `check manifest`, `copy blobs`,
 * `push manifest` or `verify` of a copy; `bytes_per_second` is since its first byte, and
 * `seconds_left` follows from it, absent where nothing is under way.
 */
export const Task = z
  .object({
    id: z.int(),
    execution_id: z.int(),
    status: TaskStatus,
    status_text: z.string(),
    job_id: z.string(),
    operation: z.enum(["plan", "copy", "deletion", "tag deletion", "move"]),
    resource_type: z.string(),
    src_resource: z.string(),
    dst_resource: z.string(),
    attempts: z.int(),
    bytes_sent: z.int(),
    bytes_total: z.int().optional(),
    stage: z.string(),
    bytes_skipped: z.int(),
    bytes_mounted: z.int(),
    blobs_done: z.int(),
    blobs_total: z.int(),
    bytes_per_second: z.int(),
    seconds_left: z.int().optional(),
    failure: Failure.optional(),
    start_time: contract.Time,
    end_time: contract.Time.optional(),
  })
  .openapi("ReplicationTask");
export type Task = z.infer<typeof Task>;

/** The execution routes. */
export const executions = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/replication/executions",
    summary: "Runs of policies, newest first",
    tags,
    ...needs("account"),
    request: {
      query: PageQuery.extend({
        policy_id: contract.Id.optional(),
        status: ExecutionStatus.optional(),
        trigger: Execution.shape.trigger.optional(),
      }),
    },
    responses: { 200: page(Execution, "One page of runs."), ...errors(400, 422) },
  }),

  start: createRoute({
    method: "post",
    path: "/api/v2.0/replication/executions",
    summary: "Runs an enabled policy now",
    tags,
    ...needs("account"),
    description:
      "`confirm_deletions` agrees to so many deletions, whatever the policy's ceiling: as many " +
      "as an execution before has asked for.",
    request: {
      body: body(z.object({ policy_id: z.int(), confirm_deletions: z.int().min(1).optional() })),
    },
    responses: { 201: created, ...errors(400, 404, 412) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/replication/executions/{id}",
    summary: "A run",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: json(Execution, "The run."), ...errors(404) },
  }),

  stop: createRoute({
    method: "put",
    path: "/api/v2.0/replication/executions/{id}",
    summary: "Stops a run; if it has ended, nothing happens",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),

  retry: createRoute({
    method: "post",
    path: "/api/v2.0/replication/executions/{id}/retry",
    summary: "Runs the failed and stopped tasks of a run that has ended again, and no others",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404, 412) },
  }),

  tasks: createRoute({
    method: "get",
    path: "/api/v2.0/replication/executions/{id}/tasks",
    summary: "Tasks of a run",
    tags,
    ...needs("account"),
    request: { ...byId, query: PageQuery.extend({ status: TaskStatus.optional() }) },
    responses: { 200: page(Task, "One page of tasks."), ...errors(400, 404, 422) },
  }),

  taskLog: createRoute({
    method: "get",
    path: "/api/v2.0/replication/executions/{id}/tasks/{task_id}/log",
    summary: "A task's log",
    description: logDescription,
    tags,
    ...needs("account"),
    request: { params: TaskParams, query: LogQuery },
    responses: logAnswer,
  }),
};
