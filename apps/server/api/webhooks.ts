import {
  type NewWebhook,
  routes,
  type Webhook as ShownWebhook,
  type WebhookDelivery,
} from "@entrepot/api";
import {
  type Delivery,
  EVENT_TYPES,
  PAYLOAD_FORMATS,
  type Webhook,
  WEBHOOK,
  type WebhookSettings,
} from "@entrepot/events";
import type { Execution, Task } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { type ApiOptions, type App, type Env, needing } from "./app.ts";
import { pageOf, paged } from "./paged.ts";

/** Shown in place of an auth header; sent back, it means the one that is there. */
const MASK = "******";

type ProjectRoutes = typeof routes.webhooks;
type Owner = { readonly id: number; readonly name: string } | null;

/** Adds webhooks: those of projects, and the system's own. */
export function addWebhooks(app: App, options: ApiOptions): void {
  addTo(app, options, routes.webhooks, (context) => context.get("project"));
  // The same routes under another path; what their handlers are given does not differ.
  addTo(app, options, routes.systemWebhooks as unknown as ProjectRoutes, () => null);
}

type OwnerOf = (context: Context<Env>) => Owner;

function addTo(app: App, options: ApiOptions, room: ProjectRoutes, ownerOf: OwnerOf): void {
  addPolicies(app, options, room, ownerOf);
  addDeliveries(app, options, room, ownerOf);
  addRuns(app, options, room, ownerOf);
}

async function webhookOf({ events }: ApiOptions, owner: Owner, id: number): Promise<Webhook> {
  const webhook = await events.webhooks.get(owner?.id ?? null, id);
  if (webhook) return webhook;
  throw new RegistryError("NOT_FOUND", `webhook ${id} does not exist`);
}

