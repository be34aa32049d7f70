import { RegistryError } from "@entrepot/oci";
import { Cron } from "croner";

const FIELD = /^[0-9A-Za-z*,/?-]+$/;

/**
 * When a schedule comes due next after `from`. Six fields: second, minute, hour, day of month,
 * month, day of week. As in Harbor the second must be 0 and the minute may not be `*`, so nothing
 * runs more often than the queue can look. A time that a change to summer time skips runs right
 * after the gap. Throws BAD_REQUEST for anything else, for an unknown time zone, and for a date
 * that never comes.
 */
export function nextOccurrence(
  { cron, timeZone }: { cron: string; timeZone: string },
  from: Date,
): Date {
  const fields = cron.trim().split(/\s+/);
  const [second, minute] = fields;
  if (fields.length !== 6 || !fields.every((field) => FIELD.test(field))) {
    throw refused(cron, "it needs six fields (second minute hour day month weekday)");
  }
  if (second !== "0") throw refused(cron, "its first field, the second, must be 0");
  if (minute === "*") throw refused(cron, "its second field, the minute, may not be *");
  assertTimeZone(timeZone);
  const next = nextTime(cron, timeZone, from);
  if (next === null) throw refused(cron, "that date never comes");
  return next;
}

function nextTime(cron: string, timezone: string, from: Date): Date | null {
  try {
    return new Cron(cron.trim(), { timezone, paused: true }).nextRun(from);
  } catch (error) {
    throw refused(cron, error instanceof Error ? error.message : String(error));
  }
}

function assertTimeZone(timeZone: string): void {
  try {
    Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new RegistryError(
      "BAD_REQUEST",
      `There is no time zone "${timeZone}": use a name such as Europe/Berlin, or UTC.`,
    );
  }
}

function refused(cron: string, why: string): RegistryError {
  const example = 'for example "0 0 3 * * *" for every night at three';
  return new RegistryError("BAD_REQUEST", `The schedule "${cron}" is refused: ${why}; ${example}.`);
}
