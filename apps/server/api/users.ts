import { type Identity, ownAccount, type SystemRight } from "@entrepot/access";
import { parseQuery, parseSort, routes, USER_FIELDS, type User } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import { type ApiOptions, type App, needing, requires } from "./app.ts";
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

const NO_USER =
  "a robot is no user: it logs in where images are pulled and pushed, with docker login";

/** Adds accounts, and what the caller can find out about itself. */
export function addUsers(app: App, options: ApiOptions): void {
  addReading(app, options);
  addCreation(app, options);
  addPassword(app, options);
  addSysadmin(app, options);
}

function addReading(app: App, options: ApiOptions): void {
  const signedIn = requires(options, "account");

  app.openapi(needing(options, users.list), async (context) => {
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
    const identity = context.get("identity");
    if (identity.accountId === null) throw new RegistryError("NOT_FOUND", NO_USER);
    const row = await userOf(options, identity.accountId);
    return context.json(await withOidc(options, row, identity), 200);
  });

  app.openapi({ ...users.get, middleware: signedIn }, async (context) => {
    const { user_id: id } = context.req.valid("param");
    const user = await ownOr(options, context.get("identity"), id, "user:read");
    return context.json(await withOidc(options, user, context.get("identity")), 200);
  });
}

function addCreation(app: App, options: ApiOptions): void {
  const { access } = options;

  app.openapi(needing(options, users.create), async (context) => {
    const account = context.req.valid("json");
    const { id } = await access.createAccount(context.get("actor"), account);
    context.header("Location", `/api/v2.0/users/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, users.delete), async (context) => {
    const { user_id: id } = context.req.valid("param");
    const { username } = await ownOr(options, context.get("identity"), id, "user:delete");
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
    // Whoever can set a password can be the person, in every project.
    requireOwn(identity, id);
    ownAccount(identity);
    const { username } = await userOf(options, id);
    if (!identity.sysadmin && identity.accountId === id)
      await checkOld(username, before, context.env.clientAddress);
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

  app.openapi(needing(options, users.setRights), async (context) => {
    const { username } = await userOf(options, context.req.valid("param").user_id);
    const asked = context.req.valid("json").rights;
    const actor = context.get("actor");
    const rights = await options.access.setSystemRights(actor, username, asked);
    return context.json({ rights }, 200);
  });
}

/**
 * User `id`, if that is the caller, or the caller has `right` and the user has no more than it in
 * the whole registry. Throws FORBIDDEN, NOT_FOUND.
 */
export async function ownOr(
  options: ApiOptions,
  identity: Identity,
  id: number,
  right: SystemRight,
): Promise<UserRow> {
  const isOwn = identity.accountId === id && right !== "user:delete";
  if (!isOwn && !(await options.access.maySystem(identity, right))) requireOwn(identity, -1);
  const user = await userOf(options, id);
  if (isOwn || identity.sysadmin) return user;
  const administers = user.sysadmin || user.admin_by_group;
  const beyond = administers || (await hasMore(options, identity, user.rights));
  if (!beyond) return user;
  throw new RegistryError(
    "FORBIDDEN",
    `'${user.username}' has rights in the whole registry that you have not; ask an administrator`,
  );
}

async function hasMore({ access }: ApiOptions, identity: Identity, rights: readonly string[]) {
  for (const right of rights) {
    if (!(await access.maySystem(identity, right as SystemRight))) return true;
  }
  return false;
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
    .select(["id", "username", "email", "realname", "comment", "sysadmin", "rights"])
    .select(["created_at", "updated_at", "admin_by_group", "source", "external_id"]);
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

/** What is told of an account of OpenID Connect besides; its secret to itself alone. */
async function withOidc({ access }: ApiOptions, row: UserRow, identity: Identity): Promise<User> {
  const shown = shownUser(row);
  if (row.source !== "oidc") return shown;
  const [issuer = "", subject = ""] = (row.external_id ?? "").split(/ (.*)/s);
  // A token may be known to more programs than its owner is; the secret lets whoever has it in.
  const own = row.id === identity.accountId && identity.accessToken === undefined;
  const secret = own ? await access.directories.cliSecret(row.id) : null;
  const meta = { user_id: row.id, subiss: subject + issuer, ...(secret !== null && { secret }) };
  return { ...shown, oidc_user_meta: meta };
}

/** A user as the API has it. */
export function shownUser(row: UserRow): User {
  return {
    user_id: row.id,
    username: row.username,
    email: row.email,
    realname: row.realname,
    comment: row.comment,
    sysadmin_flag: row.sysadmin,
    admin_role_in_auth: row.admin_by_group,
    rights: row.rights,
    source: row.source,
    creation_time: row.created_at.toISOString(),
    update_time: row.updated_at.toISOString(),
  };
}
