import { oneOf } from "../options.ts";

/** Roles in a project by id, from 1. Source: Harbor API v2.0 RoleRequest. */
const ROLES = ["project-admin", "developer", "guest", "maintainer", "limited-guest"] as const;

/** A role's name. */
export type RoleName = (typeof ROLES)[number];

/** The names, as help lists them. */
export const ROLE_NAMES = ROLES.join(", ");

/** A role's name, empty for 0: none. */
export function roleName(id: number): string {
  return ROLES[id - 1] ?? (id === 0 ? "" : String(id));
}

/** A role's id. */
export function roleId(name: RoleName): number {
  return ROLES.indexOf(name) + 1;
}

/** A role as it is given. Throws a usage error that lists the names. */
export const parseRole = oneOf(ROLES);