function addPolicies(app: App, options: ApiOptions, room: ProjectRoutes, ownerOf: OwnerOf): void {
  const { webhooks } = options.events;
  const projectId = (context: Context<Env>) => ownerOf(context)?.id ?? null;

  app.openapi(needing(options, room.events), (context) =>
    context.json(
      {
        event_type: [...EVENT_TYPES],
        notify_type: ["http"],
        payload_formats: [{ notify_type: "http", formats: [...PAYLOAD_FORMATS] }],
      },
      200,
    ),
  );

  app.openapi(needing(options, room.list), async (context) => {
    const query = context.req.valid("query");
    const all = await webhooks.list(projectId(context));
    const { items, total } = pageOf(all, query);
    return paged(context, query, { items: items.map(shownWebhook), total });
  });

  app.openapi(needing(options, room.create), async (context) => {
    const settings = settingsOf(context.req.valid("json"));
    const id = await webhooks.create(context.get("actor"), projectId(context), settings);
    context.header("Location", `${context.req.path}/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, room.get), async (context) => {
    const { webhook_policy_id: id } = context.req.valid("param");
    return context.json(shownWebhook(await webhookOf(options, ownerOf(context), id)), 200);
  });

  app.openapi(needing(options, room.update), async (context) => {
    const { webhook_policy_id: id } = context.req.valid("param");
    const settings = settingsOf(context.req.valid("json"));
    await webhooks.update(context.get("actor"), projectId(context), id, settings);
    return context.body(null, 200);
  });

  app.openapi(needing(options, room.delete), async (context) => {
    const { webhook_policy_id: id } = context.req.valid("param");
    if (!(await webhooks.remove(context.get("actor"), projectId(context), id))) {
      await webhookOf(options, ownerOf(context), id);
    }
    return context.body(null, 200);
  });
}

function addDeliveries(app: App, options: ApiOptions, room: ProjectRoutes, ownerOf: OwnerOf): void {
  const { deliveries } = options.events;

  app.openapi(needing(options, room.test), async (context) => {
    const owner = ownerOf(context);
    const webhook = await webhookOf(options, owner, context.req.valid("param").webhook_policy_id);
    if (!webhook.enabled) {
      const text = `webhook '${webhook.name}' is disabled; enable it first`;
      throw new RegistryError("PRECONDITION", text);
    }
    const name = context.get("identity").name;
    const id = await deliveries.test(webhook, owner?.name ?? null, name);
    context.header("Location", `${context.req.path.replace(/test$/, "deliveries")}/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, room.deliveries), async (context) => {
    const query = context.req.valid("query");
    const { webhook_policy_id: id } = context.req.valid("param");
    const webhook = await webhookOf(options, ownerOf(context), id);
    const found = await deliveries.list(webhook.id, {
      page: query.page,
      pageSize: query.page_size,
    });
    return paged(context, query, { ...found, items: found.items.map(shownDelivery) });
  });

  app.openapi(needing(options, room.redeliver), async (context) => {
    const { webhook_policy_id: id, delivery_id: deliveryId } = context.req.valid("param");
    await webhookOf(options, ownerOf(context), id);
    await deliveries.again(id, deliveryId);
    return context.body(null, 200);
  });
}

function addRuns(app: App, options: ApiOptions, room: ProjectRoutes, ownerOf: OwnerOf): void {
  const { jobs } = options;
  const runOf = async (owner: Owner, webhookId: number, id: number) => {
    await webhookOf(options, owner, webhookId);
    const execution = await jobs.execution(id);
    if (execution?.vendor === WEBHOOK && execution.vendorId === webhookId) return execution;
    throw new RegistryError("NOT_FOUND", `webhook ${webhookId} has no execution ${id}`);
  };

  app.openapi(needing(options, room.executions), async (context) => {
    const query = context.req.valid("query");
    const { webhook_policy_id: id } = context.req.valid("param");
    await webhookOf(options, ownerOf(context), id);
    const { items, total } = await jobs.executions({
      vendor: WEBHOOK,
      vendorId: id,
      page: query.page,
      pageSize: query.page_size,
    });
    return paged(context, query, { items: items.map(shownExecution), total });
  });

  app.openapi(needing(options, room.tasks), async (context) => {
    const query = context.req.valid("query");
    const { webhook_policy_id: webhookId, execution_id: id } = context.req.valid("param");
    await runOf(ownerOf(context), webhookId, id);
    const found = await jobs.tasks({
      executionId: id,
      page: query.page,
      pageSize: query.page_size,
    });
    return paged(context, query, { items: found.items.map(shownTask), total: found.total });
  });

  app.openapi(needing(options, room.taskLog), async (context) => {
    const given = context.req.valid("param");
    const { id } = await runOf(ownerOf(context), given.webhook_policy_id, given.execution_id);
    const task = await jobs.task(given.task_id);
    if (task?.executionId !== id) {
      throw new RegistryError("NOT_FOUND", `execution ${id} has no task ${given.task_id}`);
    }
    const lines = await jobs.taskLog(task.id, 0, 1_000);
    const text = lines.map((line) => `${line.at.toISOString()} [${line.level}] ${line.text}\n`);
    return context.text(text.join(""), 200);
  });
}

function settingsOf(given: NewWebhook): WebhookSettings {
  const target = given.targets[0]!;
  return {
    name: given.name,
    description: given.description,
    enabled: given.enabled,
    eventTypes: [...new Set(given.event_types)],
    address: target.address,
    format: target.payload_format,
    authHeader: target.auth_header === MASK ? undefined : target.auth_header,
    secret: target.secret,
    skipCertVerify: target.skip_cert_verify,
    outcome: given.replication_outcome,
    lagSeconds: given.lag_seconds,
  };
}

function shownWebhook(webhook: Webhook): ShownWebhook {
  return {
    id: webhook.id,
    project_id: webhook.projectId ?? 0,
    name: webhook.name,
    description: webhook.description,
    enabled: webhook.enabled,
    event_types: [...webhook.eventTypes],
    targets: [
      {
        type: "http",
        address: webhook.address,
        // What is secret is not shown; that there is one is.
        auth_header: webhook.hasAuthHeader ? MASK : "",
        has_secret: webhook.hasSecret,
        skip_cert_verify: webhook.skipCertVerify,
        payload_format: webhook.format,
      },
    ],
    replication_outcome: webhook.outcome,
    lag_seconds: webhook.lagSeconds,
    creator: webhook.creator,
    creation_time: webhook.createdAt.toISOString(),
    update_time: webhook.updatedAt.toISOString(),
  };
}

function shownDelivery(delivery: Delivery): WebhookDelivery {
  return {
    id: delivery.id,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    status: delivery.status,
    attempts: delivery.attempts,
    status_code: delivery.statusCode,
    duration_ms: delivery.durationMs,
    answer: delivery.answer,
    error: delivery.error,
    body: delivery.body,
    execution_id: delivery.executionId,
    creation_time: delivery.createdAt.toISOString(),
    attempt_time: delivery.attemptedAt?.toISOString() ?? null,
  };
}

function shownExecution(execution: Execution) {
  return {
    id: execution.id,
    vendor_type: execution.vendor,
    vendor_id: execution.vendorId,
    status: execution.status,
    status_message: execution.statusText,
    trigger: execution.trigger,
    start_time: execution.startTime.toISOString(),
    ...(execution.endTime && { end_time: execution.endTime.toISOString() }),
  };
}

function shownTask(task: Task) {
  return {
    id: task.id,
    execution_id: task.executionId,
    status: task.status,
    status_message: task.statusText,
    run_count: task.attempts,
    start_time: task.startTime.toISOString(),
    ...(task.endTime && { end_time: task.endTime.toISOString() }),
  };
}
