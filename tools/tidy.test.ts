import { basename, dirname } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { files, parse, placeOf, textOf, visitAll } from "./sources.ts";

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 70;
/** Of a component most lines are markup, which does nothing. */
const MAX_COMPONENT_LINES = 100;
const MAX_COLUMNS = 100;
const SOURCES = files(".ts", ".tsx", ".mjs");
const FORBIDDEN = /^(?:utils?|helpers?|common|core|manager|impl)$/;

const lines = (text: string) => text.split("\n");

test(`no file is longer than ${MAX_FILE_LINES} lines`, () => {
  const long = files(".ts", ".tsx", ".mjs", ".sql")
    // The schema is written down by a test, table by table.
    .filter((path) => path !== "packages/catalog/schema.sql")
    .map((path) => ({ path, count: lines(textOf(path)).length - 1 }))
    .filter(({ count }) => count > MAX_FILE_LINES);
  expect(long).toEqual([]);
});

test(`no line is wider than ${MAX_COLUMNS} columns`, () => {
  const wide = SOURCES.flatMap((path) =>
    lines(textOf(path)).flatMap((text, n) =>
      [...text].length > MAX_COLUMNS ? [`${path}:${n + 1}`] : [],
    ),
  );
  expect(wide).toEqual([]);
});

test("names are kebab-case, and none says nothing", () => {
  const bad = files(".ts", ".tsx", ".mjs").filter((path) => {
    const name = basename(path).replace(/\.(?:test\.)?(?:ts|tsx|mjs)$/, "");
    const parts = [...dirname(path).split("/"), ...name.split(/[-.]/)];
    return (
      !/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name) || parts.some((part) => FORBIDDEN.test(part))
    );
  });
  expect(bad).toEqual([]);
});

test(`no function is longer than ${MAX_FUNCTION_LINES} lines`, () => {
  const long: string[] = [];
  for (const path of SOURCES) {
    const source = parse(path);
    const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
    visitAll(source, (node) => {
      if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
      // `describe` only groups: what counts are the tests in it.
      const call = node.parent;
      if (ts.isCallExpression(call) && /^describe\b/.test(call.expression.getText())) return;
      const count = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1;
      const most = path.endsWith(".tsx") ? MAX_COMPONENT_LINES : MAX_FUNCTION_LINES;
      if (count > most) long.push(`${placeOf(node)} has ${count} lines`);
    });
  }
  expect(long).toEqual([]);
});

test("everything exported has a doc comment", () => {
  const bare = SOURCES.filter((path) => !path.endsWith(".test.ts")).flatMap((path) =>
    parse(path).statements.filter(isExported).filter(isBare).map(placeOf),
  );
  expect(bare).toEqual([]);
});

function isExported(node: ts.Statement): boolean {
  if (ts.isExportDeclaration(node) || !ts.canHaveModifiers(node)) return false;
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/**
 * Whether no doc comment stands before it. One is enough for overloads, for a type and a value of
 * one name, and for constants that follow each other without an empty line.
 */
function isBare(node: ts.Statement): boolean {
  if (ts.getJSDocCommentsAndTags(node).length > 0) return false;
  const all = node.getSourceFile().statements;
  const before = all[all.indexOf(node) - 1];
  if (before && isExported(before) && isNextLine(before, node)) return isBare(before);
  return !all.some(
    (other) => nameOf(other) === nameOf(node) && ts.getJSDocCommentsAndTags(other).length > 0,
  );
}

function isNextLine(before: ts.Statement, node: ts.Statement): boolean {
  const text = node.getSourceFile().text;
  return /^[^\S\n]*\n$/.test(text.slice(before.getEnd(), node.getStart()));
}

function nameOf(node: ts.Statement): string | undefined {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText();
  return (node as ts.Statement & { name?: ts.Identifier }).name?.getText();
}
