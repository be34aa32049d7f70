import { RegistryError } from "@entrepot/oci";
import { EVERYWHERE, type RobotAccess, type RobotPermission } from "./robot-rights.ts";
import { PROJECT_RIGHTS } from "./roles.ts";
import { ALL_SYSTEM_RIGHTS, spelledOut } from "./system-rights.ts";

/** Source: Harbor's robot names. */
const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;
const LONGEST_NAME = 100;
const MOST_DAYS = 36_500;
const MOST_PERMISSIONS = 200;
/** Where Harbor has the rights of the system. */
const SYSTEM = "/";

/** A permission as somebody asks for it: actions may be `*`, an effect may be missing. */
export interface AskedPermission {
  readonly kind: string;
  readonly namespace: string;
  readonly access: readonly {
    readonly resource: string;
    readonly action: string;
    readonly effect?: string | undefined;
  }[];
}

/** Throws BAD_REQUEST unless a robot can have this name (without its prefix). */
export function checkRobotName(name: string): void {
  if (NAME.test(name) && name.length <= LONGEST_NAME) return;
  throw refused(
    `${JSON.stringify(name.slice(0, 100))} cannot be a robot's name; use up to ${LONGEST_NAME} ` +
      "small letters and digits, with single . _ - between them",
  );
}

/** Days that a robot lives; null: for ever, asked for as -1. Throws BAD_REQUEST. */
export function daysOf(duration: number): number | null {
  if (duration === -1) return null;
  if (Number.isInteger(duration) && duration > 0 && duration <= MOST_DAYS) return duration;
  throw refused(`a robot lives 1 to ${MOST_DAYS} days, or for ever with -1, not ${duration}`);
}

/**
 * Permissions as they are stored: `*` spelled out, every effect told. Those of a project's robot
 * are about this project alone. Throws BAD_REQUEST that names what there is not.
 */
export function permissionsOf(
  asked: readonly AskedPermission[],
  project: string | null,
): RobotPermission[] {
  if (asked.length === 0 || asked.length > MOST_PERMISSIONS) {
    throw refused(`a robot needs permissions: 1 to ${MOST_PERMISSIONS}, not ${asked.length}`);
  }
  const found = asked.map(permissionOf);
  if (project === null) return found;
  if (found.length === 1 && found[0]!.kind === "project" && found[0]!.namespace === project) {
    return found;
  }
  throw refused(`a robot of project '${project}' has one permission: of kind project, in it`);
}

function permissionOf({ kind, namespace, access }: AskedPermission): RobotPermission {
  if (kind !== "project" && kind !== "system") {
    throw refused(`a permission is of kind project or system, not ${shown(kind)}`);
  }
  if (access.length === 0) throw refused("a permission needs an access at least");
  const known = kind === "system" ? ALL_SYSTEM_RIGHTS : PROJECT_RIGHTS;
  const rights = access.flatMap((one) => accessesOf(one, known));
  const each = new Map(rights.map((one) => [`${one.resource}:${one.action}:${one.effect}`, one]));
  return {
    kind,
    namespace: kind === "system" ? SYSTEM : namespace,
    access: [...each.values()],
  };
}

function accessesOf(
  { resource, action, effect = "allow" }: AskedPermission["access"][number],
  known: readonly string[],
): RobotAccess[] {
  // Harbor's clients send an empty one.
  const meant = effect === "" ? "allow" : effect;
  if (meant !== "allow" && meant !== "deny") {
    throw refused(`the effect of an access is allow or deny, not ${shown(effect)}`);
  }
  return spelledOut([`${resource}:${action}`], known).map((right) => {
    const [of = "", what = ""] = right.split(":");
    return { resource: of, action: what, effect: meant };
  });
}

/** The projects that `permissions` name. */
export function projectsNamed(permissions: readonly RobotPermission[]): string[] {
  const named = permissions.filter(({ kind }) => kind === "project");
  return [...new Set(named.map(({ namespace }) => namespace))].filter((one) => one !== EVERYWHERE);
}

const shown = (text: string) => JSON.stringify(text.slice(0, 50));

function refused(message: string): RegistryError {
  return new RegistryError("BAD_REQUEST", message);
}
