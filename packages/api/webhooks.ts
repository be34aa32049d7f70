import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page, text } = contract;
const tags = ["webhook"];
const inProject = "/api/v2.0/projects/{project_name_or_id}/webhook";
const inSystem = "/api/v2.0/system/webhook";
const headers = contract.ProjectHeaders;

/** What webhooks can be told of; those of lag, tags and recovery are ours. */
export const WebhookEventType = z.enum([
  "PUSH_ARTIFACT",
  "PULL_ARTIFACT",
  "DELETE_ARTIFACT",
  "CREATE_TAG",
  "DELETE_TAG",
  "REPLICATION",
  "REPLICATION_LAG",
  "BACKUP_FAILED",
  "DRILL_FAILED",
]);
export type WebhookEventType = z.infer<typeof WebhookEventType>;

/**
 * Where a webhook's events go. `auth_header` (sent as Authorization) and `secret` (ours, it signs
 * each delivery) are never shown; left out, they stay as they are; empty, they are removed. An
 * `auth_header` is shown as `******`, which may be sent back: it stays.
 */
export const WebhookTarget = z
  .object({
    type: z.literal("http").default("http"),
    address: z.string().max(2_048),
    auth_header: z.string().max(4_096).optional(),
    secret: z.string().max(256).optional(),
    skip_cert_verify: z.boolean().default(false),
    payload_format: z.enum(["Default", "CloudEvents"]).default("Default"),
  })
  .openapi("WebhookTargetObject");

/**
 * What a webhook is created with, and what replaces it. One target. `replication_outcome` and
 * `lag_seconds` are ours: of which ends of replication to tell, and from which lag on.
 */
export const NewWebhook = z
  .object({
    name: z.string(),
    description: z.string().max(1_024).default(""),
    enabled: z.boolean().default(true),
    event_types: z.array(WebhookEventType).min(1),
    targets: z.array(WebhookTarget).length(1),
    replication_outcome: z.enum(["all", "failed", "succeeded"]).default("all"),
    lag_seconds: z.int().positive().default(900),
  })
  .openapi("NewWebhookPolicy");
export type NewWebhook = z.infer<typeof NewWebhook>;

