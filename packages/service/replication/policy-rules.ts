import { RegistryError } from "@entrepot/oci";
import { compileFilters } from "./filters.ts";
import type { PolicyOptions, TimeWindow } from "./policy-options.ts";
import type { PolicySettings } from "./ports.ts";

/** Windows of one policy at most. */
const MOST_WINDOWS = 50;

const wrong = (text: string) => new RegistryError("BAD_REQUEST", text);

/** Throws BAD_REQUEST for settings that do not do, saying which and what to give instead. */
export function checkPolicy(settings: PolicySettings): void {
  if (settings.name.trim() === "" || settings.name.length > 255) {
    throw wrong("a replication policy needs a name of 1 to 255 characters");
  }
  if ((settings.destEndpointId === null) === (settings.srcEndpointId === null)) {
    throw wrong(
      "give exactly one of dest_registry (push from here) and src_registry (pull to here)",
    );
  }
  if (settings.srcEndpointId !== null && settings.triggerType === "event_based") {
    throw wrong("event_based works in push mode only; choose manual or scheduled to pull");
  }
  if (settings.triggerType === "scheduled") checkCron(settings.cron);
  const namespace = settings.destNamespace;
  if (namespace !== "" && !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(namespace)) {
    throw wrong(`dest_namespace ${JSON.stringify(namespace)} is not a repository name's start`);
  }
  const count = settings.destNamespaceReplaceCount;
  if (!Number.isInteger(count) || count < -1 || count > 127) {
    throw wrong(`dest_namespace_replace_count must be a whole number from -1 to 127`);
  }
  const { platform } = compileFilters(settings.filters);
  if (platform && settings.options.verify && settings.options.indexMode === "sparse") {
    throw wrong("verify cannot prove a sparse index; choose index_mode rewritten, or no verify");
  }
  checkOptions(settings);
}

/**
 * `settings` of a policy of `project` (null: of the system's): a push takes from this project
 * alone, by a name filter that it is given, and what a policy of a project copies arrives under the
 * project's name, wherever that is. Throws BAD_REQUEST for a dest_namespace outside.
 */
export function withinProject(settings: PolicySettings, project: string | null): PolicySettings {
  if (project === null) return settings;
  const { destNamespace, filters } = settings;
  const isPull = settings.srcEndpointId !== null;
  const isWithin = destNamespace === project || destNamespace.startsWith(`${project}/`);
  if (!isWithin && (isPull || destNamespace !== "")) {
    throw wrong(
      `dest_namespace ${JSON.stringify(destNamespace)} is not in project '${project}', ` +
        `which the policy belongs to; give '${project}' or '${project}/…'`,
    );
  }
  const all = `${project}/**`;
  const isNamed = filters.some(({ type, value }) => type === "name" && value === all);
  if (isPull || isNamed) return settings;
  return { ...settings, filters: [...filters, { type: "name", value: all }] };
}

function checkOptions({ options, triggerType }: PolicySettings): void {
  if (options.singleActiveReplication && triggerType === "event_based") {
    throw wrong("single_active_replication is for manual and scheduled policies, not event_based");
  }
  checkNumbers(options);
  checkTimeZone("trigger_settings.time_zone", options.timeZone);
  if (options.windows.length > MOST_WINDOWS) {
    throw wrong(`a policy has ${MOST_WINDOWS} windows at most, not ${options.windows.length}`);
  }
  for (const [i, window] of options.windows.entries()) checkWindow(`windows[${i}]`, window);
}

/** What each number of a policy may be; null, where it may be, is no ceiling. */
const RANGES = {
  speed: ["speed", 0, 2 ** 31 - 1],
  bytesPerSecond: ["bytes_per_second", 0, Number.MAX_SAFE_INTEGER],
  concurrency: ["concurrency", 0, 1_000],
  maxDeletions: ["max_deletions", 0, Number.MAX_SAFE_INTEGER],
  maxDeletionPercent: ["max_deletion_percent", 0, 100],
} as const;

function checkNumbers(options: PolicyOptions): void {
  for (const [key, [name, min, max]] of Object.entries(RANGES)) {
    const value = options[key as keyof typeof RANGES];
    if (value === null) continue;
    const whole = key === "maxDeletionPercent" || Number.isInteger(value);
    if (whole && value >= min && value <= max) continue;
    const what = key === "maxDeletionPercent" ? "number" : "whole number";
    throw wrong(`${name} must be a ${what} from ${min} to ${max}, not ${value}`);
  }
}

function checkWindow(name: string, window: TimeWindow): void {
  for (const [side, time] of [
    ["from", window.from],
    ["to", window.to],
  ] as const) {
    if (/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(time)) continue;
    throw wrong(`${name}.${side} ${JSON.stringify(time)} is no time of day: HH:MM, as in 22:30`);
  }
  if (window.from === window.to) {
    throw wrong(`${name} begins and ends at ${window.from}; for a whole day leave the window out`);
  }
  const isDay = (day: number) => Number.isInteger(day) && day >= 1 && day <= 7;
  if (!window.days.every(isDay) || new Set(window.days).size < window.days.length) {
    throw wrong(`${name}.days must be different numbers from 1 (Monday) to 7 (Sunday)`);
  }
  checkTimeZone(`${name}.time_zone`, window.timeZone);
  const { kind, bytesPerSecond } = window;
  if (!Number.isSafeInteger(bytesPerSecond) || bytesPerSecond < 0) {
    throw wrong(`${name}.bytes_per_second must be a whole number of bytes; 0 is no limit`);
  }
  if (kind === "run" && bytesPerSecond > 0) {
    throw wrong(`${name}.bytes_per_second is for windows of kind bandwidth, not run`);
  }
}

function checkTimeZone(name: string, timeZone: string): void {
  try {
    Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw wrong(
      `${name}: there is no time zone ${JSON.stringify(timeZone)}; ` +
        "use a name such as Europe/Berlin, or UTC",
    );
  }
}

/** Harbor's rule: six fields; the seconds are 0 and the minutes not every one. */
function checkCron(cron: string): void {
  const fields = cron.trim().split(/\s+/);
  if (fields.length === 6 && fields[0] === "0" && fields[1] !== "*") return;
  throw new RegistryError(
    "BAD_REQUEST",
    `cron ${JSON.stringify(cron)} is not accepted: six fields, the first (seconds) 0, the second ` +
      "(minutes) not *; for example '0 0 2 * * *' for two o'clock every night",
  );
}
