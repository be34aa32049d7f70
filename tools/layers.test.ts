import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { files, parse, placeOf, root, textOf, visitAll } from "./sources.ts";

interface Room {
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  /** What builds it; only its `*.config.ts` may import them. */
  readonly builders: readonly string[];
}

/** Which rooms each may know, besides itself. ARCHITECTURE.md draws the same arrows. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "packages/oci": [],
  "packages/registry": ["oci"],
  "packages/layout": ["oci", "registry"],
  "packages/storage": ["oci"],
  "packages/catalog": ["oci"],
  "packages/distribution": ["oci", "registry"],
  "packages/jobs": ["oci", "catalog"],
  "packages/service/*": ["oci", "registry", "storage", "catalog", "jobs"],
  "packages/api": ["oci"],
  "apps/cli": ["api", "oci", "registry", "distribution", "layout"],
  "apps/portal": ["api"],
  "apps/server": ["*"],
};

const ROOMS: readonly Room[] = ["packages", "packages/service", "apps"].flatMap((parent) =>
  readdirSync(join(root, parent))
    .map((name) => `${parent}/${name}`)
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map(readRoom),
);

function readRoom(folder: string): Room {
  const {
    name,
    dependencies = {},
    devDependencies = {},
  } = JSON.parse(textOf(`${folder}/package.json`));
  const builders = Object.keys(devDependencies);
  return { folder, name, dependencies: Object.keys(dependencies), builders };
}

/** The arrows that may leave `folder`, as package names; null: all. */
function allowed(folder: string): readonly string[] | null {
  const arrows = ARROWS[folder] ?? ARROWS[`${dirname(folder)}/*`];
  if (arrows === undefined) throw new Error(`${folder} has no arrows: add it to tools/layers`);
  return arrows.includes("*") ? null : arrows.map((room) => `@entrepot/${room}`);
}

const roomOf = (path: string) =>
  ROOMS.toSorted((a, b) => b.folder.length - a.folder.length).find(({ folder }) =>
    path.startsWith(`${folder}/`),
  );

/** Whether it only ever runs in tests: a test, an exported suite, what those share. */
const isTest = (path: string) => path.endsWith(".test.ts") || /from "vitest"/.test(textOf(path));
const packageOf = (specifier: string) =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

/** Every module that the files of the rooms import, with where. */
const IMPORTS = files(".ts", ".tsx").flatMap((path) => {
  const room = roomOf(path);
  if (!room) return [];
  return ts
    .preProcessFile(textOf(path), true, true)
    .importedFiles.map(({ fileName }) => ({ path, room, specifier: fileName }));
});

test.each(ROOMS)("$folder declares only dependencies that its arrows allow", (room) => {
  const arrows = allowed(room.folder);
  const ours = room.dependencies.filter((name) => name.startsWith("@entrepot/"));
  expect(ours.filter((name) => arrows !== null && !arrows.includes(name))).toEqual([]);
});

test("every import across rooms is declared, tests excepted", () => {
  const undeclared = IMPORTS.filter(({ path }) => !isTest(path))
    .filter(({ specifier }) => !/^(?:\.|node:|virtual:)/.test(specifier))
    .filter(({ path, room, specifier }) => {
      const name = packageOf(specifier);
      if (path.endsWith(".config.ts") && room.builders.includes(name)) return false;
      return name !== room.name && !room.dependencies.includes(name);
    });
  expect(undeclared.map(({ path, specifier }) => `${path}: ${specifier}`)).toEqual([]);
});

test("no file reaches into another room by a relative path", () => {
  const reaching = IMPORTS.filter(({ path, room, specifier }) => {
    if (!specifier.startsWith(".")) return false;
    return roomOf(normalize(join(dirname(path), specifier))) !== room;
  });
  expect(reaching.map(({ path, specifier }) => `${path}: ${specifier}`)).toEqual([]);
});

test("no package imports an app, and no feature another (its tests may)", () => {
  const features = ROOMS.filter(({ folder }) => folder.startsWith("packages/service/"));
  const apps = ROOMS.filter(({ folder }) => folder.startsWith("apps/"));
  const bad = IMPORTS.filter(({ path, room, specifier }) => {
    const target = packageOf(specifier);
    if (target === room.name) return false;
    if (apps.some(({ name }) => name === target)) return true;
    if (!features.includes(room) || isTest(path)) return false;
    return features.some(({ name }) => name === target);
  });
  expect(bad.map(({ path, specifier }) => `${path}: ${specifier}`)).toEqual([]);
});

test("only the apps' entry reads the environment", () => {
  const reading: string[] = [];
  for (const path of files(".ts", ".tsx").filter((name) => /^(?:packages|apps)\//.test(name))) {
    if (isTest(path) || path.startsWith("apps/server/") || path === "apps/cli/main.ts") continue;
    visitAll(parse(path), (node) => {
      if (ts.isPropertyAccessExpression(node) && node.getText() === "process.env") {
        reading.push(placeOf(node));
      }
    });
  }
  expect(reading).toEqual([]);
});

test("ARCHITECTURE.md lists the rooms that there are", () => {
  const rows = [...textOf("ARCHITECTURE.md").matchAll(/^\| `([a-z/-]+)\/` \|(.*)\|$/gm)];
  const listed = rows.map(([, folder, about]) => ({ folder, empty: /\*empty/.test(about ?? "") }));
  const built = listed.filter(({ empty }) => !empty).map(({ folder }) => folder as string);
  const there = [
    ...ROOMS.map(({ folder }) => folder),
    "tests/conformance",
    "tests/interop",
    "tests/portal",
    "tests/simulation",
    "tests/transcripts",
    "bench",
    "tools",
    "decisions",
  ];
  expect(built.toSorted()).toEqual(there.toSorted());
  expect(there.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  const furnished = listed.filter(({ folder, empty }) => empty && isRoom(folder as string));
  expect(furnished).toEqual([]);
});

function isRoom(folder: string): boolean {
  return existsSync(join(root, folder, "package.json"));
}
