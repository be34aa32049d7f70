import { expect, test } from "vitest";
import { pointsOf, roundSize, withNow } from "./growth-scale.ts";

const KIB = 1024;

test.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [900, KIB],
  [KIB, KIB],
  [KIB + 1, 2 * KIB],
  [120 * KIB, 200 * KIB],
  [700 * KIB * KIB, 1024 * KIB * KIB],
])("an axis for %i bytes ends at %i", (most, top) => expect(roundSize(most)).toBe(top));

test("days without a sample leave room, and more bytes are higher up", () => {
  const samples = [
    { day: "2026-11-01", bytes: 0 },
    { day: "2026-11-02", bytes: 5 },
    { day: "2026-11-05", bytes: 10 },
  ];
  expect(pointsOf(samples, 10)).toEqual([
    [0, 100],
    [25, 50],
    [100, 0],
  ]);
});

test("today's figure is what there is now", () => {
  const stored = [
    { day: "2026-11-21", bytes: 3 },
    { day: "2026-11-22", bytes: 4 },
  ];
  const now = new Date("2026-11-22T10:00:00Z");
  expect(withNow(stored, 7, now)).toEqual([stored[0], { day: "2026-11-22", bytes: 7 }]);
  expect(withNow([], 7, now)).toEqual([{ day: "2026-11-22", bytes: 7 }]);
});
