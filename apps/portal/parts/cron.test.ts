import { describe, expect, test } from "vitest";
import { asKind, cronOf, RHYTHMS, rhythmOf } from "./cron.ts";

describe.each([
  ["0 */15 * * * *", { kind: "minutes", every: 15 }],
  ["0 5 * * * *", { kind: "hourly", minute: 5 }],
  ["0 30 2 * * *", { kind: "daily", time: "02:30" }],
  ["0 0 22 * * 1,3,5", { kind: "weekly", time: "22:00", days: [1, 3, 5] }],
  ["0 0 0 31 * *", { kind: "monthly", time: "00:00", day: 31 }],
  ["0 0 3 1 1 *", { kind: "custom" }],
  ["0 0 3 1 * 1", { kind: "custom" }],
  ["0 0-30 3 * * *", { kind: "custom" }],
  ["0 0 3 * * MON-FRI", { kind: "custom" }],
  ["", { kind: "custom" }],
])("%j", (cron, rhythm) => {
  test("is told as people say it, and written back unchanged", () => {
    expect(rhythmOf(cron)).toMatchObject(rhythm);
    expect(cronOf(rhythmOf(cron))).toBe(cron);
  });

  test.each(RHYTHMS)("can become %s", (kind) => {
    expect(asKind(cron, kind).kind).toBe(kind);
  });
});

test("Sunday is the seventh day, whichever way it is written", () => {
  expect(rhythmOf("0 0 3 * * 0")).toEqual({ kind: "weekly", time: "03:00", days: [7] });
  expect(cronOf({ kind: "weekly", time: "03:00", days: [7, 6] })).toBe("0 0 3 * * 6,7");
});

test("the time of day stays when the days change", () => {
  expect(asKind("0 30 2 * * *", "weekly")).toEqual({ kind: "weekly", time: "02:30", days: [1] });
});
