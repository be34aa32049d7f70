import { type RawBuilder, type SqlBool, sql } from "kysely";

/** One thing that a robot may do, or may not. Source: Harbor API v2.0, `Access`. */
export interface RobotAccess {
  readonly resource: string;
  readonly action: string;
  readonly effect: "allow" | "deny";
}

/** What a robot may do somewhere. Source: Harbor API v2.0, `RobotPermission`. */
export interface RobotPermission {
  readonly kind: "project" | "system";
  /** Of kind `project` its name, or `*` for every project; else `/`. */
  readonly namespace: string;
  readonly access: readonly RobotAccess[];
}

/** Every project, those of tomorrow too. */
export const EVERYWHERE = "*";

/** What `permissions` say about `project` and the system. Who may push may pull, as in Harbor. */
export function robotRights(
  permissions: readonly RobotPermission[],
  project: string,
): { grants: readonly string[]; denies: readonly string[]; system: readonly string[] } {
  const of = (kind: RobotPermission["kind"], wanted: RobotAccess["effect"]) =>
    permissions
      .filter((one) => one.kind === kind && (kind === "system" || isIn(one.namespace, project)))
      .flatMap(({ access }) => access)
      .filter(({ effect }) => effect === wanted)
      .map(({ resource, action }) => `${resource}:${action}`);
  const grants = of("project", "allow");
  if (grants.includes("repository:push")) grants.push("repository:pull");
  const refused = new Set(of("system", "deny"));
  return {
    grants,
    denies: of("project", "deny"),
    system: of("system", "allow").filter((right) => !refused.has(right)),
  };
}

const isIn = (namespace: string, project: string): boolean =>
  namespace === EVERYWHERE || namespace === project;

/** SQL: whether the robot in row `robot` may do anything at all now. */
export function inUse(robot: RawBuilder<unknown>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(NOT ${robot}.disabled
    AND (${robot}.expires_at IS NULL OR ${robot}.expires_at > now()))`;
}

/**
 * SQL: whether robot `id` may do anything in the project of the row `project`: of `resources`, if
 * some are given.
 */
export function robotIn(
  id: number | undefined,
  resources: readonly string[] | null = null,
): RawBuilder<SqlBool> {
  if (id === undefined) return sql<SqlBool>`false`;
  return sql<SqlBool>`EXISTS (
    SELECT FROM robot, jsonb_array_elements(robot.permissions) AS one,
      jsonb_array_elements(one->'access') AS may
    WHERE robot.id = ${id}::int AND ${inUse(sql`robot`)}
      AND one->>'kind' = 'project' AND one->>'namespace' IN (project.name, ${EVERYWHERE})
      AND may->>'effect' = 'allow'
      AND (${resources}::text[] IS NULL OR may->>'resource' = ANY(${resources}::text[])))`;
}
