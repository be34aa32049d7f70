import {
  asRole,
  type MemberRights,
  ownRights,
  putMember,
  type Role,
  ROLES,
} from "@entrepot/access";
import { type Member, type MemberChange, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { Context } from "hono";
import { type ApiOptions, type App, type Env, needing } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { memberNameOf } from "./member-groups.ts";
import { paged } from "./paged.ts";
import { contains } from "./sql-filter.ts";

const { members } = routes;

/** Adds a project's members. */
export function addMembers(app: App, options: ApiOptions): void {
  addReading(app, options);
  addChanges(app, options);
}

function addReading(app: App, options: ApiOptions): void {
  const { catalog } = options;

  app.openapi(needing(options, members.list), async (context) => {
    const query = context.req.valid("query");
    let rows = memberRows(options, context.get("project").id);
    if (query.entityname) rows = rows.where(contains(shownName, query.entityname));
    const order = sql`${shownName}, member.id`;
    const { items, total } = await foundIn(catalog, rows, query, order);
    return paged(context, query, { items: items.map(shownMember), total });
  });

  app.openapi(needing(options, members.get), async (context) => {
    const row = await memberOf(options, context.get("project"), context.req.valid("param").mid);
    return context.json(shownMember(row), 200);
  });
}

function addChanges(app: App, options: ApiOptions): void {
  const { access, catalog } = options;

  app.openapi(needing(options, members.create), async (context) => {
    const project = context.get("project");
    const body = context.req.valid("json");
    const rights = rightsOf(body);
    // Before anything is made: a group may be named on the way.
    await mayGive(options, context, rights);
    const username = body.member_group
      ? await memberNameOf(options, context, body.member_group)
      : await usernameOf(options, body.member_user ?? {});
    const { id } = await catalog.commit(context.get("actor"), async (commit) => {
      const taken = await commit.db
        .selectFrom("member")
        .leftJoin("account", "account.id", "member.account_id")
        .leftJoin("user_group", "user_group.id", "member.group_id")
        .select("member.id")
        .where("project_id", "=", project.id)
        .where(calledName, "=", username)
        .executeTakeFirst();
      if (taken) {
        throw new RegistryError(
          "CONFLICT",
          `'${username}' is a member of project '${project.name}' already; change the role instead`,
        );
      }
      return putMember(commit, project.name, username, rights);
    });
    context.header("Location", `/api/v2.0/projects/${project.id}/members/${id}`);
    return context.body(null, 201);
  });

  app.openapi(needing(options, members.update), async (context) => {
    const project = context.get("project");
    const before = await memberOf(options, project, context.req.valid("param").mid);
    const { role, ...own } = rightsOf(context.req.valid("json"));
    const { grants = before.grants, denies = before.denies } = own;
    await mayGive(options, context, held(before));
    await mayGive(options, context, { role, grants, denies });
    await mayLift(options, context, before.denies, denies);
    await access.setMember(context.get("actor"), project.name, before.username, role, own);
    return context.body(null, 200);
  });

  app.openapi(needing(options, members.delete), async (context) => {
    const project = context.get("project");
    const before = await memberOf(options, project, context.req.valid("param").mid);
    await mayGive(options, context, held(before));
    await mayLift(options, context, before.denies, []);
    await access.removeMember(context.get("actor"), project.name, before.username);
    return context.body(null, 200);
  });
}

/** What a request says that a member may do. Throws BAD_REQUEST. */
function rightsOf({ role_id: id, grants, denies }: MemberChange): MemberRights {
  return { role: roleOf(id), ...ownRights({ grants, denies }) };
}

const held = ({ role, grants, denies }: MemberRow): MemberRights => ({
  role: asRole(role) ?? ROLES.projectAdmin,
  grants,
  denies,
});

/** Throws FORBIDDEN unless the caller may do all of this itself. */
async function mayGive(
  { access }: ApiOptions,
  context: Context<Env>,
  { role, grants = [], denies = [] }: MemberRights,
): Promise<void> {
  const project = context.get("project").name;
  await access.requireMore(context.get("identity"), project, { role, grants, denies });
}

/**
 * Throws FORBIDDEN unless the caller may do itself what `before` denies and `after` does not: by a
 * group's role, or another of its own, that would be the member's again.
 */
async function mayLift(
  { access }: ApiOptions,
  context: Context<Env>,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  const grants = before.filter((right) => !after.includes(right));
  const project = context.get("project").name;
  const lifted = { role: null, grants, denies: [] };
  await access.requireMore(context.get("identity"), project, lifted);
}

/** What a member is called here: of a group what no username can be. */
const calledName = sql<string>`coalesce(account.username, user_group.member_name)`;
/** What people see. */
const shownName = sql<string>`coalesce(account.username, user_group.name)`;

function memberRows({ catalog }: ApiOptions, projectId: number) {
  return catalog.db
    .selectFrom("member")
    .leftJoin("account", "account.id", "member.account_id")
    .leftJoin("user_group", "user_group.id", "member.group_id")
    .where("member.project_id", "=", projectId)
    .select(["member.id", "member.project_id", "role", "grants", "denies"])
    .select(["member.group_id", calledName.as("username"), shownName.as("entity_name")])
    .select(sql<number>`coalesce(account.id, user_group.id)`.as("entity_id"));
}

type MemberRow = Awaited<ReturnType<ReturnType<typeof memberRows>["executeTakeFirstOrThrow"]>>;

async function memberOf(
  options: ApiOptions,
  project: { id: number; name: string },
  id: number,
): Promise<MemberRow> {
  const row = await memberRows(options, project.id)
    .where(sql<boolean>`member.id = ${id}::bigint`)
    .executeTakeFirst();
  if (row) return row;
  throw new RegistryError("NOT_FOUND", `project '${project.name}' has no member ${id}`);
}

async function usernameOf(
  { catalog }: ApiOptions,
  { user_id: id, username }: { user_id?: number | undefined; username?: string | undefined },
): Promise<string> {
  // With a colon it would be a group's.
  if (username?.includes(":")) throw new RegistryError("NOT_FOUND", `there is no user ${username}`);
  if (username) return username;
  if (id === undefined) {
    throw new RegistryError(
      "BAD_REQUEST",
      "member_user needs a username or a user_id, or member_group a group",
    );
  }
  const account = await catalog.db
    .selectFrom("account")
    .select("username")
    .where(sql<boolean>`id = ${id}::bigint`)
    .executeTakeFirst();
  if (account) return account.username;
  throw new RegistryError("NOT_FOUND", `there is no user ${id}`);
}

function roleOf(id: number): Role {
  const role = asRole(id);
  if (role !== null) return role;
  throw new RegistryError("BAD_REQUEST", `there is no role ${id}; roles are 1 to 5`);
}

/** Harbor's names of roles, by id. Source: Harbor API v2.0, `role_name`. */
const ROLE_NAMES = ["", "projectAdmin", "developer", "guest", "maintainer", "limitedGuest"];

function shownMember(row: MemberRow): Member {
  return {
    id: row.id,
    project_id: row.project_id,
    entity_id: row.entity_id,
    entity_name: row.entity_name,
    entity_type: row.group_id === null ? "u" : "g",
    role_id: row.role,
    role_name: ROLE_NAMES[row.role] ?? "",
    grants: row.grants,
    denies: row.denies,
  };
}
