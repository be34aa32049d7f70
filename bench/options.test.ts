import { expect, test } from "vitest";
import { helpText, readOptions } from "./options.ts";

const names = ["push", "pull"];

test("without arguments everything runs in three rounds", () => {
  const standard = { only: [], rounds: 3, quick: false, long: false, idleMinutes: null };
  expect(readOptions([], names)).toMatchObject(standard);
});

test.each([
  { args: ["--only", "push", "--only=pull"], has: { only: ["push", "pull"] } },
  { args: ["--rounds", "5"], has: { rounds: 5 } },
  { args: ["--quick"], has: { quick: true, rounds: 1 } },
  { args: ["--quick", "--rounds", "2"], has: { quick: true, rounds: 2 } },
  { args: ["--long", "--idle-minutes", "5"], has: { long: true, idleMinutes: 5 } },
])("$args", ({ args, has }) => {
  expect(readOptions(args, names)).toMatchObject(has);
});

test.each([
  { args: ["--only", "pus"], why: /--only pus is no scenario; choose one of push, pull/ },
  { args: ["--rounds", "0"], why: /--rounds 0/ },
  { args: ["--idle-minutes", "x"], why: /--idle-minutes x/ },
  { args: ["--fast"], why: /--fast/ },
  { args: ["push"], why: /push/ },
])("$args is refused by name", ({ args, why }) => {
  expect(() => readOptions(args, names)).toThrow(why);
});

test("help lists every option", () => {
  expect(helpText(names)).toMatch(
    /--only[^]*push, pull[^]*--rounds[^]*--quick[^]*--long[^]*--idle/,
  );
});
