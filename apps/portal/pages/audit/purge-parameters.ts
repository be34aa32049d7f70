import type { NewPurgeSchedule, Purge } from "@entrepot/api";

/** Among types: all of them. */
export const ALL_TYPES = "*";
const DAY_HOURS = 24;

/** What is purged, as a form holds it. */
export interface PurgeForm {
  readonly days: number;
  readonly types: readonly string[];
}

type Parameters = NonNullable<NewPurgeSchedule["parameters"]>;

/** What a form begins with. */
export const FIRST: PurgeForm = { days: 90, types: [] };

/** `form` as the server takes it: all types are none of them besides. */
export function parametersOf({ days, types }: PurgeForm): Parameters {
  const include_event_types = types.includes(ALL_TYPES) ? ALL_TYPES : types.join(",");
  return { audit_retention_hour: Math.max(1, Math.round(days * DAY_HOURS)), include_event_types };
}

/** What the JSON text in `job_parameters` says, and whether it only counts. */
export function askedOf({ job_parameters }: Pick<Purge, "job_parameters">) {
  const asked = JSON.parse(job_parameters) as Parameters;
  const types = asked.include_event_types.split(",").filter(Boolean);
  return { days: asked.audit_retention_hour / DAY_HOURS, types, dry: asked.dry_run === true };
}

/** The schedule as a form holds it; an empty cron if there is none. */
export function scheduleOf(
  set: Purge | Record<string, never>,
): PurgeForm & { readonly cron: string } {
  if (!("schedule" in set)) return { ...FIRST, cron: "" };
  const found = set as Purge;
  const { days, types } = askedOf(found);
  return { days, types, cron: found.schedule.cron };
}

/** How many records a purge's log counts; null if it does not tell. */
export function countedIn(log: string): number | null {
  const [, records] = /(\d+) records would be/.exec(log) ?? [];
  return records === undefined ? null : Number(records);
}
