import {
  ALL_SYSTEM_RIGHTS,
  daysOf,
  permissionsOf,
  PROJECT_RIGHTS,
  type Robot,
  ROBOT_DAYS,
  ROBOT_PREFIX,
} from "@entrepot/access";
import { type NewRobot, parseQuery, parseSort, ROBOT_FIELDS, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import type { Context } from "hono";
import { sql } from "kysely";
import { type ApiOptions, type App, type Env, needing, requires, requiresIn } from "./app.ts";
import { foundIn } from "./found-in.ts";
import { mayGiveRobot } from "./may-give-robot.ts";
import { paged } from "./paged.ts";
import { shownRobot } from "./robot-shape.ts";
import { orderOf, whereOf } from "./sql-filter.ts";

const { robots } = routes;
const COLUMNS = {
  name: sql`robot.login_name`,
  creation_time: sql`robot.created_at`,
  id: sql`robot.id`,
};

/** Adds robot accounts. */
export function addRobots(app: App, options: ApiOptions): void {
  addLists(app, options);
  addMaking(app, options);
  addChanges(app, options);
  const rights = { system: named(ALL_SYSTEM_RIGHTS), project: named(PROJECT_RIGHTS) };
  app.openapi(needing(options, robots.permissions), (context) => context.json(rights, 200));
}

function named(rights: readonly string[]) {
  return rights.map((right) => {
    const [resource = "", action = ""] = right.split(":");
    return { resource, action };
  });
}

function addLists(app: App, options: ApiOptions): void {
  app.openapi(needing(options, robots.list), async (context) => {
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, ROBOT_FIELDS);
    const projectId = projectAsked(filter);
    await allowed(options, context, projectId, "list");
    const { items, total } = await found(options, projectId, query);
    return paged(context, query, { items, total });
  });

  app.openapi(needing(options, robots.ofProject), async (context) => {
    const query = context.req.valid("query");
    const { items, total } = await found(options, context.get("project").id, query);
    return paged(context, query, { items, total });
  });
}

type RobotFilter = ReturnType<typeof parseQuery<typeof ROBOT_FIELDS>>;

/** The project whose robots are asked for; null: the system's. Throws BAD_REQUEST. */
function projectAsked({ Level: level, ProjectID: project }: RobotFilter): number | null {
  const wanted = level?.kind === "is" ? level.value : level && "?";
  if (wanted === "system" || (wanted === undefined && !project)) return null;
  if (wanted !== "?" && wanted !== "project") throw levels();
  if (project?.kind === "is") return project.value;
  throw levels();
}

const levels = () =>
  new RegistryError("BAD_REQUEST", "ask for q=Level=system, or q=Level=project,ProjectID=<id>");

async function found(
  { catalog, access }: ApiOptions,
  projectId: number | null,
  query: { q?: string | undefined; sort?: string | undefined; page: number; page_size: number },
) {
  const { name } = parseQuery(query.q, ROBOT_FIELDS);
  const rows = catalog.db
    .selectFrom("robot")
    .select("id")
    .where(sql<boolean>`coalesce(project_id, 0) = ${projectId ?? 0}::bigint`)
    .where(whereOf({ ...(name && { name }) }, { name: COLUMNS.name }));
  const keys = parseSort(query.sort, ["name", "creation_time", "id"]);
  const order = orderOf(keys, COLUMNS, { standard: COLUMNS.name, last: COLUMNS.id });
  const { items, total } = await foundIn(catalog, rows, query, order);
  const robotsFound = await access.robots.some(items.map(({ id }) => id));
  return { items: robotsFound.map(shownRobot), total };
}

function addMaking(app: App, options: ApiOptions): void {
  const { access, settings } = options;
  app.openapi(needing(options, robots.create), async (context) => {
    const asked = context.req.valid("json");
    madeHere(asked.secret);
    const project = await projectOf(options, asked);
    await allowed(options, context, project?.id ?? null, "create");
    await mayGiveRobot(
      options,
      context.get("identity"),
      permissionsOf(asked.permissions, project?.name ?? null),
    );
    const robot = await access.robots.create(context.get("actor"), {
      name: asked.name,
      prefix: settings.get(ROBOT_PREFIX),
      project: project?.name ?? null,
      description: asked.description,
      disabled: asked.disable,
      days: daysOf(asked.duration ?? settings.get(ROBOT_DAYS)),
      permissions: asked.permissions,
    });
    const { id, name, creation_time, expires_at } = shownRobot(robot);
    context.header("Location", `/api/v2.0/robots/${id}`);
    return context.json({ id, name, secret: robot.secret, creation_time, expires_at }, 201);
  });
}

