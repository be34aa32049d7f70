import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/*
 * Every text is there in both languages, and none is left over. A file takes its texts of one area,
 * `useTexts("area")`; `t("key")` needs the key, and t(`key.${x}`) all that begin with `key.`.
 */

type Texts = Readonly<Record<string, string>>;

const HERE = import.meta.dirname;
const AREAS = namesIn("texts/en");
const SOURCES = readdirSync(HERE, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !/node_modules|^dist|\.test\./.test(path))
  .map((path) => ({ path, text: readFileSync(join(HERE, path), "utf8") }));

function namesIn(folder: string): string[] {
  return readdirSync(join(HERE, folder)).map((name) => name.replace(/\.json$/, ""));
}

function textsOf(language: string, area: string): Texts {
  return JSON.parse(readFileSync(join(HERE, `texts/${language}/${area}.json`), "utf8"));
}

/** `key_one` and `key_other` are forms of `key`. */
const plain = (key: string) => key.replace(/_(?:zero|one|two|few|many|other)$/, "");
const keysOf = (texts: Texts) => [...new Set(Object.keys(texts).map(plain))].toSorted();
const valuesIn = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name!);

/** What `area` is asked for: whole keys, and beginnings of keys. */
function asked(area: string): { readonly whole: Set<string>; readonly begun: Set<string> } {
  const [whole, begun] = [new Set<string>(), new Set<string>()];
  for (const { text } of SOURCES.filter((source) => areasOf(source.text).includes(area))) {
    for (const [, key] of text.matchAll(/\bt\(\s*"([^"]+)"/g)) whole.add(key!);
    for (const [, key] of text.matchAll(/\bt\(\s*`([^`$]+)\$\{/g)) begun.add(key!);
  }
  return { whole, begun };
}

/** The area that a file uses, by its hook, or by a comment where texts are handed to it. */
function areasOf(text: string): string[] {
  return [...text.matchAll(/useTexts\("(\w+)"\)|texts of "(\w+)"/g)].map(([, a, b]) => (a ?? b)!);
}

test("both languages have the same areas", () => {
  expect(namesIn("texts/zh").toSorted()).toEqual(AREAS.toSorted());
});

test("a file uses one area", () => {
  const mixed = SOURCES.filter(({ text }) => new Set(areasOf(text)).size > 1);
  expect(mixed.map(({ path }) => path)).toEqual([]);
});

describe.each(AREAS)("texts of %s", (area) => {
  const [en, zh] = [textsOf("en", area), textsOf("zh", area)];

  test("are the same keys in both languages, none empty", () => {
    expect(keysOf(zh)).toEqual(keysOf(en));
    const empty = Object.entries({ ...en, ...zh }).filter(([, text]) => text.trim() === "");
    expect(empty).toEqual([]);
  });

  test("name the same values in both languages", () => {
    const values = (texts: Texts) =>
      keysOf(texts).map((key) => {
        const forms = Object.keys(texts).filter((form) => plain(form) === key);
        const names = forms.flatMap((form) => valuesIn(texts[form]!));
        return [key, [...new Set(names)].filter((name) => name !== "count").toSorted()];
      });
    expect(values(zh)).toEqual(values(en));
  });

  test("are all used, and none that is used is missing", () => {
    const { whole, begun } = asked(area);
    const keys = keysOf(en);
    const isBegun = (key: string) => [...begun].some((start) => key.startsWith(start));
    expect(keys.filter((key) => !whole.has(key) && !isBegun(key))).toEqual([]);
    expect([...whole].filter((key) => !keys.includes(key))).toEqual([]);
    expect([...begun].filter((start) => !keys.some((key) => key.startsWith(start)))).toEqual([]);
  });
});
