import { expect, test } from "vitest";
import { compileGlob } from "./glob.ts";

const CASES: [pattern: string, matches: string[], differs: string[]][] = [
  ["library/app", ["library/app"], ["library/apps", "xlibrary/app", "library"]],
  ["library/*", ["library/app"], ["library/team/app", "library"]],
  ["library/**", ["library/app", "library/team/app"], ["library", "librarya/b"]],
  ["**", ["a", "a/b", "a/b/c", ""], []],
  ["*", ["v1", ""], ["a/b"]],
  ["**/app", ["app", "x/app", "x/y/app"], ["x/apps", "app/x"]],
  ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "az", "b/z"]],
  ["v?.0", ["v1.0"], ["v10.0", "v.0"]],
  ["{dev,prod}/*", ["dev/a", "prod/b"], ["test/a"]],
  ["v{1,2}.*", ["v1.0", "v2.9"], ["v3.0"]],
  ["v{1.{0,5},2}", ["v1.0", "v1.5", "v2"], ["v1", "v1.2"]],
  ["[a-c]x", ["ax", "cx"], ["dx"]],
  ["[^a-c]x", ["dx"], ["ax", "/x"]],
  ["\\*", ["*"], ["a"]],
  ["v**", ["v1", "v"], ["v/1"]],
  ["", [], ["a"]],
];

for (const [pattern, matches, differs] of CASES) {
  test(`glob ${JSON.stringify(pattern)}`, () => {
    const glob = compileGlob(pattern);
    expect(matches.filter((name) => !glob(name))).toEqual([]);
    expect(differs.filter((name) => glob(name))).toEqual([]);
  });
}

for (const pattern of ["{a/b,c}", "{a", "[a", "a\\", "a}", "[]"]) {
  test(`glob ${JSON.stringify(pattern)} is refused`, () => {
    expect(() => compileGlob(pattern)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });
}

test("eight stars over a long name do not blow up", () => {
  const glob = compileGlob("*a*a*a*a*a*a*a*ab");
  expect(glob("a".repeat(5_000))).toBe(false);
});
