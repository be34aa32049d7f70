import { type Action, type Identity, PROJECT_RIGHTS, type Resource } from "@entrepot/access";
import { RegistryError } from "@entrepot/oci";
import { parseScope, projectOfScope, type RestorePlan } from "@entrepot/recovery";
import type { ApiOptions } from "./app.ts";

/** What putting back names of a kind needs beyond the right to restore: nobody gains by it. */
const MORE: Readonly<Record<string, readonly [Resource, Action]>> = {
  project: ["project", "update"],
  policy: ["project", "update"],
  webhook: ["notification-policy", "update"],
  retention: ["project", "update"],
  immutable: ["project", "update"],
};
/** Who these are may do what they could: it needs all that there is to do in the project. */
const PEOPLE: ReadonlySet<string> = new Set(["member", "robot"]);
const ALL = PROJECT_RIGHTS.map((right) => right.split(":") as [Resource, Action]);
/** Only a system administrator sets these. */
const SYSTEM: ReadonlySet<string> = new Set(["quota"]);

/** Throws NOT_FOUND or FORBIDDEN unless the caller may restore in `project` (null: everywhere). */
export async function mayRestoreIn(
  options: ApiOptions,
  identity: Identity,
  project: string | null,
): Promise<void> {
  if (identity.sysadmin) return;
  if (project === null) throw needs("a system administrator");
  await mayIn(options, identity, project, ["recovery", "restore"]);
}

/** Throws as above unless the caller may do all that `plan` does. */
export async function mayBeRestored(
  options: ApiOptions,
  identity: Identity,
  plan: RestorePlan,
): Promise<void> {
  if (identity.sysadmin) return;
  const { request, kinds, projects, system, counts } = plan;
  const everywhere = request.name === "" && request.cause === undefined;
  const elsewhere = request.into !== undefined || request.from !== undefined;
  if (everywhere || system || elsewhere || kinds.some((it) => SYSTEM.has(it))) {
    throw needs("a system administrator");
  }
  // A plan that changes nothing has no projects, and is nobody else's all the same.
  const asked = request.cause === undefined ? projectOfScope(parseScope(request.name)) : null;
  if (asked !== null) await mayRestoreIn(options, identity, asked);
  else if (projects.length === 0 && plan.actor !== identity.name) {
    throw needs("a system administrator");
  }
  const rights: (readonly [Resource, Action])[] = [["recovery", "restore"]];
  if (counts.remove > 0) rights.push(["repository", "delete"]);
  rights.push(...kinds.flatMap((kind) => (MORE[kind] ? [MORE[kind]] : [])));
  if (kinds.some((kind) => PEOPLE.has(kind))) rights.push(...ALL);
  for (const project of projects) {
    for (const right of rights) await mayIn(options, identity, project, right);
  }
}

async function mayIn(
  { access }: ApiOptions,
  identity: Identity,
  project: string,
  [resource, action]: readonly [Resource, Action],
): Promise<void> {
  if (await access.may(identity, project, resource, action)) return;
  if (await access.may(identity, project, "project", "read")) {
    throw needs(`a role in project '${project}' that allows ${resource}:${action}`);
  }
  throw new RegistryError(
    "NOT_FOUND",
    "this project does not exist, or you have no access to it; a deleted one is restored by a " +
      "system administrator",
  );
}

function needs(what: string): RegistryError {
  return new RegistryError("FORBIDDEN", `this needs ${what}; ask an administrator`);
}
