import { projectOf } from "@entrepot/oci";
import { asOfName } from "@entrepot/registry";
import type { Identity } from "./identity.ts";
import { needsToken, unknownOrHidden } from "./refusal.ts";
import type { Rights } from "./rights.ts";
import { allows, type Standing } from "./roles.ts";

/** What of a repository's past may be read. */
export interface PastRight {
  /** Also what a project of this name had that has been deleted since. */
  readonly ofDeleted: boolean;
}

/** The project whose rights count for repository `name`: of a name as of a moment, its own. */
export function projectAsked(name: string): string {
  return projectOf(asOfName(name)?.repository ?? name);
}

/** Whether a standing today allows reading the past: of a deleted project, system admins may. */
export function allowsPast(standing: Standing): boolean {
  return standing.sysadmin || allows(standing, "repository", "pull");
}

/**
 * What of the past `identity` may pull by `name`, a repository as of a moment: whoever may pull
 * the repository today may pull what its project had; what a deleted project had, system
 * administrators alone, for its name may be somebody else's by now. Throws UNAUTHORIZED where a
 * token may help, else NAME_UNKNOWN.
 */
export async function pastRight(
  { rights }: { readonly rights: Rights },
  identity: Identity,
  name: string,
): Promise<PastRight> {
  const standing = await rights.standing(identity, projectAsked(name));
  const isGranted =
    identity.grants === null ||
    identity.grants.some(
      (grant) =>
        grant.type === "repository" && grant.name === name && grant.actions.includes("pull"),
    );
  if (isGranted && allowsPast(standing)) return { ofDeleted: standing.sysadmin };
  if (identity.kind === "anonymous" || (!isGranted && allowsPast(standing))) {
    throw needsToken({ type: "repository", name, actions: ["pull"] });
  }
  throw unknownOrHidden(asOfName(name)?.repository ?? name);
}
