import { expect, test } from "vitest";
import { momentOf } from "./moment.ts";

const NOW = new Date("2026-03-10T12:30:00.000Z");

test.each([
  ["14:03", "2026-03-09T14:03:00.000Z"],
  ["12:30", "2026-03-10T12:30:00.000Z"],
  ["09:00:07", "2026-03-10T09:00:07.000Z"],
  ["2h ago", "2026-03-10T10:30:00.000Z"],
  ["2h", "2026-03-10T10:30:00.000Z"],
  ["90s ago", "2026-03-10T12:28:30.000Z"],
  ["3d ago", "2026-03-07T12:30:00.000Z"],
  ["1w ago", "2026-03-03T12:30:00.000Z"],
  ["now", "2026-03-10T12:30:00.000Z"],
  ["2026-03-01", "2026-03-01T00:00:00.000Z"],
  ["2026-03-01 14:03", "2026-03-01T14:03:00.000Z"],
  ["2026-03-01T14:03:05.25", "2026-03-01T14:03:05.250Z"],
  ["2026-03-01T14:03:05+02:00", "2026-03-01T12:03:05.000Z"],
  ["2026-03-01T14:03Z", "2026-03-01T14:03:00.000Z"],
  ["seq:1234", "seq:1234"],
])("%s", (text, expected) => {
  expect(momentOf(text, { utc: true, now: NOW })).toBe(expected);
});

test.each(["", "yesterday", "25:00", "2026-02-31", "2026-13-01", "seq:x", "2h hence"])(
  "'%s' is refused",
  (text) => {
    expect(() => momentOf(text, { utc: true, now: NOW })).toThrow(/Give a moment/);
  },
);

test("without --utc it is this machine's time", () => {
  const local = new Date(2026, 2, 1, 14, 3).toISOString();
  expect(momentOf("2026-03-01 14:03", { utc: false, now: NOW })).toBe(local);
});
