import { usageError } from "./exit-codes.ts";

const AGO = /^(\d{1,6})\s*([smhdw])(?:\s+ago)?$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?`;
const PLAIN = new RegExp(`^(?:${DATE})?(?:[T ]?${TIME})?(Z|[+-]\\d\\d:\\d\\d)?$`);

/** What moments are called in help texts. */
export const MOMENT_HELP = "14:03, '2h ago', 2026-01-31, '2026-01-31 14:03', seq:1234";

/** How a moment is understood. */
export interface MomentContext {
  /** Times without a zone are UTC's, not this machine's. */
  readonly utc: boolean;
  readonly now?: Date;
}

/**
 * `text` as the API is told it, a time in UTC or `seq:1234`. A time of day without a date is the
 * last one that has been; a date without a time is its midnight. Throws a usage error.
 */
export function momentOf(text: string, { utc, now = new Date() }: MomentContext): string {
  const asked = text.trim();
  if (/^seq:\d{1,15}$/.test(asked)) return asked;
  if (asked === "now") return now.toISOString();
  const ago = AGO.exec(asked);
  if (ago) return new Date(now.getTime() - Number(ago[1]) * UNIT_MS[ago[2]!]!).toISOString();
  const time = asked === "" ? null : timeOf(asked, utc, now);
  if (time) return time.toISOString();
  throw usageError(`Give a moment: ${MOMENT_HELP}.`);
}

function timeOf(text: string, utc: boolean, now: Date): Date | null {
  const match = PLAIN.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction = "", zone] = match;
  if (year === undefined && hour === undefined) return null;
  const isUtc = utc || zone !== undefined;
  const today = isUtc
    ? [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
    : [now.getFullYear(), now.getMonth(), now.getDate()];
  const date = year === undefined ? today : [Number(year), Number(month) - 1, Number(day)];
  const clock = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  if (clock[0]! > 23 || clock[1]! > 59 || clock[2]! > 59) return null;
  const at = (days: number) => {
    const fields = [date[0]!, date[1]!, date[2]! + days, ...clock, ms(fraction)] as const;
    const [y, mo, d, h, mi, s, rest] = fields as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return isUtc
      ? new Date(Date.UTC(y, mo, d, h, mi, s, rest))
      : new Date(y, mo, d, h, mi, s, rest);
  };
  if (year === undefined) return at(0) > now ? at(-1) : at(0);
  const day0 = new Date(Date.UTC(date[0]!, date[1]!, date[2]!));
  // JavaScript takes the 31st of February for the 3rd of March.
  if (day0.getUTCMonth() !== date[1] || day0.getUTCDate() !== date[2]) return null;
  return new Date(at(0).getTime() - offsetMs(zone));
}

function ms(fraction: string): number {
  return Number(fraction.padEnd(3, "0"));
}

/** How far `zone` is ahead of UTC. */
function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(":").map(Number);
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
