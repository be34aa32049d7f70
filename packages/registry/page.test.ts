import { expect, test } from "vitest";
import { listOf, pageOf, pages } from "./page.ts";
import type { Page, PageQuery } from "./ports.ts";

const LETTERS = ["a", "b", "c", "d"];

const CASES: readonly (readonly [PageQuery, Page<string>])[] = [
  [{}, { items: LETTERS, next: null }],
  [{ n: 4 }, { items: LETTERS, next: null }],
  [{ n: 3 }, { items: ["a", "b", "c"], next: "c" }],
  [
    { n: 2, last: "b" },
    { items: ["c", "d"], next: null },
  ],
  [
    { n: 1, last: "bb" },
    { items: ["c"], next: "c" },
  ],
  [{ last: "d" }, { items: [], next: null }],
  [{ n: 0 }, { items: [], next: null }],
];

for (const [query, page] of CASES) {
  test(`the page ${JSON.stringify(query)}`, () => {
    expect(pageOf(LETTERS, (letter) => letter, query)).toEqual(page);
  });
}

test("pages reads to the end, or to its limit", async () => {
  const read = async (query: PageQuery) => pageOf(LETTERS, (letter) => letter, { ...query, n: 3 });
  expect(await listOf(pages(read))).toEqual(LETTERS);
  expect(await listOf(pages(read, 2))).toEqual(["a", "b"]);
});

test("pages ends where a registry sends the same page for ever", async () => {
  let asked = 0;
  const read = async () => {
    asked++;
    return { items: ["a"], next: "a" };
  };
  expect(await listOf(pages(read))).toEqual(["a", "a"]);
  expect(asked).toBe(2);
});
