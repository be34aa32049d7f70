import type { Action, Identity, Resource } from "@entrepot/access";
import type { Execution } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { type Policy, type PolicySettings, VENDOR } from "@entrepot/replication";
import type { ApiOptions } from "./app.ts";

/** Projects by id; null: all, and the system's own policies as well. */
type Owned = ReadonlyMap<number, string> | null;

/** What somebody wants with policies and their runs. */
export type PolicyRight =
  | `replication-policy:${Action<"replication-policy">}`
  | `replication:${Action<"replication">}`;

type Rooms = Pick<ApiOptions, "access">;

/**
 * The projects in which `identity` has `right`, its administrators among them; null with that right
 * in the whole registry. Throws FORBIDDEN where there is none. As the tables have it now; a
 * registry token owns nothing.
 */
export async function ownedProjects(
  { access }: Rooms,
  identity: Identity,
  right: PolicyRight,
): Promise<Owned> {
  if (await access.maySystem(identity, right)) return null;
  const [resource, action] = right.split(":") as [Resource, Action];
  const projects = await access.projectsWith(identity, resource, action);
  if (projects.size > 0) return projects;
  throw new RegistryError(
    "FORBIDDEN",
    "this needs a system administrator, the administrator of a project, or the right " +
      `${right} in one; ask for it`,
  );
}

/** Policy `id`, if `identity` has `right` to it. Throws NOT_FOUND, and as `ownedProjects` does. */
export async function ownedPolicy(
  options: Rooms & Pick<ApiOptions, "replication">,
  identity: Identity,
  id: number,
  right: PolicyRight,
): Promise<Policy> {
  const owned = await ownedProjects(options, identity, right);
  const policy = await options.replication.policies.get(id);
  if (policy && (owned === null || isIn(owned, policy.projectId))) return policy;
  throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
}

/**
 * `settings` as `identity` may give them to a policy. Throws FORBIDDEN for a policy that is of none
 * of the projects in which it has `right`.
 */
export async function ownSettings(
  options: Rooms,
  identity: Identity,
  settings: PolicySettings,
  right: PolicyRight,
): Promise<PolicySettings> {
  const owned = await ownedProjects(options, identity, right);
  if (owned === null || isIn(owned, settings.projectId)) return settings;
  throw new RegistryError(
    "FORBIDDEN",
    "policies of the system need a system administrator: give project_id, a project of yours",
  );
}

/** The policies that `identity` may see. Throws as `ownedProjects` does. */
export async function ownedPolicies(
  options: Rooms & Pick<ApiOptions, "replication">,
  identity: Identity,
  right: PolicyRight,
): Promise<Policy[]> {
  const owned = await ownedProjects(options, identity, right);
  return options.replication.policies.list(owned ? [...owned.keys()] : undefined);
}

/** Execution `id`, if `identity` may see its policy. Throws NOT_FOUND or FORBIDDEN. */
export async function ownedExecution(
  options: Rooms & Pick<ApiOptions, "jobs" | "replication">,
  identity: Identity,
  id: number,
  right: PolicyRight,
): Promise<Execution> {
  const owned = await ownedProjects(options, identity, right);
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
