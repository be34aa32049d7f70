import { expect, test } from "vitest";
import { windowText, windowsIn } from "./time-window.ts";

const WORDS = [
  ["run 22:00-06:00", [], "run 22:00-06:00 UTC"],
  ["run mon-fri 22:00-06:00 Europe/Berlin", [1, 2, 3, 4, 5], null],
  ["run sat-mon 00:00-12:00 UTC", [6, 7, 1], "run sat,sun,mon 00:00-12:00 UTC"],
  ["bandwidth sat,sun 08:00-20:00 Etc/GMT+3 1000000", [6, 7], null],
] as const;

for (const [text, days, printed] of WORDS) {
  test(`the window '${text}' is understood, and printed so that it is again`, () => {
    const [window] = windowsIn(text);
    expect(window!.days).toEqual(days);
    if (printed !== null) expect(windowText(window!)).toBe(printed);
    expect(windowsIn(windowText(window!))).toEqual([window]);
  });
}

test("windows are gathered in the order in which they are given", () => {
  const two = windowsIn("run 01:00-02:00", windowsIn("run 03:00-04:00"));
  expect(two.map(({ from }) => from)).toEqual(["03:00", "01:00"]);
});

for (const text of ["", "walk 22:00-06:00", "run 22-06", "run lundi 22:00-06:00", "run mon-"]) {
  test(`'${text}' is no window`, () => {
    expect(() => windowsIn(text)).toThrow(/window|Days/);
  });
}
