import { expect, test } from "vitest";
import { parseCopySource } from "./copy-source.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
  ["p/r:v1", "p", "r", "v1"],
  ["p/a/b:v1", "p", "a/b", "v1"],
  [`p/a/b@${DIGEST}`, "p", "a/b", DIGEST],
])("%s", (from, project, repository, reference) => {
  expect(parseCopySource(from)).toEqual({ project, repository, reference });
});

test.each(["", "p", "p/r", "r:v1", "p/r:", "p/r@", "/r:v", "p/r:a/b", `p/r:v@${DIGEST}`])(
  "%j is refused",
  (from) => {
    expect(() => parseCopySource(from)).toThrow(/expected project\/repository/);
  },
);
