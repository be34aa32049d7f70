import { expect, test } from "vitest";
import { destinationOf } from "./destination.ts";

// Harbor's rule, from its documentation's own example name.
const CASES: [name: string, namespace: string, replaceCount: number, to: string][] = [
  ["a/b/c/img", "", -1, "a/b/c/img"],
  ["a/b/c/img", "n", -1, "n/img"],
  ["a/b/c/img", "n", 0, "n/a/b/c/img"],
  ["a/b/c/img", "n", 1, "n/b/c/img"],
  ["a/b/c/img", "n", 2, "n/c/img"],
  ["a/b/c/img", "n", 3, "n/img"],
  ["library/app", "backup/eu", 1, "backup/eu/app"],
];

for (const [name, namespace, replaceCount, to] of CASES) {
  test(`${name} under '${namespace}', replacing ${replaceCount}, is ${to}`, () => {
    expect(destinationOf(name, namespace, replaceCount)).toBe(to);
  });
}

test("more components than there are cannot be replaced", () => {
  expect(() => destinationOf("a/b/c/img", "n", 4)).toThrow(/replace_count is 4/);
});
