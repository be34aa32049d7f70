/** Harbor's ids of a project's roles. Source: Harbor common/rbac/project. */
export const ROLES = {
  projectAdmin: 1,
  developer: 2,
  guest: 3,
  maintainer: 4,
  limitedGuest: 5,
} as const;

/** A role's id. */
export type Role = (typeof ROLES)[keyof typeof ROLES];

/** Roles from least to most: each may do what those before it may. */
export const LADDER: readonly Role[] = [5, 3, 2, 4, 1];

const NAMES: Readonly<Record<Role, string>> = {
  1: "project admin",
  2: "developer",
  3: "guest",
  4: "maintainer",
  5: "limited guest",
};

/** The least role that may do `action` on `resource`. The one place where this is decided. */
const LEAST_ROLE = {
  project: { read: 5, update: 1, delete: 1 },
  member: { list: 3, read: 3, create: 1, update: 1, delete: 1 },
  robot: { list: 3, read: 3, create: 1, update: 1, delete: 1 },
  "notification-policy": { list: 1, read: 1, create: 1, update: 1, delete: 1 },
  repository: { list: 5, read: 5, pull: 5, push: 2, update: 2, delete: 4 },
  artifact: { list: 5, read: 5, create: 2, delete: 4 },
  accessory: { list: 5 },
  "artifact-label": { create: 2, delete: 2 },
  label: { list: 3, read: 3, create: 4, update: 4, delete: 4 },
  tag: { list: 5, create: 2, delete: 4 },
  "tag-retention": { list: 2, read: 2, create: 2, update: 2, delete: 2, operate: 2 },
  "immutable-tag": { list: 4, create: 4, update: 4, delete: 4 },
  log: { list: 1 },
  recovery: { restore: 4 },
  "replication-policy": { list: 1, read: 1, create: 1, update: 1, delete: 1 },
  replication: { list: 1, read: 1, create: 1 },
} as const satisfies Record<string, Record<string, Role>>;

/** What rights in projects are about. */
export type Resource = keyof typeof LEAST_ROLE;

/** What can be done with `R`. */
export type Action<R extends Resource = Resource> = R extends Resource
  ? keyof (typeof LEAST_ROLE)[R] & string
  : never;

/** What counts for one caller in one project, as the catalog has it now. */
export interface Standing {
  /** The project exists. */
  readonly exists: boolean;
  /** Anybody may read it, as a limited guest does. */
  readonly public: boolean;
  /** The caller's role as a member. */
  readonly role: Role | null;
  /** What it may do beside its role: a member's own rights, or all that a robot may. */
  readonly grants: readonly string[];
  /** What it may not do, whatever its role and grants. */
  readonly denies: readonly string[];
  /** The caller may do everything in every project. */
  readonly sysadmin: boolean;
  /** Whatever it may, it changes nothing. */
  readonly readOnly?: boolean;
  /** What it may do in the whole registry; see `SYSTEM_RIGHTS`. */
  readonly system: readonly string[];
}

/** Of nobody, in a project that is not there. */
export const NO_STANDING: Standing = {
  exists: false,
  public: false,
  role: null,
  grants: [],
  denies: [],
  sysadmin: false,
  system: [],
};

/** Whether `standing` allows `action` on `resource`. Where there is no project, nothing is. */
export function allows<R extends Resource>(
  standing: Standing,
  resource: R,
  action: Action<R>,
): boolean {
  const least = leastRole(resource, action);
  if (!standing.exists || (standing.readOnly && !READING.has(action))) return false;
  if (standing.sysadmin) return true;
  const right = `${resource}:${action}`;
  if (standing.denies.includes(right)) return false;
  if (standing.grants.includes(right)) return true;
  // Whoever may do anything in a project may know of it.
  if (right === "project:read" && standing.grants.length > 0) return true;
  const role = standing.role ?? (standing.public ? ROLES.limitedGuest : null);
  return role !== null && LADDER.indexOf(role) >= LADDER.indexOf(least);
}

/** Actions that change nothing. */
export const READING: ReadonlySet<string> = new Set(["list", "read", "pull"]);

/** All rights in a project, `resource:action`. */
export const PROJECT_RIGHTS: readonly string[] = Object.entries(LEAST_ROLE).flatMap(
  ([resource, actions]) => Object.keys(actions).map((action) => `${resource}:${action}`),
);

/** Those of them that every member has. */
export const READING_RIGHTS: readonly string[] = PROJECT_RIGHTS.filter((right) => {
  const [resource, action] = right.split(":") as [Resource, Action];
  return leastRole(resource, action) === ROLES.limitedGuest;
});

/**
 * A right that `given` has and `giver` has not, both in one project; null if there is none. Nobody
 * gives more than they have, nor changes who has more.
 */
export function rightBeyond(
  giver: Standing,
  given: Pick<Standing, "role" | "grants" | "denies">,
): string | null {
  const whole = { ...giver, ...given, sysadmin: false, public: false };
  const beyond = (right: string) => allowsRight(whole, right) && !allowsRight(giver, right);
  return PROJECT_RIGHTS.find(beyond) ?? null;
}

/** `allows` for one of `PROJECT_RIGHTS`. */
export function allowsRight(standing: Standing, right: string): boolean {
  const [resource, action] = right.split(":") as [Resource, Action];
  return allows(standing, resource, action);
}

/** The name of the least role that may do `action` on `resource`. */
export function roleNeeded<R extends Resource>(resource: R, action: Action<R>): string {
  return NAMES[leastRole(resource, action)];
}

/** `id` as a role, or null if Harbor knows none of that id. */
export function asRole(id: number): Role | null {
  return LADDER.find((role) => role === id) ?? null;
}

/** The name of `role`, for people. */
export function roleName(role: Role): string {
  return NAMES[role];
}

function leastRole<R extends Resource>(resource: R, action: Action<R>): Role {
  const actions: Readonly<Record<string, Role>> = LEAST_ROLE[resource];
  const least = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (least === undefined) throw new TypeError(`nobody can ${action} a ${resource}`);
  return least;
}
