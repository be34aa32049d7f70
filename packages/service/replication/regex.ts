import { RegistryError } from "@entrepot/oci";
import { type Matcher, simulate, type State, take } from "./automaton.ts";

/** Characters of a pattern, and states of its automaton, at most. */
const LONGEST = 500;
const MOST_STATES = 5_000;

type Test = (char: string) => boolean;

/** A part of a pattern, put in front of what follows it. */
type Build = (after: State) => State;

/**
 * Compiles a regular expression that a name must match as a whole. Time is linear in the name's
 * length, whatever the pattern: there is no backtracking, and therefore nothing that would need it.
 * Literals, `.`, `[a-z]`, `\d \w \s` and their capitals, `( )`, `(?: )`, `|`, `* + ?`, `{m,n}`,
 * and `^` at the start and `$` at the end, which change nothing.
 *
 * Throws BAD_REQUEST for a malformed pattern, one that is too large, and for what is left out here
 * (back references, look-around).
 */
export function compileRegex(pattern: string): Matcher {
  if (pattern.length > LONGEST) throw malformed(pattern, `more than ${LONGEST} characters`);
  const trimmed = pattern.replace(/^\^/, "").replace(/(?<!\\)((?:\\\\)*)\$$/, "$1");
  const reader = new Reader(trimmed, pattern);
  const build = alternatives(reader);
  if (!reader.ended) throw malformed(pattern, "an unexpected ')'");
  const accept: State = { test: null, next: [] };
  const start = build(accept);
  return (name) => simulate(start, accept, name);
}

function alternatives(reader: Reader): Build {
  const choices = [sequence(reader)];
  while (reader.peek === "|") {
    reader.take();
    choices.push(sequence(reader));
  }
  if (choices.length === 1) return choices[0]!;
  return (after) => reader.state({ test: null, next: choices.map((build) => build(after)) });
}

function sequence(reader: Reader): Build {
  const parts: Build[] = [];
  while (!reader.ended && reader.peek !== "|" && reader.peek !== ")") {
    parts.push(repeated(reader, atom(reader)));
  }
  return (after) => parts.reduceRight((next, build) => build(next), after);
}

function repeated(reader: Reader, build: Build): Build {
  const { peek } = reader;
  if (peek === "*") return counted(reader, build, 0, null);
  if (peek === "+") return counted(reader, build, 1, null);
  if (peek === "?") return counted(reader, build, 0, 1);
  if (peek !== "{") return build;
  const [whole, low, comma, high] = /^\{(\d{1,3})(,?)(\d{0,3})\}/.exec(reader.rest) ?? [];
  if (whole === undefined) throw reader.malformed("an unfinished '{'");
  reader.skip(whole.length - 1);
  const most = comma === "" ? Number(low) : high === "" ? null : Number(high);
  if (most !== null && most < Number(low)) throw reader.malformed(`${whole}, least over most`);
  return counted(reader, build, Number(low), most);
}

/** `least` to `most` times (null: any number); the quantifier is the reader's next character. */
function counted(reader: Reader, build: Build, least: number, most: number | null): Build {
  reader.take();
  if (reader.peek === "?") reader.take();
  if (/[*+{]/.test(reader.peek ?? "")) throw reader.malformed("a quantifier after a quantifier");
  return (after) => {
    let next = after;
    if (most === null) {
      const again = reader.state({ test: null, next: [after] });
      again.next.push(build(again));
      next = again;
    } else {
      for (let n = most; n > least; n--) {
        next = reader.state({ test: null, next: [after, build(next)] });
      }
    }
    for (let n = 0; n < least; n++) next = build(next);
    return next;
  };
}

function atom(reader: Reader): Build {
  const char = reader.take();
  if (char === "(") return group(reader);
  if (/[*+?{^$]/.test(char)) throw reader.malformed(`'${char}' where it cannot stand`);
  const test = char === "[" ? characterClass(reader) : char === "\\" ? escaped(reader) : one(char);
  return (after) => reader.state(take(test, after));
}

function group(reader: Reader): Build {
  if (reader.peek === "?") {
    if (!reader.rest.startsWith("?:")) throw reader.malformed("'(?', which is not supported");
    reader.skip(2);
  }
  const build = alternatives(reader);
  if (reader.take() !== ")") throw reader.malformed("an unfinished '('");
  return build;
}

const one = (char: string): Test => (char === "." ? () => true : (other) => other === char);

const CLASSES: Readonly<Record<string, RegExp>> = {
  d: /^\d$/,
  D: /^\D$/,
  w: /^\w$/,
  W: /^\W$/,
  s: /^\s$/,
  S: /^\S$/,
};

function escaped(reader: Reader): Test {
  const char = reader.take();
  const known = CLASSES[char];
  if (known) return (other) => known.test(other);
  if (/[A-Za-z0-9]/.test(char)) throw reader.malformed(`'\\${char}', which is not supported`);
  return (other) => other === char;
}

function characterClass(reader: Reader): Test {
  const negated = reader.peek === "^";
  if (negated) reader.take();
  const tests: Test[] = [];
  while (tests.length === 0 || reader.peek !== "]") {
    const low = reader.take();
    if (low === "\\") {
      tests.push(escaped(reader));
    } else if (reader.peek === "-" && reader.rest[1] !== "]") {
      reader.take();
      const high = reader.take();
      if (high < low || high === "\\") throw reader.malformed(`the range '${low}-${high}'`);
      tests.push((char) => low <= char && char <= high);
    } else {
      tests.push((char) => char === low);
    }
  }
  reader.take();
  return (char) => tests.some((test) => test(char)) !== negated;
}

/** The characters of a pattern, in order, and the number of states made of them. */
class Reader {
  #at = 0;
  #states = 0;
  readonly #text: string;
  readonly #pattern: string;

  constructor(text: string, pattern: string) {
    this.#text = text;
    this.#pattern = pattern;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  get peek(): string | undefined {
    return this.#text[this.#at];
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  take(): string {
    const char = this.#text[this.#at++];
    if (char === undefined) throw this.malformed("an unfinished '(', '[' or '\\'");
    return char;
  }

  skip(count: number): void {
    this.#at += count;
  }

  state(state: State): State {
    if (++this.#states > MOST_STATES) throw this.malformed("too many repetitions");
    return state;
  }

  malformed(what: string): RegistryError {
    return malformed(this.#pattern, what);
  }
}

function malformed(pattern: string, what: string): RegistryError {
  return new RegistryError(
    "BAD_REQUEST",
    `regular expression ${JSON.stringify(pattern)} has ${what}`,
  );
}
