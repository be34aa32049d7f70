import { describe, expect, test } from "vitest";
import { type Action, allows, asRole, type Resource, type Role, roleNeeded } from "./roles.ts";

/** Source: Harbor's role table. PA, Maintainer, Developer, Guest, Limited guest; then public. */
const TABLE: [string, string][] = [
  ["project read", "PMDGLu"],
  ["project update", "P"],
  ["project delete", "P"],
  ["member list", "PMDG"],
  ["member write", "P"],
  ["repository list", "PMDGLu"],
  ["repository read", "PMDGLu"],
  ["repository pull", "PMDGLu"],
  ["repository push", "PMD"],
  ["repository update", "PMD"],
  ["repository delete", "PM"],
  ["artifact list", "PMDGLu"],
  ["artifact read", "PMDGLu"],
  ["artifact create", "PMD"],
  ["artifact delete", "PM"],
  ["artifact-label create", "PMD"],
  ["artifact-label delete", "PMD"],
  ["label list", "PMDG"],
  ["label write", "PM"],
  ["tag list", "PMDGLu"],
  ["tag create", "PMD"],
  ["tag delete", "PM"],
  ["log list", "P"],
];

const ROLE_OF: Record<string, Role> = { P: 1, M: 4, D: 2, G: 3, L: 5 };
const none = {
  exists: true,
  public: false,
  role: null,
  grants: [],
  denies: [],
  sysadmin: false,
  system: [],
};

describe.each(TABLE)("%s", (right, who) => {
  const [resource, action] = right.split(" ") as [Resource, Action];

  test.each(Object.entries(ROLE_OF))("%s", (letter, role) => {
    const wanted = who.includes(letter);
    expect(allows({ ...none, role }, resource, action)).toBe(wanted);
    expect(allows({ ...none, role, public: true }, resource, action)).toBe(wanted);
    expect(allows({ ...none, role, exists: false }, resource, action)).toBe(false);
  });

  test("others", () => {
    expect(allows(none, resource, action)).toBe(false);
    expect(allows({ ...none, public: true }, resource, action)).toBe(who.includes("u"));
    expect(allows({ ...none, sysadmin: true }, resource, action)).toBe(true);
    expect(allows({ ...none, sysadmin: true, exists: false }, resource, action)).toBe(false);
  });
});

test("what nobody can do is a programmer's error", () => {
  const role: Role = 1;
  expect(() => allows({ ...none, role }, "repository", "constructor" as never)).toThrow(TypeError);
});

test("roles by id and name", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1.5].map(asRole)).toEqual([null, 1, 2, 3, 4, 5, null, null]);
  expect(roleNeeded("repository", "delete")).toBe("maintainer");
});
