import { expect, test } from "vitest";
import { localPath } from "./local-path.ts";

test.for([
  "/",
  "/projects/team",
  "/projects/team/repositories?q=a%2Fb#tags",
  "/%E4%BD%A0",
  "/a//b",
])("%s is here", (path) => {
  expect(localPath(path)).toBe(path);
});

test.for([
  "",
  "projects",
  "//evil.example",
  "///evil.example",
  String.raw`/\evil.example`,
  String.raw`\\evil.example`,
  "/\t/evil.example",
  "/\n/evil.example",
  "\t//evil.example",
  "/\u0000/evil.example",
  "/\u202e//evil",
  "https://evil.example/",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "/..//evil.example",
  "/.//evil.example",
  "/a/../..//evil.example",
  `/${"a".repeat(2_001)}`,
])("%j is not", (path) => {
  expect(localPath(path)).toBe("/");
});
