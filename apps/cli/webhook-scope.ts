import type { NewWebhook, Webhook, WebhookDelivery } from "@entrepot/api";
import { RegistryError, routes } from "@entrepot/api/client";
import type { Call } from "./call.ts";
import { usageError } from "./exit-codes.ts";

/** Whose webhooks: a project's, or the system's. */
export interface Scope {
  readonly project?: string;
  readonly system?: boolean;
}

/** Webhooks of one scope. */
export interface Hooks {
  list(): AsyncIterable<Webhook>;
  /** The webhook of this name, else of this id. Throws NOT_FOUND. */
  named(text: string): Promise<Webhook>;
  create(body: NewWebhook): Promise<unknown>;
  update(id: number, body: NewWebhook): Promise<unknown>;
  remove(id: number): Promise<unknown>;
  test(id: number): Promise<unknown>;
  deliveries(id: number, query: { page_size: number }): AsyncIterable<WebhookDelivery>;
  redeliver(id: number, delivery: number): Promise<unknown>;
}

/** The webhooks that `scope` is about. Throws a usage error if it does not say which. */
export function hooksOf(call: Pick<Call, "api">, { project, system }: Scope): Hooks {
  if ((project === undefined) === (system !== true)) {
    throw usageError("say whose webhooks: --project <project>, or --system");
  }
  return withNames(project === undefined ? ofSystem(call) : ofProject(call, project));
}

type Plain = Omit<Hooks, "named">;

function ofProject({ api }: Pick<Call, "api">, project: string): Plain {
  const owner = { project_name_or_id: project };
  const one = (id: number) => ({ ...owner, webhook_policy_id: id });
  return {
    list: () => api.each(routes.webhooks.list, { params: owner }),
    create: (body) => api.webhooks.create({ params: owner, body }),
    update: (id, body) => api.webhooks.update({ params: one(id), body }),
    remove: (id) => api.webhooks.delete({ params: one(id) }),
    test: (id) => api.webhooks.test({ params: one(id) }),
    deliveries: (id, query) => api.each(routes.webhooks.deliveries, { params: one(id), query }),
    redeliver: (id, delivery) =>
      api.webhooks.redeliver({ params: { ...one(id), delivery_id: delivery } }),
  };
}

function ofSystem({ api }: Pick<Call, "api">): Plain {
  const { systemWebhooks: room } = routes;
  const one = (id: number) => ({ webhook_policy_id: id });
  return {
    list: () => api.each(room.list, { params: {} }),
    create: (body) => api.systemWebhooks.create({ params: {}, body }),
    update: (id, body) => api.systemWebhooks.update({ params: one(id), body }),
    remove: (id) => api.systemWebhooks.delete({ params: one(id) }),
    test: (id) => api.systemWebhooks.test({ params: one(id) }),
    deliveries: (id, query) => api.each(room.deliveries, { params: one(id), query }),
    redeliver: (id, delivery) =>
      api.systemWebhooks.redeliver({ params: { ...one(id), delivery_id: delivery } }),
  };
}

function withNames(plain: Plain): Hooks {
  return {
    ...plain,
    async named(text) {
      let byId: Webhook | undefined;
      for await (const webhook of plain.list()) {
        if (webhook.name === text) return webhook;
        if (String(webhook.id) === text) byId = webhook;
      }
      if (byId) return byId;
      const what = `there is no webhook '${text}'; 'entrepot webhook list' shows all`;
      throw new RegistryError("NOT_FOUND", what);
    },
  };
}