/** A webhook. `project_id` is 0 for the system's. Source: Harbor API v2.0 WebhookPolicy. */
export const Webhook = z
  .object({
    id: z.int(),
    project_id: z.int(),
    name: z.string(),
    description: z.string(),
    enabled: z.boolean(),
    event_types: z.array(WebhookEventType),
    targets: z.array(
      z.object({
        type: z.literal("http"),
        address: z.string(),
        auth_header: z.string(),
        has_secret: z.boolean(),
        skip_cert_verify: z.boolean(),
        payload_format: z.enum(["Default", "CloudEvents"]),
      }),
    ),
    replication_outcome: z.enum(["all", "failed", "succeeded"]),
    lag_seconds: z.int(),
    creator: z.string(),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("WebhookPolicy");
export type Webhook = z.infer<typeof Webhook>;

/** One telling of a webhook; `event_id` stays the same however often it is told. */
export const WebhookDelivery = z
  .object({
    id: z.int(),
    event_id: z.string(),
    event_type: z.string(),
    status: z.enum(["Pending", "Success", "Error"]),
    attempts: z.int(),
    status_code: z.int().nullable(),
    duration_ms: z.int().nullable(),
    answer: z.string().openapi({ description: "The first KiB of the last answer." }),
    error: z.string(),
    body: z.string(),
    execution_id: z.int().nullable(),
    creation_time: contract.Time,
    attempt_time: contract.Time.nullable(),
  })
  .openapi("WebhookDelivery");
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

const SupportedEvents = z
  .object({
    event_type: z.array(WebhookEventType),
    notify_type: z.array(z.string()),
    payload_formats: z.array(z.object({ notify_type: z.string(), formats: z.array(z.string()) })),
  })
  .openapi("SupportedWebhookEventTypes");

const WebhookExecution = z
  .object({
    id: z.int(),
    vendor_type: z.string(),
    vendor_id: z.int(),
    status: z.string(),
    status_message: z.string(),
    trigger: z.string(),
    start_time: contract.Time,
    end_time: contract.Time.optional(),
  })
  .openapi("WebhookExecution");

const WebhookTask = z
  .object({
    id: z.int(),
    execution_id: z.int(),
    status: z.string(),
    status_message: z.string(),
    run_count: z.int(),
    start_time: contract.Time,
    end_time: contract.Time.optional(),
  })
  .openapi("WebhookTask");

/** The routes of a project's webhooks. */
export const webhooks = routesOf(inProject, contract.ProjectParams, headers, {
  list: "notification-policy:list",
  read: "notification-policy:read",
  create: "notification-policy:create",
  update: "notification-policy:update",
  delete: "notification-policy:delete",
});

/** The same of the system's own: ours, Harbor has none. */
export const systemWebhooks = routesOf(inSystem, z.object({}), z.object({}), {
  list: "system",
  read: "system",
  create: "system",
  update: "system",
  delete: "system",
});

/** The rights that each action needs. */
type Rights = {
  readonly [A in "list" | "read" | "create" | "update" | "delete"]:
    | `notification-policy:${A}`
    | "system";
};

function routesOf<
  B extends typeof inProject | typeof inSystem,
  P extends z.ZodRawShape,
  H extends z.ZodRawShape,
>(base: B, params: z.ZodObject<P>, given: z.ZodObject<H>, rights: Rights) {
  return {
    ...policyRoutes(base, params, given, rights),
    ...deliveryRoutes(base, params, given, rights),
    ...runRoutes(base, params, given, rights),
  };
}

function policyRoutes<
  B extends typeof inProject | typeof inSystem,
  P extends z.ZodRawShape,
  H extends z.ZodRawShape,
>(base: B, params: z.ZodObject<P>, given: z.ZodObject<H>, rights: Rights) {
  const one = params.extend({ webhook_policy_id: contract.Id });
  return {
    events: createRoute({
      method: "get",
      path: `${base}/events`,
      summary: "What webhooks can be told of, and how",
      tags,
      ...needs(rights.list),
      request: { params, headers: given },
      responses: { 200: json(SupportedEvents, "What, and how."), ...errors(404) },
    }),
    list: createRoute({
      method: "get",
      path: `${base}/policies`,
      summary: "Webhooks",
      tags,
      ...needs(rights.list),
      request: { params, headers: given, query: PageQuery },
      responses: { 200: page(Webhook, "One page of webhooks."), ...errors(404, 422) },
    }),
    create: createRoute({
      method: "post",
      path: `${base}/policies`,
      summary: "Creates a webhook",
      tags,
      ...needs(rights.create),
      request: { params, headers: given, body: body(NewWebhook) },
      responses: { 201: created, ...errors(400, 404, 409) },
    }),
    get: createRoute({
      method: "get",
      path: `${base}/policies/{webhook_policy_id}`,
      summary: "A webhook",
      tags,
      ...needs(rights.read),
      request: { params: one, headers: given },
      responses: { 200: json(Webhook, "The webhook."), ...errors(404) },
    }),
    update: createRoute({
      method: "put",
      path: `${base}/policies/{webhook_policy_id}`,
      summary: "Changes a webhook",
      tags,
      ...needs(rights.update),
      request: { params: one, headers: given, body: body(NewWebhook) },
      responses: { 200: done, ...errors(400, 404, 409) },
    }),
    delete: createRoute({
      method: "delete",
      path: `${base}/policies/{webhook_policy_id}`,
      summary: "Deletes a webhook with its deliveries",
      tags,
      ...needs(rights.delete),
      request: { params: one, headers: given },
      responses: { 200: done, ...errors(404) },
    }),
  };
}

function deliveryRoutes<
  B extends typeof inProject | typeof inSystem,
  P extends z.ZodRawShape,
  H extends z.ZodRawShape,
>(base: B, params: z.ZodObject<P>, given: z.ZodObject<H>, rights: Rights) {
  const one = params.extend({ webhook_policy_id: contract.Id });
  const delivery = one.extend({ delivery_id: contract.Id });
  return {
    test: createRoute({
      method: "post",
      path: `${base}/policies/{webhook_policy_id}/test`,
      summary: "Tells a webhook of a push that has not happened",
      tags,
      ...needs(rights.update),
      request: { params: one, headers: given },
      responses: { 201: created, ...errors(404) },
    }),
    deliveries: createRoute({
      method: "get",
      path: `${base}/policies/{webhook_policy_id}/deliveries`,
      summary: "What a webhook was told, newest first",
      tags,
      ...needs(rights.read),
      request: { params: one, headers: given, query: PageQuery },
      responses: { 200: page(WebhookDelivery, "One page of deliveries."), ...errors(404, 422) },
    }),
    redeliver: createRoute({
      method: "post",
      path: `${base}/policies/{webhook_policy_id}/deliveries/{delivery_id}/redeliver`,
      summary: "Tells it once more, under the same id",
      tags,
      ...needs(rights.update),
      request: { params: delivery, headers: given },
      responses: { 200: done, ...errors(404, 412) },
    }),
  };
}

function runRoutes<
  B extends typeof inProject | typeof inSystem,
  P extends z.ZodRawShape,
  H extends z.ZodRawShape,
>(base: B, params: z.ZodObject<P>, given: z.ZodObject<H>, rights: Rights) {
  const one = params.extend({ webhook_policy_id: contract.Id });
  const execution = one.extend({ execution_id: contract.Id });
  const task = execution.extend({ task_id: contract.Id });
  return {
    executions: createRoute({
      method: "get",
      path: `${base}/policies/{webhook_policy_id}/executions`,
      summary: "Runs of a webhook's deliveries, newest first",
      tags,
      ...needs(rights.read),
      request: { params: one, headers: given, query: PageQuery },
      responses: { 200: page(WebhookExecution, "One page of runs."), ...errors(404, 422) },
    }),
    tasks: createRoute({
      method: "get",
      path: `${base}/policies/{webhook_policy_id}/executions/{execution_id}/tasks`,
      summary: "Tasks of a run",
      tags,
      ...needs(rights.read),
      request: { params: execution, headers: given, query: PageQuery },
      responses: { 200: page(WebhookTask, "One page of tasks."), ...errors(404, 422) },
    }),
    taskLog: createRoute({
      method: "get",
      path: `${base}/policies/{webhook_policy_id}/executions/{execution_id}/tasks/{task_id}/log`,
      summary: "A task's log",
      tags,
      ...needs(rights.read),
      request: { params: task, headers: given },
      responses: { 200: text("Lines, oldest first."), ...errors(404) },
    }),
  };
}
