import { describe, expect, test } from "vitest";
import {
  allows,
  allowsRight,
  asRole,
  NO_STANDING,
  PROJECT_RIGHTS,
  rightBeyond,
  type Role,
  roleNeeded,
  type Standing,
} from "./roles.ts";

/**
 * Who may do what in Harbor: project admin, maintainer, developer, guest, limited guest; u: anybody
 * in a public project. Source: goharbor/harbor src/common/rbac/project/rbac_role.go, rbac_util.go.
 */
const HARBOR: Readonly<Record<string, string>> = {
  "project:read": "PMDGLu",
  "project:update": "P",
  "project:delete": "P",
  "member:list": "PMDG",
  "member:read": "PMDG",
  "member:create": "P",
  "member:update": "P",
  "member:delete": "P",
  "robot:list": "PMDG",
  "robot:read": "PMDG",
  "robot:create": "P",
  "robot:update": "P",
  "robot:delete": "P",
  "notification-policy:list": "PM",
  "notification-policy:read": "PM",
  "notification-policy:create": "P",
  "notification-policy:update": "P",
  "notification-policy:delete": "P",
  "repository:list": "PMDGLu",
  "repository:read": "PMDGL",
  "repository:pull": "PMDGLu",
  "repository:push": "PMD",
  "repository:update": "PMD",
  "repository:delete": "PM",
  "artifact:list": "PMDGLu",
  "artifact:read": "PMDGLu",
  "artifact:create": "PMD",
  "artifact:delete": "PM",
  "accessory:list": "PMDGLu",
  "artifact-label:create": "PMD",
  "artifact-label:delete": "PMD",
  "label:list": "PMDGu",
  "label:read": "PMDGu",
  "label:create": "PM",
  "label:update": "PM",
  "label:delete": "PM",
  "tag:list": "PMDGLu",
  "tag:create": "PMD",
  "tag:delete": "PM",
  "tag-retention:list": "PMD",
  "tag-retention:read": "PMD",
  "tag-retention:create": "PMD",
  "tag-retention:update": "PMD",
  "tag-retention:delete": "PMD",
  "tag-retention:operate": "PMD",
  "immutable-tag:list": "PM",
  "immutable-tag:create": "PM",
  "immutable-tag:update": "PM",
  "immutable-tag:delete": "PM",
  "log:list": "P",
};

/** Where we differ: who may here, and why. */
const OURS: Readonly<Record<string, readonly [who: string, why: string]>> = {
  "notification-policy:list": ["P", "a webhook's address may be as good as a password"],
  "notification-policy:read": ["P", "a webhook's address may be as good as a password"],
  "repository:read": ["PMDGLu", "in a public project anybody may what a limited guest may"],
  "label:list": ["PMDG", "in a public project anybody may what a limited guest may"],
  "label:read": ["PMDG", "in a public project anybody may what a limited guest may"],
  "recovery:restore": ["PM", "Harbor cannot restore: whoever deletes may put back"],
  "replication-policy:list": ["P", "in Harbor policies are the system administrator's"],
  "replication-policy:read": ["P", "in Harbor policies are the system administrator's"],
  "replication-policy:create": ["P", "in Harbor policies are the system administrator's"],
  "replication-policy:update": ["P", "in Harbor policies are the system administrator's"],
  "replication-policy:delete": ["P", "in Harbor policies are the system administrator's"],
  "replication:list": ["P", "in Harbor policies are the system administrator's"],
  "replication:read": ["P", "in Harbor policies are the system administrator's"],
  "replication:create": ["P", "in Harbor policies are the system administrator's"],
};

const ROLE_OF: Record<string, Role> = { P: 1, M: 4, D: 2, G: 3, L: 5 };
const none = { ...NO_STANDING, exists: true };

test("every right is held by whom Harbor gives it, but for what is said to differ", () => {
  const found = Object.fromEntries(
    PROJECT_RIGHTS.map((right) => [
      right,
      Object.entries(ROLE_OF)
        .filter(([, role]) => allowsRight({ ...none, role }, right))
        .map(([letter]) => letter)
        .concat(allowsRight({ ...none, public: true }, right) ? ["u"] : [])
        .join(""),
    ]),
  );
  const ours = Object.entries(OURS).map(([right, [who]]) => [right, who]);
  expect(found).toEqual({ ...HARBOR, ...Object.fromEntries(ours) });
  expect(ours.filter(([right, who]) => HARBOR[right!] === who)).toEqual([]);
});

describe.each(PROJECT_RIGHTS)("%s", (right) => {
  test("of a member, of nobody, and where there is no project", () => {
    for (const role of Object.values(ROLE_OF)) {
      // That anybody may read takes nothing from members.
      const member = allowsRight({ ...none, role }, right);
      expect(allowsRight({ ...none, role, public: true }, right)).toBe(member);
      expect(allowsRight({ ...none, role, exists: false }, right)).toBe(false);
    }
    expect(allowsRight(none, right)).toBe(false);
    expect(allowsRight({ ...none, sysadmin: true }, right)).toBe(true);
    expect(allowsRight({ ...none, sysadmin: true, exists: false }, right)).toBe(false);
  });

  test("given and taken away", () => {
    const grants = [right];
    expect(allowsRight({ ...none, grants }, right)).toBe(true);
    expect(allowsRight({ ...none, grants }, "project:read")).toBe(true);
    expect(allowsRight({ ...none, grants, denies: grants }, right)).toBe(false);
    expect(allowsRight({ ...none, role: 1, denies: grants }, right)).toBe(false);
    expect(allowsRight({ ...none, sysadmin: true, denies: grants }, right)).toBe(true);
    expect(allowsRight({ ...none, grants, exists: false }, right)).toBe(false);
  });
});

const given = { role: null, grants: [], denies: [] };
test.each<[string, Partial<Standing>, Partial<Standing>, string | null]>([
  ["an admin makes admins", { role: 1 }, { role: 1 }, null],
  ["a maintainer makes no admin", { role: 4 }, { role: 1 }, "project:update"],
  [
    "nor one who may delete the project",
    { role: 4 },
    { grants: ["project:delete"] },
    "project:delete",
  ],
  [
    "who may not delete, gives nobody that",
    { role: 1, denies: ["tag:delete"] },
    { role: 4 },
    "tag:delete",
  ],
  [
    "but may make one who may not, either",
    { role: 1, denies: ["tag:delete"] },
    { role: 4, denies: ["tag:delete"] },
    null,
  ],
  ["a system admin gives all", { sysadmin: true }, { role: 1 }, null],
])("%s", (_, giver, asked, beyond) => {
  expect(rightBeyond({ ...none, ...giver }, { ...given, ...asked })).toBe(beyond);
});

test("what nobody can do is a programmer's error", () => {
  const role: Role = 1;
  expect(() => allows({ ...none, role }, "repository", "constructor" as never)).toThrow(TypeError);
});

test("roles by id and name", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1.5].map(asRole)).toEqual([null, 1, 2, 3, 4, 5, null, null]);
  expect(roleNeeded("repository", "delete")).toBe("maintainer");
});
