import { expect, test } from "vitest";
import { percentile, ratiosOf, spreadOf } from "./statistics.ts";

test.each([
  { samples: [], spread: null },
  { samples: [7], spread: { min: 7, median: 7, max: 7 } },
  { samples: [3, 1], spread: { min: 1, median: 2, max: 3 } },
  { samples: [10, 9, 100], spread: { min: 9, median: 10, max: 100 } },
  { samples: [4, 1, 3, 2], spread: { min: 1, median: 2.5, max: 4 } },
])("the spread of $samples", ({ samples, spread }) => {
  expect(spreadOf(samples)).toEqual(spread);
});

const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);

test.each([
  { samples: [], share: 0.5, is: Number.NaN },
  { samples: [5], share: 0.99, is: 5 },
  { samples: [1, 2, 3, 4], share: 0.5, is: 2 },
  { samples: [1, 2, 3], share: 0.99, is: 3 },
  { samples: hundred, share: 0.5, is: 50 },
  { samples: hundred, share: 0.99, is: 99 },
  { samples: hundred, share: 0, is: 1 },
])("percentile $share of $samples.length samples is $is", ({ samples, share, is }) => {
  expect(percentile(samples, share)).toBe(is);
});

test.each([
  { ours: [30, 20], theirs: [10, 10], better: "more", ratios: [3, 2] },
  { ours: [10, 20], theirs: [30, 20], better: "less", ratios: [3, 1] },
  { ours: [10, 20, 30], theirs: [10], better: "more", ratios: [1] },
  { ours: [10], theirs: [], better: "more", ratios: [] },
] as const)("$better is better: $ours against $theirs", ({ ours, theirs, better, ratios }) => {
  expect(ratiosOf(ours, theirs, better)).toEqual(ratios);
});