/** The project of a robot that is to be, the one that its permission is about; null: the system. */
async function projectOf({ catalog }: ApiOptions, { level, permissions }: NewRobot) {
  if (level === "system") return null;
  const name = permissions[0]?.namespace ?? "";
  const project = await catalog.db
    .selectFrom("project")
    .select(["id", "name"])
    .where("name", "=", name)
    .executeTakeFirst();
  // Who may not know of a project is told the same as if there were none.
  return project ?? { id: 0, name };
}

/** Throws BAD_REQUEST for a secret that somebody chose. */
function madeHere(secret: string | undefined): void {
  if (!secret) return;
  throw new RegistryError(
    "BAD_REQUEST",
    "secrets of robots are made here, so that nobody can guess them; leave secret out",
  );
}

function addChanges(app: App, options: ApiOptions): void {
  const { access } = options;

  app.openapi(needing(options, robots.get), async (context) => {
    const robot = await robotOf(options, context, context.req.valid("param").robot_id, "read");
    return context.json(shownRobot(robot), 200);
  });

  app.openapi(needing(options, robots.update), async (context) => {
    const { robot_id: id } = context.req.valid("param");
    const asked = context.req.valid("json");
    const before = await robotOf(options, context, id, "update");
    const { name, level } = shownRobot(before);
    const sameName = [undefined, name, before.name].includes(asked.name);
    if (!sameName || (asked.level ?? level) !== level) {
      throw new RegistryError("BAD_REQUEST", "a robot's name and level stay; make another robot");
    }
    const permissions = permissionsOf(asked.permissions, before.project?.name ?? null);
    await mayGiveRobot(options, context.get("identity"), before.permissions);
    await mayGiveRobot(options, context.get("identity"), permissions);
    await access.robots.update(context.get("actor"), id, {
      description: asked.description,
      disabled: asked.disable,
      days: asked.duration == null ? before.days : daysOf(asked.duration),
      permissions,
    });
    return context.body(null, 200);
  });

  app.openapi(needing(options, robots.refresh), async (context) => {
    const { robot_id: id } = context.req.valid("param");
    const { secret: given, overlap_minutes: minutes } = context.req.valid("json");
    madeHere(given);
    const { permissions } = await robotOf(options, context, id, "update");
    await mayGiveRobot(options, context.get("identity"), permissions);
    const secret = await access.robots.refresh(context.get("actor"), id, minutes);
    return context.json({ secret }, 200);
  });

  app.openapi(needing(options, robots.delete), async (context) => {
    const { robot_id: id } = context.req.valid("param");
    await robotOf(options, context, id, "delete");
    await access.robots.remove(context.get("actor"), id);
    return context.body(null, 200);
  });
}

type RobotAction = "list" | "read" | "create" | "update" | "delete";

/** Robot `id`, with which the caller may do `action`. Throws NOT_FOUND, and as `allowed` does. */
async function robotOf(
  options: ApiOptions,
  context: Context<Env>,
  id: number,
  action: RobotAction,
): Promise<Robot> {
  const robot = await options.access.robots.get(id);
  if (!robot) throw new RegistryError("NOT_FOUND", `robot ${id} does not exist`);
  await allowed(options, context, robot.project?.id ?? null, action);
  return robot;
}

/** Throws unless the caller may do `action` with robots of a project; null: of the system. */
async function allowed(
  options: ApiOptions,
  context: Context<Env>,
  projectId: number | null,
  action: RobotAction,
): Promise<void> {
  if (projectId !== null) return requiresIn(options, context, projectId, ["robot", action]);
  await requires(options, `system:robot:${action}`)(context, async () => undefined);
}
