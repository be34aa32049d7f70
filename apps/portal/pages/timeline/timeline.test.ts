import { expect, test } from "vitest";
import { parseScope, scopeText } from "./scope.ts";
import { heightOf, moved, placeOf, timeAt } from "./track.ts";

test.each([
  ["", {}],
  ["team", { project: "team" }],
  ["team/", { project: "team" }],
  ["team/app", { project: "team", repository: "app" }],
  ["team/app/web:1.0", { project: "team", repository: "app/web", tag: "1.0" }],
])("the scope %j", (text, scope) => {
  expect(parseScope(text)).toEqual(scope);
  expect(scopeText(scope)).toBe(text.replace(/\/$/, ""));
});

const SPAN = { from: 1_000, to: 2_000 };

test.each([
  ["ArrowLeft", 1_500, 1_400],
  ["ArrowRight", 1_500, 1_600],
  ["ArrowRight", 1_990, 2_000],
  ["PageDown", 1_500, 1_000],
  ["Home", 1_500, 1_000],
  ["End", 1_500, 2_000],
  ["Tab", 1_500, null],
])("%s at %d goes to %s", (key, time, expected) => {
  expect(moved(key, time, SPAN, 10)).toBe(expected);
});

test("a place is a time and back, and the ends hold", () => {
  expect(placeOf(1_250, SPAN)).toBe(0.25);
  expect(timeAt(0.25, SPAN)).toBe(1_250);
  expect(timeAt(-3, SPAN)).toBe(1_000);
  expect(placeOf(9_000, SPAN)).toBe(1);
});

test("a bar with one change among thousands is seen", () => {
  expect(heightOf(0, 5_000)).toBe(0);
  expect(heightOf(1, 5_000)).toBeGreaterThan(0.05);
  expect(heightOf(5_000, 5_000)).toBe(1);
});
