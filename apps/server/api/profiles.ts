import type { Action, Identity, Resource } from "@entrepot/access";
import { ALL_SYSTEM_RIGHTS, PROJECT_RIGHTS, type SystemRight } from "@entrepot/access";
import { routes } from "@entrepot/api";
import { sql } from "kysely";
import { type ApiOptions, type App, needing } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { paged } from "./paged.ts";
import { contains } from "./sql-filter.ts";
import { ownOr } from "./users.ts";

const { users } = routes;

/** Adds what people look up of each other, change of themselves, and may do. */
export function addProfiles(app: App, options: ApiOptions): void {
  const { access, catalog } = options;

  app.openapi(needing(options, users.search), async (context) => {
    const query = context.req.valid("query");
    const rows = catalog.db
      .selectFrom("account")
      .select(["id as user_id", "username"])
      .where(contains(sql`account.username`, query.username));
    const found = await foundIn(catalog, rows, query, sql`username`);
    return paged(context, query, found);
  });

  app.openapi(needing(options, users.update), async (context) => {
    const { user_id: id } = context.req.valid("param");
    const { username } = await ownOr(options, context.get("identity"), id, "user:update");
    await access.changeProfile(context.get("actor"), username, context.req.valid("json"));
    return context.body(null, 200);
  });

  app.openapi(needing(options, users.permissions), async (context) => {
    const { scope, relative } = context.req.valid("query");
    const identity = context.get("identity");
    const id = /^\/project\/([1-9]\d{0,8})$/.exec(scope)?.[1];
    const inProject = id ? await rightsIn(options, identity, Number(id)) : [];
    const rights = scope === "/system" ? await systemRights(options, identity) : inProject;
    const shown = rights.map(([resource, action]) => ({
      resource: relative ? resource : `${scope}/${resource}`,
      action,
    }));
    return context.json(shown, 200);
  });
}

/** What `identity` may do in the whole registry. */
async function systemRights({ access }: ApiOptions, identity: Identity) {
  const allowed = await Promise.all(
    ALL_SYSTEM_RIGHTS.map((right) => access.maySystem(identity, right as SystemRight)),
  );
  const may = ALL_SYSTEM_RIGHTS.filter((_right, n) => allowed[n]);
  return may.map((right) => right.split(":") as [string, string]);
}

/** What `identity` may do in a project; nothing in one that it may not see or that is gone. */
async function rightsIn(
  { access, catalog }: ApiOptions,
  identity: Identity,
  projectId: number,
): Promise<[Resource, Action][]> {
  const project = await catalog.db
    .selectFrom("project")
    .select("name")
    .where("id", "=", projectId)
    .executeTakeFirst();
  if (!project) return [];
  const rights = PROJECT_RIGHTS.map((right) => right.split(":") as [Resource, Action]);
  const allowed = await Promise.all(
    rights.map((right) => access.may(identity, project.name, ...right)),
  );
  return rights.filter((_right, n) => allowed[n]);
}
