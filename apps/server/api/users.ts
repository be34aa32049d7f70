import { ownAccount } from "@entrepot/access";
import { parseQuery, parseSort, routes, USER_FIELDS, type User } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { type ApiOptions, type App, requires } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { paged } from "./paged.ts";
import { orderOf, whereOf } from "./sql-filter.ts";

const { users } = routes;

const COLUMNS = {
  username: sql`account.username`,
  email: sql`account.email`,
  user_id: sql`account.id`,
  creation_time: sql`account.created_at`,
};
const SORTS = ["username", "email", "user_id", "creation_time"] as const;

/** Adds accounts, and what the caller can find out about itself. */
export function addUsers(app: App, options: ApiOptions): void {
  addReading(app, options);
  addCreation(app, options);
  addPassword(app, options);
  addSysadmin(app, options);
}

function addReading(app: App, options: ApiOptions): void {
  const signedIn = requires(options, "account");

  app.openapi({ ...users.list, middleware: requires(options, "system") }, async (context) => {
    const query = context.req.valid("query");
    const rows = userRows(options).where(whereOf(parseQuery(query.q, USER_FIELDS), COLUMNS));
    const order = orderOf(parseSort(query.sort, SORTS), COLUMNS, {
      standard: sql`account.username`,
      last: sql`account.id`,
    });
    const { items, total } = await foundIn(options.catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownUser), total });
  });

  // Before the user by id: `current` is no id.
  app.openapi({ ...users.current, middleware: signedIn }, async (context) => {
    const row = await userOf(options, context.get("identity").accountId ?? 0);
    return context.json(shownUser(row), 200);
  });

  app.openapi({ ...users.get, middleware: signedIn }, async (context) => {
    const { user_id: id } = context.req.valid("param");
    requireOwn(context.get("identity"), id);
    return context.json(shownUser(await userOf(options, id)), 200);
  });
}

function addCreation(app: App, options: ApiOptions): void {
  const { access } = options;
  const middleware = requires(options, "system");

  app.openapi({ ...users.create, middleware }, async (context) => {
    const { username, password, email, realname } = context.req.valid("json");
    const account = { username, password, email, realname };
    const { id } = await access.createAccount(context.get("actor"), account);
    context.header("Location", `/api/v2.0/users/${id}`);
    return context.body(null, 201);
  });

  app.openapi({ ...users.delete, middleware }, async (context) => {
    const { username } = await userOf(options, context.req.valid("param").user_id);
    await inTheWay(access.deleteAccount(context.get("actor"), username));
    return context.body(null, 200);
  });
}

function addPassword(app: App, options: ApiOptions): void {
  const { access } = options;
  const middleware = requires(options, "account");

  app.openapi({ ...users.changePassword, middleware }, async (context) => {
    const identity = context.get("identity");
    const { user_id: id } = context.req.valid("param");
    const { old_password: before = "", new_password: after } = context.req.valid("json");
    requireOwn(identity, id);
    ownAccount(identity);
    const { username } = await userOf(options, id);
    if (!identity.sysadmin) await checkOld(username, before, context.env.clientAddress);
    await access.changePassword(context.get("actor"), username, after);
    return context.body(null, 200);
  });

  async function checkOld(username: string, password: string, address: string): Promise<void> {
    try {
      await access.login(username, password, address);
    } catch (error) {
      // 401 would say that the request's own credentials are wrong.
      if (!(error instanceof RegistryError && error.code === "UNAUTHORIZED")) throw error;
      throw new RegistryError("FORBIDDEN", "old_password is not your password", { cause: error });
    }
  }
}

function addSysadmin(app: App, options: ApiOptions): void {
  const middleware = requires(options, "system");
  app.openapi({ ...users.setSysadmin, middleware }, async (context) => {
    const { username } = await userOf(options, context.req.valid("param").user_id);
    const { sysadmin_flag: sysadmin } = context.req.valid("json");
    await inTheWay(options.access.setSysadmin(context.get("actor"), username, sysadmin));
    return context.body(null, 200);
  });
}

/** Throws FORBIDDEN unless user `id` is the caller, or the caller a system administrator. */
export function requireOwn(
  identity: { readonly accountId: number | null; readonly sysadmin: boolean },
  id: number,
): void {
  if (identity.sysadmin || identity.accountId === id) return;
  throw new RegistryError("FORBIDDEN", "this is another user's; ask a system administrator");
}

/** The last system administrator is in the way of its end: 412 here. */
async function inTheWay(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === "CONFLICT")) throw error;
    throw new RegistryError("PRECONDITION", error.message, { cause: error });
  }
}

function userRows({ catalog }: ApiOptions) {
  return catalog.db
    .selectFrom("account")
    .select(["id", "username", "email", "realname", "sysadmin", "created_at", "updated_at"]);
}

type UserRow = Awaited<ReturnType<ReturnType<typeof userRows>["executeTakeFirstOrThrow"]>>;

/** The user of this id. Throws NOT_FOUND. */
export async function userOf(options: ApiOptions, id: number): Promise<UserRow> {
  const row = await userRows(options)
    .where(sql<boolean>`id = ${id}::bigint`)
    .executeTakeFirst();
  if (row) return row;
  throw new RegistryError("NOT_FOUND", `there is no user ${id}`);
}

/** A user as the API has it. */
export function shownUser(row: UserRow): User {
  return {
    user_id: row.id,
    username: row.username,
    email: row.email,
    realname: row.realname,
    sysadmin_flag: row.sysadmin,
    admin_role_in_auth: false,
    creation_time: row.created_at.toISOString(),
    update_time: row.updated_at.toISOString(),
  };
}
