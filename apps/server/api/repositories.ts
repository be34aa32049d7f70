import { visibleProjects } from "@entrepot/access";
import { type Match, parseQuery, parseSort, REPOSITORY_FIELDS, routes } from "@entrepot/api";
import { sql, type SqlBool } from "kysely";
import { type ApiOptions, type App, requires } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { type Found, paged } from "./paged.ts";
import {
  repositoryRows,
  type RepositoryRow,
  shownRepository,
  unknownRepository,
} from "./repository-rows.ts";
import { matches, orderOf, whereOf } from "./sql-filter.ts";

const { repositories } = routes;

const COLUMNS = {
  name: sql`repository.name`,
  project_id: sql`repository.project_id`,
  creation_time: sql`repository.created_at`,
  update_time: sql`repository.updated_at`,
};
const SORTS = ["name", "creation_time", "update_time"] as const;

/** Adds repositories. */
export function addRepositories(app: App, options: ApiOptions): void {
  addLists(app, options);
  addOne(app, options);
}

function addLists(app: App, options: ApiOptions): void {
  app.openapi(repositories.listAll, async (context) => {
    const query = context.req.valid("query");
    // Whoever sees a project may pull from it, and so mount: `blob_digest` tells no more than that.
    const visible = repositoryRows(options).where(visibleProjects(context.get("identity")));
    return paged(context, query, await pageOfRows(options, visible, query));
  });

  app.openapi(
    { ...repositories.list, middleware: requires(options, "repository:list") },
    async (context) => {
      const query = context.req.valid("query");
      const { id } = context.get("project");
      const ofProject = repositoryRows(options).where("repository.project_id", "=", id);
      return paged(context, query, await pageOfRows(options, ofProject, query));
    },
  );
}

function addOne(app: App, options: ApiOptions): void {
  const { content } = options;

  app.openapi(
    { ...repositories.get, middleware: requires(options, "repository:read") },
    async (context) => {
      const name = `${context.get("project").name}/${context.req.valid("param").repository_name}`;
      const row = await repositoryRows(options)
        .where("repository.name", "=", name)
        .executeTakeFirst();
      if (!row) throw unknownRepository(name);
      return context.json(shownRepository(row), 200);
    },
  );

  app.openapi(
    { ...repositories.update, middleware: requires(options, "repository:update") },
    async (context) => {
      const name = `${context.get("project").name}/${context.req.valid("param").repository_name}`;
      const { description } = context.req.valid("json");
      const found = await content.projects.describe(context.get("actor"), name, description);
      if (!found) throw unknownRepository(name);
      return context.body(null, 200);
    },
  );

  app.openapi(
    { ...repositories.delete, middleware: requires(options, "repository:delete") },
    async (context) => {
      const name = `${context.get("project").name}/${context.req.valid("param").repository_name}`;
      const deleted = await content.deleteRepository(context.get("actor"), name);
      if (!deleted) throw unknownRepository(name);
      return context.body(null, 200);
    },
  );
}

async function pageOfRows(
  { catalog }: ApiOptions,
  rows: ReturnType<typeof repositoryRows>,
  query: {
    readonly page: number;
    readonly page_size: number;
    readonly q?: string | undefined;
    readonly sort?: string | undefined;
  },
): Promise<Found<ReturnType<typeof shownRepository>>> {
  const filter = parseQuery(query.q, REPOSITORY_FIELDS);
  const wanted = rows.where(whereOf(filter, { ...COLUMNS, blob_digest: hasBlob }));
  const order = orderOf(parseSort(query.sort, SORTS), COLUMNS, {
    standard: sql`repository.name`,
    last: sql`repository.id`,
  });
  const { items, total } = await foundIn<never, RepositoryRow>(
    catalog,
    wanted as never,
    query,
    order,
  );
  return { items: items.map(shownRepository), total };
}

function hasBlob(match: Match<unknown>) {
  return sql<SqlBool>`repository.name IN (SELECT repository_blob.repository
    FROM repository_blob WHERE ${matches(sql`repository_blob.digest`, match)})`;
}
