import {
  parseQuery,
  parseSort,
  type Quota as ShownQuota,
  QUOTA_FIELDS,
  routes,
} from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { Quota } from "@entrepot/retention";
import { type ApiOptions, type App, needing } from "./app.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";

const { quotas } = routes;
const SORTS = ["hard.storage", "used.storage", "id", "name"] as const;

/** What quotas are ordered by. */
const VALUES: Readonly<Record<(typeof SORTS)[number], (quota: Quota) => number | string>> = {
  "hard.storage": ({ storage }) => (storage < 0 ? Infinity : storage),
  "used.storage": ({ used }) => used,
  id: ({ projectId }) => projectId,
  name: ({ project }) => project,
};

/** Adds quotas. */
export function addQuotas(app: App, options: ApiOptions): void {
  const { quotas: stored } = options.retention;

  app.openapi(needing(options, quotas.list), async (context) => {
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, QUOTA_FIELDS);
    const keys = parseSort(query.sort, SORTS);
    const wanted = (await stored.list()).filter(
      (quota) =>
        keeps(filter, { name: quota.project, id: quota.projectId }) &&
        (query.reference_id === undefined || query.reference_id === String(quota.projectId)),
    );
    const sorted = wanted.toSorted((a, b) => {
      for (const { field, descending } of keys) {
        const order = compare(VALUES[field](a), VALUES[field](b));
        if (order !== 0) return descending ? -order : order;
      }
      return a.projectId - b.projectId;
    });
    const { items, total } = pageOf(sorted, query);
    return paged(context, query, { items: items.map(shownQuota), total });
  });

  app.openapi(needing(options, quotas.get), async (context) => {
    const { id } = context.req.valid("param");
    const quota = await stored.get(id);
    if (!quota) throw missing(id);
    const [use] = await options.retention.use.projects(id);
    return context.json({ ...shownQuota(quota), history_bytes: use?.historyBytes ?? 0 }, 200);
  });

  app.openapi(needing(options, quotas.update), async (context) => {
    const { id } = context.req.valid("param");
    const { storage } = context.req.valid("json").hard;
    if (!(await stored.set(context.get("actor"), id, storage))) throw missing(id);
    return context.body(null, 200);
  });
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : Number(a > b);
}

function shownQuota(quota: Quota): ShownQuota {
  return {
    id: quota.projectId,
    ref: { id: quota.projectId, name: quota.project, owner_name: quota.owner },
    hard: { storage: quota.storage },
    used: { storage: quota.used },
    creation_time: quota.createdAt.toISOString(),
    update_time: quota.updatedAt.toISOString(),
  };
}

function missing(id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `quota ${id} does not exist`);
}
