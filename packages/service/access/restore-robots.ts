import { type Commit, type NameToPutBack, placeOfKey, robotChange } from "@entrepot/catalog";
import { sql } from "kysely";
import { EVERYWHERE, type RobotPermission } from "./robot-rights.ts";

/**
 * Makes robots (`project/name`, `/name` of the system) what they were, as a part of `commit`. One
 * that was deleted comes back disabled, with the secret it had as long as that is kept; one that is
 * disabled now stays so. Rights in projects that are not there are left out. Answers why one was
 * left, in order.
 */
export async function restoreRobots(
  commit: Commit,
  names: readonly NameToPutBack[],
): Promise<(string | null)[]> {
  const left: (string | null)[] = [];
  for (const { key, wanted } of names) left.push(await restore(commit, key, wanted));
  return left;
}

async function restore(
  commit: Commit,
  key: string,
  wanted: NameToPutBack["wanted"],
): Promise<string | null> {
  const { db, record } = commit;
  const { project, name, projectId, isLost } = await placeOfKey(commit, key);
  if (isLost) return wanted ? "its project does not exist" : null;
  const there = await db
    .selectFrom("robot")
    .select(["id", "disabled"])
    .where("project_id", "is not distinct from", projectId)
    .where("name", "=", name)
    .forUpdate()
    .executeTakeFirst();
  if (!wanted) {
    if (!there) return null;
    await db.deleteFrom("robot").where("id", "=", there.id).execute();
    record(robotChange(project, name, null));
    return null;
  }
  const settings = {
    description: String(wanted["description"] ?? ""),
    disabled: wanted["disabled"] === true || there?.disabled !== false,
    duration: wanted["duration"] == null ? null : Number(wanted["duration"]),
    expires_at: wanted["expiresAt"] == null ? null : new Date(Number(wanted["expiresAt"]) * 1_000),
    permissions: JSON.stringify(await stillThere(commit, wanted["permissions"])),
    updated_at: new Date(),
  };
  const loginName = String(wanted["loginName"]);
  const id = there?.id ?? (await revive(commit, { key, projectId, name, loginName }));
  if (id === null) return `another robot is called '${loginName}' now`;
  const row = await db
    .updateTable("robot")
    .set(settings)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  record(robotChange(project, name, row));
  return null;
}

/** The deleted robot with its old id and secret, if they are kept; null: its name is taken. */
async function revive(
  { db }: Commit,
  robot: { key: string; projectId: number | null; name: string; loginName: string },
): Promise<number | null> {
  const { key, projectId, name, loginName } = robot;
  const { rows } = await sql<{ id: number }>`
    WITH old AS (
      SELECT id, secret_hash FROM past_robot
      WHERE key = ${key} AND NOT EXISTS (SELECT FROM robot WHERE robot.id = past_robot.id)
      ORDER BY gone_at DESC LIMIT 1)
    INSERT INTO robot
      (id, project_id, name, login_name, disabled, permissions, secret_hash, creator)
    SELECT coalesce((SELECT id FROM old), nextval('robot_id_seq')), ${projectId}::integer, ${name},
      ${loginName}, true, '[]', (SELECT secret_hash FROM old), 'system:restore'
    ON CONFLICT DO NOTHING
    RETURNING id
  `.execute(db);
  return rows[0]?.id ?? null;
}

async function stillThere({ db }: Commit, told: unknown): Promise<RobotPermission[]> {
  const permissions = Array.isArray(told) ? (told as RobotPermission[]) : [];
  const rows = await db
    .selectFrom("project")
    .select("name")
    .where("name", "in", ["", ...permissions.map(({ namespace }) => namespace)])
    .execute();
  const names = new Set([EVERYWHERE, ...rows.map(({ name }) => name)]);
  return permissions.filter(({ kind, namespace }) => kind === "system" || names.has(namespace));
}
