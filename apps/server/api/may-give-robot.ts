import {
  EVERYWHERE,
  type Identity,
  type RobotPermission,
  type SystemRight,
} from "@entrepot/access";
import { RegistryError } from "@entrepot/oci";
import type { ApiOptions } from "./app.ts";

/**
 * Throws FORBIDDEN unless `identity` may itself do all that `permissions` allow: whoever makes a
 * robot, changes it or gives it a secret could log in as it. What is about every project, those of
 * tomorrow too, only a system administrator gives.
 */
export async function mayGiveRobot(
  { access }: Pick<ApiOptions, "access">,
  identity: Identity,
  permissions: readonly RobotPermission[],
): Promise<void> {
  if (identity.sysadmin) return;
  for (const { kind, namespace, access: asked } of permissions) {
    const of = (wanted: "allow" | "deny") =>
      asked.filter((one) => one.effect === wanted).map((one) => `${one.resource}:${one.action}`);
    if (kind === "system") {
      for (const right of of("allow")) {
        if (!(await access.maySystem(identity, right as SystemRight))) throw beyond(right);
      }
    } else if (namespace === EVERYWHERE) {
      throw beyond("rights in every project");
    } else {
      const given = { role: null, grants: of("allow"), denies: of("deny") };
      await access.requireMore(identity, namespace, given);
    }
  }
}

function beyond(what: string): RegistryError {
  return new RegistryError(
    "FORBIDDEN",
    `this robot has ${what} beyond what you may do yourself; ask a system administrator`,
  );
}
