import type { TimeWindow } from "@entrepot/api";
import { usageError } from "../exit-codes.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const WINDOW =
  /^(run|bandwidth)(?: ([a-z,-]+))? (\d\d:\d\d)-(\d\d:\d\d)(?: ([A-Z]\S*))?(?: (\d+))?$/;

/**
 * A time window as it is written: kind, days (`mon-fri`, `sat,sun`; left out: every day), times,
 * time zone (left out: UTC) and, of bandwidth, bytes per second. Added to `before`. Throws a usage
 * error.
 */
export function windowsIn(text: string, before: readonly TimeWindow[] = []): TimeWindow[] {
  const parts = WINDOW.exec(text);
  if (!parts) {
    throw usageError("Write a window like 'run mon-fri 22:00-06:00 Europe/Berlin'.");
  }
  const [, kind, days = "", from, to, zone = "UTC", limit = "0"] = parts;
  const window: TimeWindow = {
    kind: kind as TimeWindow["kind"],
    days: days === "" ? [] : days.split(",").flatMap(daysIn),
    from: from!,
    to: to!,
    time_zone: zone,
    bytes_per_second: Number(limit),
  };
  return [...before, window];
}

/** `window` as `windowsIn` reads it. */
export function windowText(window: TimeWindow): string {
  const { kind, days, from, to, time_zone: zone, bytes_per_second: limit } = window;
  const named = days.map((day) => DAYS[day - 1]).join(",");
  const parts = [kind, named, `${from}-${to}`, zone, kind === "bandwidth" ? String(limit) : ""];
  return parts.filter((part) => part !== "").join(" ");
}

function daysIn(text: string): number[] {
  const [first = "", last = first, ...rest] = text.split("-");
  const from = DAYS.indexOf(first);
  const to = DAYS.indexOf(last);
  if (from < 0 || to < 0 || rest.length > 0) {
    throw usageError(`Days are ${DAYS.join(", ")}, mon-fri or sat,sun; not ${text}.`);
  }
  const count = ((to - from + 7) % 7) + 1;
  return Array.from({ length: count }, (_, i) => ((from + i) % 7) + 1);
}
