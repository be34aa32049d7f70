import { type Actor, type Catalog, type Commit, robotChange } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { sql } from "kysely";
import type { RobotPermission } from "./robot-rights.ts";
import {
  type AskedPermission,
  checkRobotName,
  permissionsOf,
  projectsNamed,
} from "./robot-rules.ts";
import { hashOfSecret, newSecret } from "./secrets.ts";

/** A robot account. Its secret is told once. */
export interface Robot {
  readonly id: number;
  /** Without prefix and project. */
  readonly name: string;
  /** What it logs in with. */
  readonly loginName: string;
  /** Null: of the system. */
  readonly project: { readonly id: number; readonly name: string } | null;
  readonly description: string;
  readonly disabled: boolean;
  /** Null: it lives for ever. */
  readonly days: number | null;
  readonly expiresAt: Date | null;
  readonly permissions: readonly RobotPermission[];
  readonly creator: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What of a robot can be changed. */
export interface RobotSettings {
  readonly description: string;
  readonly disabled: boolean;
  /** Days from its making on; null: for ever. */
  readonly days: number | null;
  readonly permissions: readonly AskedPermission[];
}

/** What a robot is made of. */
export interface NewRobot extends RobotSettings {
  readonly name: string;
  /** Null: of the system. */
  readonly project: string | null;
  /** What its login name begins with: `robot$`. */
  readonly prefix: string;
}

/** Robot accounts. Every change is journalled on behalf of an actor, the secret never. */
export interface Robots {
  /**
   * Makes a robot, and its secret, which is told this once. Throws BAD_REQUEST for a name or
   * permissions that do not do, NOT_FOUND for a project that there is not, CONFLICT for a name that
   * is taken.
   */
  create(actor: Actor, robot: NewRobot): Promise<Robot & { readonly secret: string }>;

  /** Robot `id`, or null. */
  get(id: number): Promise<Robot | null>;

  /** The robots with these ids, in their order; those that there are not are left out. */
  some(ids: readonly number[]): Promise<Robot[]>;

  /** Throws NOT_FOUND, and as `create` does. Repeating changes nothing more. */
  update(actor: Actor, id: number, settings: RobotSettings): Promise<Robot>;

  /**
   * Gives robot `id` a new secret, which is told this once. The one before goes on for
   * `overlapMinutes`, at once none. Throws NOT_FOUND.
   */
  refresh(actor: Actor, id: number, overlapMinutes?: number): Promise<string>;

  /** Deletes robot `id`. False if there is none. */
  remove(actor: Actor, id: number): Promise<boolean>;

