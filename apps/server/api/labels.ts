import type { Action } from "@entrepot/access";
import { type NewLabel, parseQuery, parseSort, routes } from "@entrepot/api";
import type { Label } from "@entrepot/content";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { sql } from "kysely";
import { type ApiOptions, type App, type Env, requires, requiresIn } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { shownLabel } from "./label-shape.ts";
import { paged } from "./paged.ts";
import { contains, orderOf, whereOf } from "./sql-filter.ts";

const { labels } = routes;
const FIELDS = { name: "text" } as const;
const COLUMNS = {
  id: sql`label.id`,
  name: sql`label.name`,
  creation_time: sql`label.created_at`,
  update_time: sql`label.updated_at`,
};

/** Adds labels, of the whole registry and of projects. */
export function addLabels(app: App, options: ApiOptions): void {
  addReading(app, options);
  addChanges(app, options);
}

function addReading(app: App, options: ApiOptions): void {
  const { db } = options.catalog;
  app.openapi(labels.list, async (context) => {
    const query = context.req.valid("query");
    const projectId = query.scope === "p" ? (query.project_id ?? null) : null;
    if (query.scope === "p" && projectId === null) {
      throw new RegistryError("BAD_REQUEST", "labels of scope p need a project_id");
    }
    if (projectId !== null) await allowed(options, context, projectId, "list");
    let rows = db
      .selectFrom("label")
      .selectAll()
      .where(sql<boolean>`coalesce(project_id, 0) = ${projectId ?? 0}::bigint`)
      .where(whereOf(parseQuery(query.q, FIELDS), { name: COLUMNS.name }));
    if (query.name) rows = rows.where(contains(COLUMNS.name, query.name));
    const keys = parseSort(query.sort, ["id", "name", "creation_time", "update_time"]);
    const order = orderOf(keys, COLUMNS, { standard: COLUMNS.name, last: COLUMNS.id });
    const { items, total } = await foundIn(options.catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownLabel), total });
  });

  app.openapi(labels.get, async (context) => {
    const label = await labelOf(options, context, context.req.valid("param").label_id, "read");
    return context.json(
      shownLabel({
        ...label,
        project_id: label.project?.id ?? null,
        created_at: label.createdAt,
        updated_at: label.updatedAt,
      }),
      200,
    );
  });
}

function addChanges(app: App, options: ApiOptions): void {
  const { labels: stored } = options.content;
  const middleware = requires(options, "account");

  app.openapi({ ...labels.create, middleware }, async (context) => {
    const { name, description, color, ...given } = context.req.valid("json");
    const projectId = projectOf(given);
    await allowed(options, context, projectId, "create");
    const settings = { name, description, color, projectId };
    const id = await stored.create(context.get("actor"), settings);
    context.header("Location", `/api/v2.0/labels/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...labels.update, middleware }, async (context) => {
    const { label_id: id } = context.req.valid("param");
    const before = await labelOf(options, context, id, "update");
    const { name, description, color } = { ...before, ...context.req.valid("json") };
    await stored.update(context.get("actor"), id, { name, description, color });
    return context.body(null, 200);
  });

  app.openapi({ ...labels.delete, middleware }, async (context) => {
    const { label_id: id } = context.req.valid("param");
    await labelOf(options, context, id, "delete");
    await stored.remove(context.get("actor"), id);
    return context.body(null, 200);
  });
}

function projectOf({ scope, project_id: id }: Pick<NewLabel, "scope" | "project_id">) {
  if (scope === "g") return null;
  if (id > 0) return id;
  throw new RegistryError("BAD_REQUEST", "a label of scope p needs the project_id of its project");
}

/** Label `id`, with which the caller may do `action`. Throws NOT_FOUND, and as `allowed` does. */
async function labelOf(
  options: ApiOptions,
  context: Context<Env>,
  id: number,
  action: Action<"label">,
): Promise<Label> {
  const label = await options.content.labels.get(id);
  if (!label) throw new RegistryError("NOT_FOUND", `label ${id} does not exist`);
  await allowed(options, context, label.project?.id ?? null, action);
  return label;
}

/** Throws unless the caller may do `action` with labels of a project; null: of the registry. */
async function allowed(
  options: ApiOptions,
  context: Context<Env>,
  projectId: number | null,
  action: Action<"label">,
): Promise<void> {
  if (projectId !== null) return requiresIn(options, context, projectId, ["label", action]);
  if (action === "list" || action === "read") return;
  await requires(options, `system:label:${action}`)(context, async () => undefined);
}
