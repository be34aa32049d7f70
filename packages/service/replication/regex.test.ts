import { seededRandom } from "@entrepot/catalog/testing";
import { expect, test } from "vitest";
import { compileRegex } from "./regex.ts";

const NAMES = ["", "a", "b", "ab", "abb", "aab", "v1", "v12", "v1.2", "v1.2-rc.1", "a.b", "-", "]"];
const PATTERNS = [
  "a",
  "a*",
  "(a|b)+",
  "(?:a|ab)(?:b|)",
  "a{2}b?",
  "[ab]{1,2}",
  "[^ab]",
  "v\\d+",
  "v\\d+(\\.\\d+)*",
  "^v[0-9.]+(-rc\\.\\d+)?$",
  "\\w+\\.\\w",
  ".{2,}",
  "[a\\-]",
  "[-]",
  "a\\$|v1",
  "",
  "a*?b",
];

test.each(PATTERNS)("%j takes what JavaScript's own takes", (pattern) => {
  const own = new RegExp(`^(?:${pattern})$`);
  const matches = compileRegex(pattern);
  for (const name of NAMES) expect([name, matches(name)]).toEqual([name, own.test(name)]);
});

const SEED = Number(process.env["SEED"] ?? 1);
const REPLAY = `SEED=${SEED} vitest run ${import.meta.filename}`;
test(`random patterns take what JavaScript's own take: ${REPLAY}`, () => {
  const random = seededRandom(SEED);
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
  const make = (depth: number): string => {
    if (depth === 0) return pick(["a", "b", ".", "[ab]", "[^a]", "\\d", "\\."]);
    const [left, right] = [make(depth - 1), make(depth - 1)];
    return pick([`${left}${right}`, `(${left}|${right})`, `(?:${left})*`, `(${left})?${right}`]);
  };
  for (let n = 0; n < 200; n++) {
    const pattern = make(3);
    const [own, matches] = [new RegExp(`^(?:${pattern})$`), compileRegex(pattern)];
    for (let m = 0; m < 20; m++) {
      const length = Math.floor(random() * 8);
      const name = Array.from({ length }, () => pick(["a", "b", "1", "."])).join("");
      expect([pattern, name, matches(name)]).toEqual([pattern, name, own.test(name)]);
    }
  }
});

test.each(["(a+)+$", "(a|a)*", "(a*)*b", "((a{1,9}){1,9}){1,9}", "(.*a){20}"])(
  "%s, which makes others hang, answers at once",
  (pattern) => {
    const began = performance.now();
    compileRegex(pattern)(`${"a".repeat(127)}!`);
    expect(performance.now() - began).toBeLessThan(2_000);
  },
);

test.each([
  ["(a", /unfinished/],
  ["a)", /unexpected '\)'/],
  ["[a", /unfinished/],
  ["a\\", /unfinished/],
  ["*a", /'\*' where/],
  ["a**", /quantifier/],
  ["(a)\\1", /not supported/],
  ["(?=a)", /not supported/],
  ["a{2,1}", /least over most/],
  ["[b-a]", /range/],
  ["((a{999}){999}){999}", /too many/],
  ["a".repeat(501), /more than 500/],
])("%s is refused, with a reason", (pattern, reason) => {
  expect(() => compileRegex(pattern)).toThrow(reason);
});
