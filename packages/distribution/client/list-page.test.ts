import { expect, test } from "vitest";
import { pageFrom, pagePath } from "./list-page.ts";

const LIST = "/v2/a/tags/list";

test.for([
  [{}, LIST],
  [{ n: 2 }, `${LIST}?n=2`],
  [{ n: 2, last: "b" }, `${LIST}?n=2&last=b`],
  [{ n: 2, last: "?page=3&n=9" }, `${LIST}?page=3&n=9`],
] as const)("the page %j is at %s", ([query, path]) => {
  expect(pagePath(LIST, query)).toBe(path);
});

test.for([
  ["a whole list", ["b", "a"], {}, null, { items: ["a", "b"], next: null }],
  ["n ignored", ["a", "b", "c"], { n: 2 }, null, { items: ["a", "b"], next: "b" }],
  ["last ignored", ["a", "b", "c"], { last: "b" }, null, { items: ["c"], next: null }],
  ["n of 0", ["a"], { n: 0 }, null, { items: [], next: null }],
  ["n just met", ["a", "b"], { n: 2 }, null, { items: ["a", "b"], next: null }],
  [
    "a link in our order",
    ["a", "b"],
    { n: 2 },
    `<${LIST}?n=2&last=b>; rel="next"`,
    { items: ["a", "b"], next: "b" },
  ],
  [
    "a link in an order of its own",
    ["b", "a"],
    { n: 2 },
    `<${LIST}?n=2&last=a>; rel="next"`,
    { items: ["a", "b"], next: "?n=2&last=a" },
  ],
  ["their last page", ["a"], { last: "?last=b" }, null, { items: ["a"], next: null }],
  ["a link to nowhere", ["a"], {}, "<>; rel=next", { items: ["a"], next: null }],
] as const)("%s", ([, items, query, link, page]) => {
  expect(pageFrom(items, (item) => item, query, link)).toEqual(page);
});
