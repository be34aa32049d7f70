import type { Robot } from "@entrepot/api";

type Permissions = Robot["permissions"];

/** What a robot is mostly made for, by name, as `resource:action`. */
export const PRESETS = {
  pull: ["repository:list", "repository:pull", "artifact:read", "tag:list"],
  push: [
    "repository:list",
    "repository:pull",
    "repository:push",
    "artifact:read",
    "artifact:create",
    "tag:list",
    "tag:create",
  ],
} as const;

/** What a form says of a robot's rights. */
export interface RightsGiven {
  /** Names of projects; `*` for all. */
  readonly namespaces: readonly string[];
  /** As `resource:action`. */
  readonly rights: readonly string[];
}

/** The permissions that `given` stands for: the same rights in every one of its projects. */
export function permissionsOf({ namespaces, rights }: RightsGiven): Permissions {
  const access = rights.map((right) => {
    const [resource = "", action = ""] = right.split(":", 2);
    return { resource, action };
  });
  const everywhere = namespaces.includes("*") ? ["*"] : namespaces;
  return everywhere.map((namespace) => ({ kind: "project", namespace, access }));
}

/**
 * What a form shows of `permissions`; null where it cannot say them: rights in the whole registry,
 * rights that are denied, or different ones in different projects.
 */
export function givenBy(permissions: Permissions): RightsGiven | null {
  const sets = permissions.map(({ access }) =>
    access.map(({ resource, action }) => `${resource}:${action}`).toSorted(),
  );
  const alike = sets.every((set) => set.join() === sets[0]?.join());
  const plain = permissions.every(
    ({ kind, access }) => kind === "project" && access.every(({ effect }) => effect !== "deny"),
  );
  if (!alike || !plain) return null;
  return { namespaces: permissions.map(({ namespace }) => namespace), rights: sets[0] ?? [] };
}
