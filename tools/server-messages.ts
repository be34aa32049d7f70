import ts from "typescript";
import { files, parse, placeOf, textOf, visitAll } from "./sources.ts";

/** A message of the server, `{}` where a value stands, and the place that says it. */
export interface Template {
  readonly text: string;
  readonly place: string;
}

type Call = ts.CallExpression | ts.NewExpression;
/** A function whose argument number `index` is said as it comes. */
interface Saying {
  readonly name: string;
  readonly index: number;
  /** The file that may call it; null: all. */
  readonly file: string | null;
}

/** More than this many ways to put one message together are taken for one with a value. */
const MOST_WAYS = 24;

/**
 * Every message with which the source in files that `isIn` accepts fails: what `RegistryError` is
 * given, as text, template, sum, choice, constant or a function's answer, and what is handed to a
 * function that passes it on to one.
 */
export function serverMessages(isIn: (path: string) => boolean): Template[] {
  const sources = files(".ts").filter(isIn).filter(isOurs).map(parse);
  const answers = functionsOf(sources);
  const found = new Map<string, Template>();
  const asked = new Set<string>();
  const waiting: Saying[] = [{ name: "RegistryError", index: 1, file: null }];

  for (let saying = waiting.pop(); saying; saying = waiting.pop()) {
    const key = `${saying.file}:${saying.name}:${saying.index}`;
    if (asked.has(key)) continue;
    asked.add(key);
    for (const call of callsOf(saying, sources)) {
      const argument = call.arguments?.[saying.index];
      if (!argument) continue;
      for (const text of waysOf(argument, { answers, waiting, depth: 0 })) {
        if (isSaid(text)) found.set(text, { text, place: placeOf(argument) });
      }
    }
  }
  return [...found.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

/** Three words of its own make a message; less is a name, or only carries another. */
const isSaid = (text: string) =>
  (text.replaceAll("{}", " ").match(/[A-Za-z]+/g) ?? []).length > 2 && text.includes(" ");

const isOurs = (path: string) =>
  !/\.test\.ts$|testing|suite|rights-/.test(path) && !/from "vitest"/.test(textOf(path));

interface Reading {
  readonly answers: ReadonlyMap<string, readonly ts.FunctionLikeDeclaration[]>;
  readonly waiting: Saying[];
  readonly depth: number;
}

function callsOf({ name, file }: Saying, sources: readonly ts.SourceFile[]): Call[] {
  const calls: Call[] = [];
  for (const source of sources.filter(({ fileName }) => file === null || file === fileName)) {
    visitAll(source, (node) => {
      const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
      if (isCall && nameOf(node.expression) === name) calls.push(node);
    });
  }
  return calls;
}

const nameOf = (callee: ts.Expression) =>
  ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();

/** Functions by name. */
function functionsOf(sources: readonly ts.SourceFile[]) {
  const found = new Map<string, ts.FunctionLikeDeclaration[]>();
  for (const source of sources) {
    visitAll(source, (node) => {
      if (!isFunction(node)) return;
      const name = functionName(node);
      if (name) found.set(name, [...(found.get(name) ?? []), node]);
    });
  }
  return found;
}

const isFunction = (node: ts.Node): node is ts.FunctionLikeDeclaration =>
  ts.isFunctionDeclaration(node) ||
  ts.isArrowFunction(node) ||
  ts.isFunctionExpression(node) ||
  ts.isMethodDeclaration(node);

function functionName(node: ts.FunctionLikeDeclaration): string | null {
  if (node.name) return node.name.getText();
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) {
    return parent.name.getText();
  }
  return null;
}

/** Every way in which `node` can read. */
function waysOf(node: ts.Expression, reading: Reading): string[] {
  const deeper = { ...reading, depth: reading.depth + 1 };
  const of = (one: ts.Expression) => waysOf(one, deeper);
  if (reading.depth > 8) return ["{}"];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return of(node.expression);
  if (ts.isConditionalExpression(node)) return [...of(node.whenTrue), ...of(node.whenFalse)];
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce(
      (ways, { expression, literal }) => joined(ways, of(expression), [literal.text]),
      [node.head.text],
    );
  }
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    if (kind === ts.SyntaxKind.PlusToken) return joined(of(node.left), of(node.right));
    if (kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken) {
      return [...of(node.left), ...of(node.right)];
    }
  }
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return tableOf(node.expression, deeper) ?? ["{}"];
  }
  if (ts.isIdentifier(node)) return meaning(node, deeper);
  if (ts.isCallExpression(node)) return answersOf(node, deeper);
  return ["{}"];
}

function joined(...parts: readonly (readonly string[])[]): string[] {
  const ways = parts.reduce<string[]>(
    (starts, ends) => {
      const few = starts.length * ends.length <= MOST_WAYS ? ends : ["{}"];
      return starts.flatMap((start) => few.map((end) => start + end));
    },
    [""],
  );
  return [...new Set(ways)];
}

/** What a name stands for: a constant's value, or whatever its function is called with. */
function meaning(name: ts.Identifier, reading: Reading): string[] {
  for (let scope: ts.Node = name.parent; scope; scope = scope.parent) {
    if (isFunction(scope)) {
      const index = scope.parameters.findIndex((one) => one.name.getText() === name.text);
      const called = functionName(scope);
      if (index >= 0) {
        if (called) reading.waiting.push({ name: called, index, file: fileOf(scope) });
        return ["{}"];
      }
    }
    const value = constantIn(scope, name);
    if (value) return waysOf(value, reading);
  }
  return ["{}"];
}

const fileOf = (node: ts.Node) => {
  const top = ts.isFunctionDeclaration(node) ? node : node.parent?.parent?.parent;
  const isExported =
    top !== undefined &&
    ts.canHaveModifiers(top) &&
    ts.getModifiers(top)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
  return isExported ? null : node.getSourceFile().fileName;
};

function constantIn(scope: ts.Node, name: ts.Identifier): ts.Expression | undefined {
  if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) return undefined;
  for (const statement of scope.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const { declarations } = statement.declarationList;
    const found = declarations.find((one) => one.name.getText() === name.text);
    if (found) return found.initializer;
  }
  return undefined;
}

/** The values of a constant object. */
function tableOf(name: ts.Identifier, reading: Reading): string[] | null {
  const value = constantIn(name.getSourceFile(), name);
  if (!value || !ts.isObjectLiteralExpression(value)) return null;
  return value.properties.flatMap((one) =>
    ts.isPropertyAssignment(one) ? waysOf(one.initializer, reading) : [],
  );
}

/** What a function of ours answers, if it answers with texts. */
function answersOf(call: ts.CallExpression, reading: Reading): string[] {
  if (!ts.isIdentifier(call.expression)) return ["{}"];
  const name = call.expression.text;
  const all = reading.answers.get(name) ?? [];
  const here = all.filter((one) => one.getSourceFile() === call.getSourceFile());
  const [called] = here.length > 0 ? here : all;
  if (!called?.body) return ["{}"];
  if (!ts.isBlock(called.body)) return waysOf(called.body, reading);
  const ways: string[] = [];
  visitAll(called.body, (node) => {
    if (ts.isReturnStatement(node) && node.expression) {
      ways.push(...waysOf(node.expression, reading));
    }
  });
  return ways.length > 0 ? ways : ["{}"];
}
