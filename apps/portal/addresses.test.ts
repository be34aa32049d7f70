import { expect, test } from "vitest";
import { artifactOf, artifactPath, imageName, partsOf, repositoryPath } from "./addresses.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

test.each([
  ["library/app", "v1", "/projects/library/artifacts/app:v1"],
  ["library/team/app", DIGEST, `/projects/library/artifacts/team/app@${DIGEST}`],
])("%s with %s is shown at an address that tells it again", (repository, reference, path) => {
  expect(artifactPath(repository, reference)).toBe(path);
  const { project, rest } = partsOf(repository);
  const splat = path.slice(`/projects/${project}/artifacts/`.length);
  expect(artifactOf(splat)).toEqual({ rest, reference });
  expect(path.endsWith(imageName(rest, reference))).toBe(true);
});

test("a repository below others keeps its slashes", () =>
  expect(repositoryPath("library/a/b/c")).toBe("/projects/library/repositories/a/b/c"));

test.each(["app", "app@", ":v1", "app:v1:v2", ""])("%j names no artifact", (splat) =>
  expect(artifactOf(splat)).toBeNull(),
);
