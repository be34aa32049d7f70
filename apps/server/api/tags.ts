import { parseQuery, parseSort, routes, TAG_FIELDS } from "@entrepot/api";
import { parseTag, RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { type ApiOptions, type App, requires } from "./app.ts";
import { shownTag, tagRows } from "./artifact-parts.ts";
import { artifactAt } from "./artifact-rows.ts";
import { foundIn } from "./found-in.ts";
import { paged } from "./paged.ts";
import { repositoryNamed } from "./repository-rows.ts";
import { orderOf, whereOf } from "./sql-filter.ts";

const { tags } = routes;
const COLUMNS = { name: sql`tag.name`, push_time: sql`tag.pushed_at` };
const SORTS = ["name", "push_time"] as const;

/** Adds an artifact's tags. */
export function addTags(app: App, options: ApiOptions): void {
  addList(app, options);
  addChanges(app, options);
}

function addList(app: App, options: ApiOptions): void {
  const middleware = requires(options, "tag:list");
  app.openapi({ ...tags.list, middleware }, async (context) => {
    const { repository_name: name, reference } = context.req.valid("param");
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, TAG_FIELDS);
    const order = orderOf(parseSort(query.sort, SORTS), COLUMNS, {
      standard: sql`tag.pushed_at DESC`,
      last: sql`tag.id DESC`,
    });
    const repository = await repositoryNamed(options, `${context.get("project").name}/${name}`);
    const { digest } = await artifactAt(options, repository, reference);
    const rows = tagRows(options.catalog, repository.id)
      .where("tag.digest", "=", digest)
      .where(whereOf(filter, COLUMNS));
    const { items, total } = await foundIn(options.catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownTag), total });
  });
}

function addChanges(app: App, options: ApiOptions): void {
  const { catalog, content } = options;

  app.openapi({ ...tags.create, middleware: requires(options, "tag:create") }, async (context) => {
    const { repository_name: repositoryName, reference } = context.req.valid("param");
    const name = parseTag(context.req.valid("json").name);
    const project = context.get("project").name;
    const repository = await repositoryNamed(options, `${project}/${repositoryName}`);
    const { digest } = await artifactAt(options, repository, reference);
    const taken = await tagRows(catalog, repository.id)
      .where("tag.name", "=", name)
      .executeTakeFirst();
    if (taken) {
      throw new RegistryError(
        "CONFLICT",
        `tag '${name}' exists in '${repository.name}' already; push to it, or delete it first`,
      );
    }
    const target = content.as(context.get("actor")).repository(repository.name);
    await target.tag(name, digest as never);
    context.header("Location", `${new URL(context.req.url).pathname}/${name}`);
    return context.body(null, 201);
  });

  app.openapi({ ...tags.delete, middleware: requires(options, "tag:delete") }, async (context) => {
    const {
      repository_name: repositoryName,
      reference,
      tag_name: name,
    } = context.req.valid("param");
    const project = context.get("project").name;
    const repository = await repositoryNamed(options, `${project}/${repositoryName}`);
    const { digest } = await artifactAt(options, repository, reference);
    const attached = await tagRows(catalog, repository.id)
      .where("tag.name", "=", name)
      .where("tag.digest", "=", digest)
      .executeTakeFirst();
    const target = content.as(context.get("actor")).repository(repository.name);
    if (!attached || !(await target.delete(name))) {
      throw new RegistryError("NOT_FOUND", `'${reference}' has no tag '${name}'`);
    }
    return context.body(null, 200);
  });
}
