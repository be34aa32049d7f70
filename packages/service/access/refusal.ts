import { projectOf, RegistryError } from "@entrepot/oci";
import { roleNeeded } from "./roles.ts";
import type { Scope } from "./scope.ts";

/** What can be done with a repository over the distribution API. */
export type RepositoryAction = "pull" | "push" | "delete";

/** UNAUTHORIZED: a token with `scope` may help. `detail` is as distribution's registry has it. */
export function needsToken(scope: Scope): RegistryError {
  const { type, name, actions } = scope;
  return new RegistryError(
    "UNAUTHORIZED",
    `authentication is needed to ${actions.join(" and ")} ${type} ${name}; log in with an ` +
      "account that may, or fetch a token with this scope",
    { detail: actions.map((action) => ({ Type: type, Class: "", Name: name, Action: action })) },
  );
}

/** DENIED: the caller may see the project, and needs a higher role in it. */
export function needsRole(repository: string, action: RepositoryAction): RegistryError {
  const project = projectOf(repository);
  const role = roleNeeded("repository", action);
  return new RegistryError(
    "DENIED",
    `you may not ${action} ${repository}: that needs the role of ${role} (or higher) in project ` +
      `'${project}'; ask its project admin`,
  );
}

/** NAME_UNKNOWN, the same for what does not exist and what the caller may not know of. */
export function unknownOrHidden(repository: string): RegistryError {
  const project = projectOf(repository);
  return new RegistryError(
    "NAME_UNKNOWN",
    `project '${project}' does not exist, or you have no access to it; create it with ` +
      `\`entrepot project create ${project}\` or ask its admin`,
  );
}

/** NAME_UNKNOWN, for whom nothing is hidden. */
export function unknownProject(repository: string): RegistryError {
  const project = projectOf(repository);
  return new RegistryError(
    "NAME_UNKNOWN",
    `project '${project}' does not exist; create it with \`entrepot project create ${project}\``,
  );
}

/** The scopes in `error.detail`, for the challenge that goes with UNAUTHORIZED; empty if none. */
export function scopesOf(error: RegistryError): Scope[] {
  if (error.code !== "UNAUTHORIZED" || !Array.isArray(error.detail)) return [];
  const [first] = error.detail;
  const actions = error.detail.map((one) => String(one.Action));
  return first ? [{ type: String(first.Type), name: String(first.Name), actions }] : [];
}
