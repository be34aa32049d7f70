import { routes, type UserGroup } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { type ApiOptions, type App, needing } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { paged } from "./paged.ts";
import { contains } from "./sql-filter.ts";

const { userGroups } = routes;

/** Adds groups of directories. */
export function addUserGroups(app: App, options: ApiOptions): void {
  addReading(app, options);
  addChanges(app, options);
}

function addReading(app: App, options: ApiOptions): void {
  const { catalog } = options;
  const order = sql`name, id`;

  app.openapi(needing(options, userGroups.list), async (context) => {
    const query = context.req.valid("query");
    const { group_name: name, ldap_group_dn: dn } = query;
    let rows = groupRows(options);
    if (name) rows = rows.where(contains(sql`name`, name));
    if (dn) rows = rows.where("ldap_group_dn", "=", dn);
    const { items, total } = await foundIn(catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownGroup), total });
  });

  // Before the group by id: `search` is no id.
  app.openapi(needing(options, userGroups.search), async (context) => {
    const query = context.req.valid("query");
    const rows = groupRows(options).where(contains(sql`name`, query.groupname));
    const { items, total } = await foundIn(catalog, rows, query, order);
    const found = items.map(({ id, name, type }) => ({ id, group_name: name, group_type: type }));
    return paged(context, query, { items: found, total });
  });

  app.openapi(needing(options, userGroups.get), async (context) => {
    const { group_id: id } = context.req.valid("param");
    const row = await groupRows(options)
      .where(sql<boolean>`id = ${id}::bigint`)
      .executeTakeFirst();
    if (!row) throw noGroup(id);
    return context.json(shownGroup(row), 200);
  });
}

function addChanges(app: App, options: ApiOptions): void {
  const { groups } = options.access;

  app.openapi(needing(options, userGroups.create), async (context) => {
    const { group_name: name, group_type: type, ldap_group_dn } = context.req.valid("json");
    const group = { name, type, ldapGroupDn: ldap_group_dn };
    const id = await groups.createGroup(context.get("actor"), group);
    context.header("Location", `/api/v2.0/usergroups/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, userGroups.update), async (context) => {
    const { group_id: id } = context.req.valid("param");
    const { group_name: name } = context.req.valid("json");
    await groups.renameGroup(context.get("actor"), id, name);
    return context.body(null, 200);
  });

  app.openapi(needing(options, userGroups.delete), async (context) => {
    const { group_id: id } = context.req.valid("param");
    if (!(await groups.deleteGroup(context.get("actor"), id))) throw noGroup(id);
    return context.body(null, 200);
  });
}

function groupRows({ catalog }: ApiOptions) {
  return catalog.db.selectFrom("user_group").select(["id", "name", "type", "ldap_group_dn"]);
}

type GroupRow = Awaited<ReturnType<ReturnType<typeof groupRows>["executeTakeFirstOrThrow"]>>;

function shownGroup({ id, name, type, ldap_group_dn }: GroupRow): UserGroup {
  return { id, group_name: name, group_type: type, ldap_group_dn };
}

function noGroup(id: number): RegistryError {
  return new RegistryError("NOT_FOUND", `there is no user group ${id}`);
}
