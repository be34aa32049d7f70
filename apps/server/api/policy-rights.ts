import { type Identity, ROLES } from "@entrepot/access";
import type { Execution } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { type Policy, type PolicySettings, VENDOR } from "@entrepot/replication";
import type { ApiOptions } from "./app.ts";

/** Projects by id; null: all, and the system's own policies as well. */
type Owned = ReadonlyMap<number, string> | null;

/**
 * The projects whose policies `identity` may see, run and change: those that it administers. Throws
 * FORBIDDEN where there is none. As the tables have it now; a registry token owns nothing.
 */
export async function ownedProjects(
  { catalog }: Pick<ApiOptions, "catalog">,
  identity: Identity,
): Promise<Owned> {
  if (identity.sysadmin) return null;
  const { accountId, grants } = identity;
  const rows =
    accountId === null || grants !== null
      ? []
      : await catalog.db
          .selectFrom("standing_member")
          .innerJoin("project", "project.id", "standing_member.project_id")
          .select(["project.id", "project.name"])
          .where("account_id", "=", accountId)
          .where("role", "=", ROLES.projectAdmin)
          .execute();
  if (rows.length > 0) return new Map(rows.map(({ id, name }) => [id, name]));
  throw new RegistryError(
    "FORBIDDEN",
    "this needs a system administrator, or the administrator of a project; ask one",
  );
}

/** Policy `id`, if `identity` may see it. Throws NOT_FOUND, and as `ownedProjects` does. */
export async function ownedPolicy(
  options: Pick<ApiOptions, "catalog" | "replication">,
  identity: Identity,
  id: number,
): Promise<Policy> {
  const owned = await ownedProjects(options, identity);
  const policy = await options.replication.policies.get(id);
  if (policy && (owned === null || isIn(owned, policy.projectId))) return policy;
  throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
}

/**
 * `settings` as `identity` may give them to a policy. Throws FORBIDDEN for a policy that is of none
 * of the projects that it administers.
 */
export async function ownSettings(
  options: Pick<ApiOptions, "catalog">,
  identity: Identity,
  settings: PolicySettings,
): Promise<PolicySettings> {
  const owned = await ownedProjects(options, identity);
  if (owned === null || isIn(owned, settings.projectId)) return settings;
  throw new RegistryError(
    "FORBIDDEN",
    "policies of the system need a system administrator: give project_id, a project of yours",
  );
}

/** The policies that `identity` may see. Throws as `ownedProjects` does. */
export async function ownedPolicies(
  options: Pick<ApiOptions, "catalog" | "replication">,
  identity: Identity,
): Promise<Policy[]> {
  const owned = await ownedProjects(options, identity);
  return options.replication.policies.list(owned ? [...owned.keys()] : undefined);
}

/** Execution `id`, if `identity` may see its policy. Throws NOT_FOUND or FORBIDDEN. */
export async function ownedExecution(
  options: Pick<ApiOptions, "catalog" | "jobs" | "replication">,
  identity: Identity,
  id: number,
): Promise<Execution> {
  const owned = await ownedProjects(options, identity);
  const execution = await options.jobs.execution(id);
  if (execution?.vendor === VENDOR) {
    if (owned === null) return execution;
    const policy = await options.replication.policies.get(execution.vendorId);
    if (policy && isIn(owned, policy.projectId)) return execution;
  }
  throw new RegistryError("NOT_FOUND", `replication execution ${id} does not exist`);
}

const isIn = (owned: ReadonlyMap<number, string>, id: number | null): boolean =>
  id !== null && owned.has(id);
