import { expect, test } from "vitest";
import type { Figure } from "./figure.ts";
import { tableOf, verdict } from "./table.ts";

const figure: Figure = {
  what: "manifest GET",
  unit: "/s",
  better: "more",
  entrepot: [5000, 6000, 4000],
  other: { name: "docker-registry", samples: [500, 400, 450] },
  goal: { ratio: 10 },
};

test.each([
  { of: "a ratio above its goal", change: {}, is: "reached" },
  { of: "a ratio below its goal", change: { goal: { ratio: 11 } }, is: "not reached" },
  { of: "nothing to compare with", change: { other: null }, is: "" },
  { of: "no goal", change: { goal: null }, is: "" },
  { of: "a bound that holds", change: { goal: { atMost: 5000 } }, is: "reached" },
  { of: "a bound that does not", change: { goal: { atMost: 4999 } }, is: "not reached" },
  { of: "less being better", change: { better: "less", goal: { ratio: 0.1 } }, is: "reached" },
] as { of: string; change: Partial<Figure>; is: string }[])("$of: $is", ({ change, is }) => {
  expect(verdict({ ...figure, ...change })).toBe(is);
});

test("a table has a row for each figure, with the spread of its rounds", () => {
  const latency: Figure = {
    what: "arrival, p50",
    unit: "ms",
    better: "less",
    entrepot: [12.345],
    other: null,
    goal: { atMost: 100 },
  };
  const cells = tableOf([figure, latency])
    .split("\n")
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  expect(cells[0]).toEqual(["", "Entrepot", "other", "times better", "to reach", ""]);
  expect(cells[1]!.every((cell) => /^-{3,}$/.test(cell))).toBe(true);
  expect(cells.slice(2)).toEqual([
    [
      "manifest GET, /s",
      "5,000 (4,000–6,000)",
      "docker-registry 450 (400–500)",
      "10 (8.89–15)",
      "≥ 10×",
      "reached",
    ],
    ["arrival, p50, ms", "12.3", "–", "–", "≤ 100 ms", "reached"],
  ]);
});
