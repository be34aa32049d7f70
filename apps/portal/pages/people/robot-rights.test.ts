import { expect, test } from "vitest";
import { givenBy, permissionsOf, PRESETS } from "./robot-rights.ts";

const access = [{ resource: "repository", action: "pull" }];

test("all projects stand for themselves and every other", () => {
  const given = { namespaces: ["shop", "*"], rights: ["repository:pull"] };
  expect(permissionsOf(given)).toEqual([{ kind: "project", namespace: "*", access }]);
});

test("what a form says comes back to it as it was", () => {
  const given = { namespaces: ["a", "b"], rights: PRESETS.push.toSorted() };
  expect(givenBy(permissionsOf(given))).toEqual(given);
});

test.each([
  ["rights in the whole registry", [{ kind: "system", namespace: "/", access }]],
  [
    "a denied right",
    [{ kind: "project", namespace: "a", access: [{ ...access[0]!, effect: "deny" }] }],
  ],
  [
    "different rights in different projects",
    [
      { kind: "project", namespace: "a", access },
      { kind: "project", namespace: "b", access: [] },
    ],
  ],
])("a form cannot say %s", (_, permissions) => expect(givenBy(permissions)).toBeNull());
