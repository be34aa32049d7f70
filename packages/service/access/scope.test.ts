import { describe, expect, test } from "vitest";
import { parseScopes, printScope } from "./scope.ts";

const GOOD: [string, string[], string[]][] = [
  ["none", [], []],
  ["empty", ["", " "], []],
  ["one", ["repository:a/b:pull"], ["repository:a/b:pull"]],
  [
    "repeated",
    ["repository:a/b:pull", "repository:c/d:push"],
    ["repository:a/b:pull", "repository:c/d:push"],
  ],
  [
    "spaces",
    ["repository:a/b:pull repository:c/d:push"],
    ["repository:a/b:pull", "repository:c/d:push"],
  ],
  ["merged", ["repository:a/b:pull", "repository:a/b:push,pull"], ["repository:a/b:pull,push"]],
  ["a port", ["repository:host:5000/a/b:pull"], ["repository:host:5000/a/b:pull"]],
  ["a class", ["repository(plugin):a/b:pull"], ["repository:a/b:pull"]],
  ["catalog", ["registry:catalog:*"], ["registry:catalog:*"]],
  [
    "star among others",
    ["repository:a/b:pull,push,delete,*"],
    ["repository:a/b:pull,push,delete,*"],
  ],
  ["no actions", ["repository:a/b:"], ["repository:a/b:"]],
  ["unknown type and action", ["moon:x:land"], ["moon:x:land"]],
];

test.each(GOOD)("%s", (_name, texts, wanted) => {
  expect(parseScopes(texts).map(printScope)).toEqual(wanted);
});

describe("malformed", () => {
  const BAD = [
    "repository",
    "repository:a/b",
    ":a/b:pull",
    "repository::pull",
    "repository:a:b:c:pull",
    "repository:a/b:PULL",
    "repository:a/b:pull;push",
    "repository:a/b:pull,",
    "repository:a/\0b:pull",
    "repository:ä/b:pull",
    `repository:${"a".repeat(512)}:pull`,
  ];
  test.each(BAD)("%j", (text) => {
    expect(() => parseScopes([text])).toThrow(/is not a scope; expected/);
  });

  test("too many", () => {
    const many = Array.from({ length: 65 }, (_one, i) => `repository:a/b${i}:pull`);
    expect(() => parseScopes(many)).toThrow(/65 scopes/);
    expect(() => parseScopes([many.join(" ")])).toThrow(/65 scopes/);
    expect(parseScopes(many.slice(1))).toHaveLength(64);
  });

  test("a hostile one takes no time", () => {
    const start = performance.now();
    expect(() => parseScopes([`repository:a:${",a".repeat(240)}!`])).toThrow(/is not a scope/);
    expect(performance.now() - start).toBeLessThan(100);
  });
});