  /**
   * What of robots goes with a project, as a part of its deletion: its own, and what others may do
   * in it. Somebody else's project of this name later is not theirs.
   */
  removeFromProject(commit: Commit, project: { id: number; name: string }): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/** The robots in `catalog`. */
export function openRobots(catalog: Catalog, clock: () => number = Date.now): Robots {
  async function some(ids: readonly number[]): Promise<Robot[]> {
    const rows = await robotRows(catalog.db)
      .where((eb) => eb("robot.id", "=", eb.fn.any(eb.val([...ids]))))
      .execute();
    const byId = new Map(rows.map((row) => [row.id, robotOf(row)]));
    return ids.map((id) => byId.get(id)).filter((robot) => robot !== undefined);
  }

  return {
    create: (actor, robot) =>
      catalog.commit(actor, (commit) => insert(commit, robot, actor, clock)),
    get: async (id) => (await some(id < 2 ** 31 ? [id] : []))[0] ?? null,
    some,
    update: (actor, id, settings) =>
      catalog.commit(actor, (commit) => update(commit, id, settings)),
    refresh: (actor, id, overlapMinutes = 0) =>
      catalog.commit(actor, (commit) => refresh(commit, id, clock() + overlapMinutes * 60_000)),

    remove: (actor, id) =>
      catalog.commit(actor, async ({ db, record }) => {
        const gone = robotOf(await robotRows(db).where("robot.id", "=", id).executeTakeFirst());
        if (!gone) return false;
        await db.deleteFrom("robot").where("id", "=", id).execute();
        record(robotChange(gone.project?.name ?? null, gone.name, null));
        return true;
      }),

    removeFromProject,
  };
}

type Db = Commit["db"] | Catalog["db"];

function robotRows(db: Db) {
  return db
    .selectFrom("robot")
    .leftJoin("project", "project.id", "robot.project_id")
    .selectAll("robot")
    .select("project.name as project_name");
}

type RobotRow = Awaited<ReturnType<ReturnType<typeof robotRows>["executeTakeFirstOrThrow"]>>;

function robotOf(row: RobotRow): Robot;
function robotOf(row: RobotRow | undefined): Robot | null;
function robotOf(row: RobotRow | undefined): Robot | null {
  if (!row) return null;
  const { id, name, login_name: loginName, description, disabled, duration: days, creator } = row;
  const { project_id: projectId, project_name: projectName } = row;
  return {
    id,
    name,
    loginName,
    project: projectId === null ? null : { id: projectId, name: projectName ?? "" },
    description,
    disabled,
    days,
    expiresAt: row.expires_at,
    permissions: row.permissions as RobotPermission[],
    creator,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

async function insert(
  { db, record }: Commit,
  robot: NewRobot,
  actor: Actor,
  clock: () => number,
): Promise<Robot & { readonly secret: string }> {
  const { name, project, prefix, description, disabled, days } = robot;
  checkRobotName(name);
  const permissions = permissionsOf(robot.permissions, project);
  const ids = await idsOf(db, [...projectsNamed(permissions), ...(project ? [project] : [])]);
  const secret = newSecret();
  const createdAt = new Date(clock());
  const loginName = prefix + (project === null ? name : `${project}+${name}`);
  const row = await db
    .insertInto("robot")
    .values({
      name,
      login_name: loginName,
      project_id: project === null ? null : ids.get(project)!,
      description,
      disabled,
      duration: days,
      expires_at: expiryOf(createdAt, days),
      permissions: JSON.stringify(permissions),
      secret_hash: hashOfSecret(secret),
      creator: actor.name,
      created_at: createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) {
    throw new RegistryError("CONFLICT", `robot '${loginName}' exists already; choose another name`);
  }
  record(robotChange(project, name, row));
  return { ...robotOf({ ...row, project_name: project }), secret };
}

async function update(
  { db, record }: Commit,
  id: number,
  { description, disabled, days, permissions: asked }: RobotSettings,
): Promise<Robot> {
  const before = await robotForUpdate(db, id);
  const project = before.project_name;
  const permissions = permissionsOf(asked, project);
  await idsOf(db, projectsNamed(permissions));
  const row = await db
    .updateTable("robot")
    .set({
      description,
      disabled,
      duration: days,
      ...(days !== before.duration && { expires_at: expiryOf(before.created_at, days) }),
      permissions: JSON.stringify(permissions),
      updated_at: new Date(),
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  record(robotChange(project, row.name, row));
  return robotOf({ ...row, project_name: project });
}

async function refresh({ db, record }: Commit, id: number, oldUntil: number): Promise<string> {
  const before = await robotForUpdate(db, id);
  const secret = newSecret();
  const row = await db
    .updateTable("robot")
    .set({
      secret_hash: hashOfSecret(secret),
      old_secret_hash: before.secret_hash,
      old_secret_until: new Date(oldUntil),
      updated_at: new Date(),
    })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  record(robotChange(before.project_name, row.name, row));
  return secret;
}

async function removeFromProject(
  { db, record }: Commit,
  project: { id: number; name: string },
): Promise<void> {
  const own = await db
    .deleteFrom("robot")
    .where("project_id", "=", project.id)
    .returning("name")
    .execute();
  for (const { name } of own) record(robotChange(project.name, name, null));
  const named = JSON.stringify([{ kind: "project", namespace: project.name }]);
  const others = await robotRows(db)
    .where(sql<boolean>`robot.permissions @> ${named}::jsonb`)
    .forUpdate("robot")
    .execute();
  for (const robot of others) {
    const before = robot.permissions as RobotPermission[];
    const left = before.filter((one) => one.kind !== "project" || one.namespace !== project.name);
    const row = await db
      .updateTable("robot")
      .set({ permissions: JSON.stringify(left), updated_at: new Date() })
      .where("id", "=", robot.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    record(robotChange(null, row.name, row));
  }
}

async function robotForUpdate(db: Commit["db"], id: number): Promise<RobotRow> {
  const row = await robotRows(db).where("robot.id", "=", id).forUpdate("robot").executeTakeFirst();
  if (row) return row;
  throw new RegistryError("NOT_FOUND", `robot ${id} does not exist`);
}

/** The ids of projects by name, which cannot be deleted meanwhile. Throws NOT_FOUND. */
async function idsOf(
  db: Commit["db"],
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("project")
    .select(["id", "name"])
    .where((eb) => eb("name", "=", eb.fn.any(eb.val([...names]))))
    .orderBy("id")
    .forKeyShare()
    .execute();
  const ids = new Map(rows.map(({ id, name }) => [name, id]));
  const missing = names.find((name) => !ids.has(name));
  if (missing === undefined) return ids;
  throw new RegistryError("NOT_FOUND", `project '${missing}' does not exist`);
}

function expiryOf(createdAt: Date, days: number | null): Date | null {
  return days === null ? null : new Date(createdAt.getTime() + days * DAY_MS);
}
