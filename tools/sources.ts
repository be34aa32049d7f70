import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** The repository's folder. */
export const root = dirname(import.meta.dirname);

const OURS = ["packages", "apps", "tests", "tools", "bench"];
const SKIPPED = new Set(["node_modules", "data", "dist", ".cache"]);

/** Paths of our files whose name ends in one of `endings`, relative to the root, sorted. */
export function files(...endings: string[]): string[] {
  return OURS.flatMap((folder) => walk(join(root, folder)))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => relative(root, path))
    .toSorted();
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

/** The text of a file of ours. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** A file of ours, parsed, with parents set. */
export function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true);
}

/** Calls `visit` for `node` and everything below it. */
export function visitAll(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => visitAll(child, visit));
}

/** `path:line` of a node, as editors understand it. */
export function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${source.fileName}:${line + 1}`;
}
