import { RegistryError } from "@entrepot/oci";
import { type Matcher, oneOrMore, simulate, type State, take, zeroOrMore } from "./automaton.ts";

export type { Matcher } from "./automaton.ts";

/**
 * Compiles a pattern with the semantics of doublestar v1, which Harbor uses: `*` within a path
 * component, `**` as a whole component for any number of them (at the end: one or more), `?`,
 * `{a,b}` within a component, `[a-z]` and `[^a-z]`, `\` escapes. The pattern is split at `/` before
 * braces are read, so `{a/b,c}` is malformed. The empty name (an untagged artifact) matches `*` and
 * `**` only.
 *
 * Throws BAD_REQUEST for a malformed pattern.
 */
export function compileGlob(pattern: string): Matcher {
  const accept: State = { test: null, next: [] };
  const start = components(pattern.split("/"), pattern, accept);
  return (name) =>
    name === "" ? pattern === "*" || pattern === "**" : simulate(start, accept, name);
}

const notSlash = (char: string): boolean => char !== "/";
const isSlash = (char: string): boolean => char === "/";

/** Built from the right: each piece is given the state that follows it. */
function components(parts: readonly string[], pattern: string, after: State): State {
  const [first = "", ...rest] = parts;
  if (rest.length === 0) {
    return first === "**" ? oneOrMore(() => true, after) : component(first, pattern, after);
  }
  const then = components(rest, pattern, after);
  if (first !== "**") return component(first, pattern, take(isSlash, then));

  const again: State = { test: null, next: [then] };
  again.next.push(oneOrMore(notSlash, take(isSlash, again)));
  return again;
}

/** One component's characters, read into pieces first, then joined from the right. */
function component(text: string, pattern: string, after: State): State {
  const reader = new Reader(text, pattern);
  const build = sequence(reader, false);
  if (!reader.ended) throw reader.malformed("an unexpected '}'");
  return build(after);
}

type Build = (after: State) => State;

function sequence(reader: Reader, inBraces: boolean): Build {
  const pieces: Build[] = [];
  while (!reader.ended && !(inBraces && (reader.peek === "," || reader.peek === "}"))) {
    if (!inBraces && reader.peek === "}") break;
    pieces.push(piece(reader));
  }
  return (after) => pieces.reduceRight((next, build) => build(next), after);
}

function piece(reader: Reader): Build {
  const char = reader.take();
  if (char === "*") return (after) => zeroOrMore(notSlash, after);
  if (char === "?") return (after) => take(notSlash, after);
  if (char === "[") return characterClass(reader);
  if (char === "{") return alternatives(reader);
  const literal = char === "\\" ? reader.take() : char;
  return (after) => take((other) => other === literal, after);
}

function alternatives(reader: Reader): Build {
  const choices: Build[] = [];
  for (;;) {
    choices.push(sequence(reader, true));
    if (reader.take() === "}") break;
  }
  return (after) => ({ test: null, next: choices.map((build) => build(after)) });
}

function characterClass(reader: Reader): Build {
  const negated = reader.peek === "^" || reader.peek === "!";
  if (negated) reader.take();
  const ranges: [string, string][] = [];
  while (ranges.length === 0 || reader.peek !== "]") {
    const low = reader.takeEscaped();
    if (reader.peek !== "-") {
      ranges.push([low, low]);
      continue;
    }
    reader.take();
    ranges.push([low, reader.takeEscaped()]);
  }
  reader.take();
  const inRange = (char: string) => ranges.some(([low, high]) => low <= char && char <= high);
  return (after) => take((char) => notSlash(char) && inRange(char) !== negated, after);
}

/** The characters of one component, in order; running out of them in mid-construct is an error. */
class Reader {
  #at = 0;
  readonly #chars: string[];
  readonly #pattern: string;

  constructor(text: string, pattern: string) {
    this.#chars = [...text];
    this.#pattern = pattern;
  }

  get ended(): boolean {
    return this.#at >= this.#chars.length;
  }

  get peek(): string | undefined {
    return this.#chars[this.#at];
  }

  take(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw this.malformed("an unfinished '{', '[' or '\\'");
    return char;
  }

  takeEscaped(): string {
    const char = this.take();
    return char === "\\" ? this.take() : char;
  }

  malformed(what: string): RegistryError {
    const shown = JSON.stringify(this.#pattern);
    return new RegistryError("BAD_REQUEST", `pattern ${shown} has ${what} in a path component`);
  }
}
