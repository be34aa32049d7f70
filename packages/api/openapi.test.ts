import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openapiDocument } from "./openapi.ts";
import { routes } from "./routes.ts";

const ALL = Object.entries(routes).flatMap(([room, group]) =>
  Object.entries(group).map(([name, route]) => ({ name: `${room}.${name}`, route })),
);

const TABLE = Object.fromEntries(
  Object.entries(routes).map(([room, group]) => [
    room,
    Object.fromEntries(
      Object.entries(group).map(([name, { method, path }]) => [name, { method, path }]),
    ),
  ]),
);

test.each([
  ["the document", "openapi.json", openapiDocument()],
  ["what clients know of the routes", "route-table.json", TABLE],
])("%s is the one checked in, %s (UPDATE_GOLDEN=1 rewrites it)", async (_what, name, value) => {
  const file = join(import.meta.dirname, name);
  const made = `${JSON.stringify(value, null, 2)}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(file, made);
  expect(made).toBe(await readFile(file, "utf8"));
});

test.each(ALL)("$name names each parameter of its path", ({ route }) => {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const declared =
    "request" in route && "params" in route.request ? route.request.params.shape : {};
  expect(Object.keys(declared).toSorted()).toEqual(inPath.toSorted());
});

test.each(ALL)(
  "$name says what right it needs, one that its path can be judged by",
  ({ route }) => {
    const right = route["x-right"];
    expect(right).toMatch(/^(?:anyone|account|system|(?:system:)?[a-z-]+:[a-z-]+)$/);
    if (/^(?!system:).+:/.test(right)) expect(route.path).toMatch(/\/projects\/\{project_name/);
  },
);

test("no two routes share a method and a path", () => {
  const keys = ALL.map(({ route }) => `${route.method} ${route.path.replace(/\{\w+\}/g, "{}")}`);
  expect(new Set(keys).size).toBe(keys.length);
});

// What a Harbor calls on the other side, as its `harbor` adapter does.
test.each([
  "get /api/version",
  "get /api/v2.0/labels",
  "get /api/v2.0/projects",
  "post /api/v2.0/projects",
  "get /api/v2.0/projects/{project_name}/repositories",
  "get /api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts",
  "get /api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts/{reference}",
  "get /api/v2.0/repositories",
  "delete /api/v2.0/projects/{project_name}/repositories/{repository_name}" +
    "/artifacts/{reference}/tags/{tag_name}",
])("there is %s", (wanted) => {
  expect(ALL.map(({ route }) => `${route.method} ${route.path}`)).toContain(wanted);
});
