import type { Commit, NameToPutBack } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { putMember, takeMember } from "./members.ts";
import { asRole } from "./roles.ts";

/**
 * Makes memberships (`project/username`) what they were, as a part of `commit`. Answers why one was
 * left, in order: its account or project is gone.
 */
export async function restoreMembers(
  commit: Commit,
  names: readonly NameToPutBack[],
): Promise<(string | null)[]> {
  const left: (string | null)[] = [];
  for (const { key, wanted } of names) {
    const at = key.indexOf("/");
    const [project, username] = [key.slice(0, at), key.slice(at + 1)];
    const role = wanted && asRole(Number(wanted["role"]));
    try {
      if (role) await putMember(commit, project, username, { role, ...rightsIn(wanted) });
      else await takeMember(commit, project, username);
      left.push(null);
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== "NOT_FOUND") throw error;
      left.push(wanted ? error.message : null);
    }
  }
  return left;
}

/** Rights of its own as the journal tells them: none, where it does not. */
function rightsIn(after: Readonly<Record<string, unknown>>) {
  const list = (name: string) => {
    const told = after[name];
    return Array.isArray(told) ? told.map(String) : [];
  };
  return { grants: list("grants"), denies: list("denies") };
}
