import { expect, test } from "vitest";
import { MOST, numbersIn, numbersText } from "./numbers.ts";

test.each([
  [[1], "1"],
  [[1, 2, 3], "1-3"],
  [[3, 5, 6, 9], "3,5-6,9"],
])("%j is %s", (numbers, text) => {
  expect(numbersText(numbers)).toBe(text);
  expect(numbersIn(text, 0)).toEqual(numbers);
  expect(numbersIn(text, 5)).toEqual(numbers.filter((n) => n > 5));
});

test.each(["", "x", "1,", "1--2", "1-2-3", `1-${MOST + 1}`, "1-999999999999999", "1-600,700-1200"])(
  "%j names no records",
  (text) => expect(numbersIn(text, 0)).toBeNull(),
);
