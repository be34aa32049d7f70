import type { TimeWindow } from "./policy-options.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How a set of windows stands at a moment. */
export interface WindowsNow {
  /** Those within which the moment is, in the order given. */
  readonly open: readonly TimeWindow[];
  /** When next one of them begins or ends; null if there is none at all. */
  readonly changesAt: Date | null;
}

/**
 * Which of `windows` are open at `instant`, and until when that holds. Pure; each window counts in
 * its own time zone. A time of day that a change of clocks leaves out counts as that much later; of
 * one that comes twice the first counts. So a window keeps its length where its begin is left out,
 * and is an hour longer or shorter where the change lies within it. Throws RangeError for an
 * unknown time zone.
 */
export function windowAt(windows: readonly TimeWindow[], instant: Date): WindowsNow {
  const now = instant.getTime();
  const open = new Set<TimeWindow>();
  let changesAt = Infinity;
  for (const window of windows) {
    for (const [begin, end] of spansOf(window, now)) {
      if (begin <= now && now < end) open.add(window);
      for (const change of [begin, end]) {
        if (change > now) changesAt = Math.min(changesAt, change);
      }
    }
  }
  return {
    open: windows.filter((window) => open.has(window)),
    changesAt: Number.isFinite(changesAt) ? new Date(changesAt) : null,
  };
}

/** Its spans from the day before `now` to a week after. */
function* spansOf(window: TimeWindow, now: number): Generator<[begin: number, end: number]> {
  const { days, timeZone } = window;
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  const today = Math.floor((now + offsetAt(timeZone, now)) / DAY_MS);
  for (let day = today - 1; day <= today + 8; day++) {
    if (days.length > 0 && !days.includes(weekdayOf(day))) continue;
    const endDay = to <= from ? day + 1 : day;
    yield [instantOf(timeZone, day, from), instantOf(timeZone, endDay, to)];
  }
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return hours! * 60 + minutes!;
}

/** 1 is Monday. The epoch's first day was a Thursday. */
function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** When clocks of `timeZone` show `minutes` after the midnight of `day` (days since the epoch). */
function instantOf(timeZone: string, day: number, minutes: number): number {
  const shown = day * DAY_MS + minutes * MINUTE_MS;
  // Clocks change at most once within these two days.
  const before = shown - offsetAt(timeZone, shown - DAY_MS);
  if (before + offsetAt(timeZone, before) === shown) return before;
  const after = shown - offsetAt(timeZone, shown + DAY_MS);
  return after + offsetAt(timeZone, after) === shown ? after : before;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** By how many ms clocks of `timeZone` are ahead of UTC at `instant`. */
function offsetAt(timeZone: string, instant: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    const [year, month, day, hour, minute, second] = Array<"numeric">(6).fill("numeric");
    const fields = { year, month, day, hour, minute, second, hourCycle: "h23", timeZone } as const;
    format = new Intl.DateTimeFormat("en-US", fields);
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, +value]));
  const at = (type: string) => parts.get(type as Intl.DateTimeFormatPartTypes)!;
  const shown = Date.UTC(
    at("year"),
    at("month") - 1,
    at("day"),
    at("hour"),
    at("minute"),
    at("second"),
  );
  return shown - Math.floor(instant / 1000) * 1000;
}
