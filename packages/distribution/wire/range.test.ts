import { expect, test } from "vitest";
import {
  parseChunkRange,
  parseContentRange,
  parseRange,
  parseUploadRange,
  printChunkRange,
  printContentRange,
  printRange,
  printUploadRange,
} from "./range.ts";

test.each([
  ["bytes=0-9", 100, { start: 0, length: 10 }],
  ["BYTES = 0 - 9", 100, { start: 0, length: 10 }],
  ["bytes=90-", 100, { start: 90, length: 10 }],
  ["bytes=90-1000", 100, { start: 90, length: 10 }],
  ["bytes=-10", 100, { start: 90, length: 10 }],
  ["bytes=-1000", 100, { start: 0, length: 100 }],
  ["bytes=100-", 100, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-1", 0, "unsatisfiable"],
  ["bytes=-0", 100, "unsatisfiable"],
  ["bytes=9-5", 100, "unsatisfiable"],
  ["bytes=-", 100, "whole"],
  ["bytes=1-2,4-5", 100, "whole"],
  ["items=1-2", 100, "whole"],
  ["", 100, "whole"],
] as const)("Range %j of %i bytes", (header, size, answer) => {
  expect(parseRange(header, size)).toEqual(answer);
});

test("what is printed is parsed", () => {
  expect(parseRange(printRange(5), 10)).toEqual({ start: 5, length: 5 });
  expect(parseRange(printRange(5, 2), 10)).toEqual({ start: 5, length: 2 });
  expect(parseContentRange(printContentRange(5, 2, 10))).toEqual({ first: 5, last: 6, size: 10 });
  expect(parseChunkRange(printChunkRange(5, 2))).toEqual({ first: 5, last: 6 });
  expect(parseUploadRange(printUploadRange(7))).toBe(7);
});

test.each([
  ["0-0", { first: 0, last: 0 }],
  ["bytes 5-9/100", { first: 5, last: 9 }],
  ["bytes=5-9", { first: 5, last: 9 }],
  ["9-5", null],
  ["5-", null],
  ["-5", null],
  ["a-b", null],
  ["0-99999999999999999999", null],
] as const)("the chunk %s", (header, span) => {
  expect(parseChunkRange(header)).toEqual(span);
});

test("an upload's 0-0 means what the caller knows", () => {
  expect(printUploadRange(0)).toBe("0-0");
  expect(printUploadRange(1)).toBe("0-0");
  expect(parseUploadRange("0-0")).toBe(0);
  expect(parseUploadRange("0-0", 1)).toBe(1);
  expect(parseUploadRange("bytes=0-9")).toBe(10);
  expect(parseUploadRange("none")).toBeNull();
});

test.each([
  ["bytes 0-9/*", { first: 0, last: 9, size: null }],
  ["bytes */10", null],
  ["0-9", null],
] as const)("Content-Range %s", (header, expected) => {
  expect(parseContentRange(header)).toEqual(expected);
});
