import { expect, test } from "vitest";
import { localPath } from "./local-path.ts";

test.each([
  ["/projects/team?page=2", "/projects/team?page=2"],
  ["//evil.example/", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example/", "/"],
  ["javascript:alert(1)", "/"],
  ["\t//evil.example", "/"],
  ["/\t/evil.example", "/"],
  ["", "/"],
  [undefined, "/"],
])("after the login %j leads to %j", (given, leads) => {
  expect(localPath(given)).toBe(leads);
});
