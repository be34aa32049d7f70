import { expect, test } from "vitest";
import type { TimeWindow } from "./policy-options.ts";
import { windowAt } from "./windows.ts";

/** `22:00-06:00 Europe/Berlin 1,5` */
function windowOf(text: string): TimeWindow {
  const [span, timeZone = "UTC", days = ""] = text.split(" ");
  const [from, to] = span!.split("-");
  return {
    kind: "run",
    days: days === "" ? [] : days.split(",").map(Number),
    from: from!,
    to: to!,
    timeZone,
    bytesPerSecond: 0,
  };
}

// 2026-03-29 is the Sunday on which Berlin's clocks leave 02:00 to 03:00 out; on 2026-10-25 that
// hour comes twice.
const CASES: { windows: string[]; at: string; open: string[]; changesAt: string | null }[] = [
  { windows: [], at: "2026-01-05T12:00Z", open: [], changesAt: null },
  {
    windows: ["09:00-17:00"],
    at: "2026-01-05T08:59:59.999Z",
    open: [],
    changesAt: "2026-01-05T09:00Z",
  },
  {
    windows: ["09:00-17:00"],
    at: "2026-01-05T09:00Z",
    open: ["09:00-17:00"],
    changesAt: "2026-01-05T17:00Z",
  },
  { windows: ["09:00-17:00"], at: "2026-01-05T17:00Z", open: [], changesAt: "2026-01-06T09:00Z" },
  // Past midnight: the day is the one on which it begins. 2026-01-05 is a Monday.
  {
    windows: ["22:00-06:00 UTC 1"],
    at: "2026-01-06T05:59Z",
    open: ["22:00-06:00 UTC 1"],
    changesAt: "2026-01-06T06:00Z",
  },
  {
    windows: ["22:00-06:00 UTC 1"],
    at: "2026-01-06T22:30Z",
    open: [],
    changesAt: "2026-01-12T22:00Z",
  },
  {
    windows: ["22:00-06:00 UTC 7"],
    at: "2026-01-05T01:00Z",
    open: ["22:00-06:00 UTC 7"],
    changesAt: "2026-01-05T06:00Z",
  },
  // Where it is another day already.
  {
    windows: ["08:00-09:00 Pacific/Auckland 2"],
    at: "2026-01-05T19:30Z",
    open: ["08:00-09:00 Pacific/Auckland 2"],
    changesAt: "2026-01-05T20:00Z",
  },
  // Half an hour's zone.
  {
    windows: ["09:00-10:00 Asia/Kolkata"],
    at: "2026-01-05T03:30Z",
    open: ["09:00-10:00 Asia/Kolkata"],
    changesAt: "2026-01-05T04:30Z",
  },
  // Clocks go forward within it: it is an hour shorter.
  {
    windows: ["22:00-06:00 Europe/Berlin"],
    at: "2026-03-28T21:00Z",
    open: ["22:00-06:00 Europe/Berlin"],
    changesAt: "2026-03-29T04:00Z",
  },
  // And back within it: an hour longer.
  {
    windows: ["22:00-06:00 Europe/Berlin"],
    at: "2026-10-24T20:00Z",
    open: ["22:00-06:00 Europe/Berlin"],
    changesAt: "2026-10-25T05:00Z",
  },
  // All of it is left out: as long as ever, an hour later.
  {
    windows: ["02:15-02:45 Europe/Berlin"],
    at: "2026-03-29T01:00Z",
    open: [],
    changesAt: "2026-03-29T01:15Z",
  },
  {
    windows: ["02:15-02:45 Europe/Berlin"],
    at: "2026-03-29T01:30Z",
    open: ["02:15-02:45 Europe/Berlin"],
    changesAt: "2026-03-29T01:45Z",
  },
  // It comes twice: once is enough.
  {
    windows: ["02:15-02:45 Europe/Berlin"],
    at: "2026-10-25T00:30Z",
    open: ["02:15-02:45 Europe/Berlin"],
    changesAt: "2026-10-25T00:45Z",
  },
  {
    windows: ["02:15-02:45 Europe/Berlin"],
    at: "2026-10-25T01:30Z",
    open: [],
    changesAt: "2026-10-26T01:15Z",
  },
  // Several: both are open, and the first end is the next change.
  {
    windows: ["08:00-12:00", "10:00-11:00"],
    at: "2026-01-05T10:30Z",
    open: ["08:00-12:00", "10:00-11:00"],
    changesAt: "2026-01-05T11:00Z",
  },
];

test.each(CASES)("$windows at $at", ({ windows, at, open, changesAt }) => {
  const all = windows.map(windowOf);
  const now = windowAt(all, new Date(at));
  expect(now.open).toEqual(open.map(windowOf));
  expect(now.changesAt).toEqual(changesAt === null ? null : new Date(changesAt));
});
