import { RegistryError } from "@entrepot/oci";
import { READING, type Standing } from "./roles.ts";

/**
 * What can be done in the whole registry, by resource: a system administrator may do all of it,
 * others what they were given. Words are Harbor's where Harbor has the thing (its table of robot
 * permissions of the system), and `read` and `manage` where it does not.
 */
const SYSTEM_RIGHTS = {
  "audit-log": ["list"],
  backup: ["read", "manage"],
  check: ["read", "manage"],
  "garbage-collection": ["list", "read", "create", "update", "stop"],
  "jobservice-monitor": ["list", "stop"],
  label: ["create", "update", "delete"],
  project: ["list", "create"],
  "purge-audit": ["list", "read", "create", "update", "stop"],
  quota: ["list", "read", "update"],
  registry: ["list", "read", "create", "update", "delete"],
  replication: ["list", "read", "create"],
  "replication-adapter": ["list"],
  "replication-policy": ["list", "read", "create", "update", "delete"],
  robot: ["list", "read", "create", "update", "delete"],
  "system-volumes": ["read"],
  user: ["list", "read", "create", "update", "delete"],
} as const;

type Table = typeof SYSTEM_RIGHTS;

/** A right in the whole registry, `resource:action`. */
export type SystemRight = {
  [R in keyof Table]: `${R}:${Table[R][number]}`;
}[keyof Table];

/** All of them. */
export const ALL_SYSTEM_RIGHTS: readonly string[] = Object.entries(SYSTEM_RIGHTS).flatMap(
  ([resource, actions]) => actions.map((action) => `${resource}:${action}`),
);

/** Whether `standing` has `right` in the whole registry. */
export function allowsSystem(
  standing: Pick<Standing, "sysadmin" | "system" | "readOnly">,
  right: SystemRight,
): boolean {
  if (standing.readOnly && !READING.has(right.split(":")[1]!)) return false;
  return standing.sysadmin || standing.system.includes(right);
}

/**
 * `asked` with `resource:*` spelled out, each once and in order, if all are among `known`. Throws
 * BAD_REQUEST that names what is not.
 */
export function spelledOut(asked: readonly string[], known: readonly string[]): string[] {
  const found = asked.flatMap((right) => {
    const resource = right.endsWith(":*") ? right.slice(0, -1) : null;
    const meant = known.filter((one) => (resource ? one.startsWith(resource) : one === right));
    if (meant.length > 0) return meant;
    throw new RegistryError(
      "BAD_REQUEST",
      `there is no right ${JSON.stringify(right.slice(0, 100))} here; GET /api/v2.0/permissions ` +
        "lists all, and `resource:*` is all of a resource",
    );
  });
  return [...new Set(found)].toSorted();
}
