import type { NewPolicy, Policy as ShownPolicy } from "@entrepot/api";
import { DEFAULT_OPTIONS, type PolicyOptions, type TimeWindow } from "@entrepot/replication";

type Shown = Pick<
  ShownPolicy,
  | "speed"
  | "copy_by_chunk"
  | "single_active_replication"
  | "bytes_per_second"
  | "concurrency"
  | "windows"
  | "verify"
  | "max_deletions"
  | "max_deletion_percent"
  | "all_or_nothing"
  | "on_conflict"
  | "index_mode"
>;

/** A policy's options as given; what is left out or null has its default. */
export function optionsOf(given: NewPolicy): PolicyOptions {
  const standard = DEFAULT_OPTIONS;
  return {
    // Harbor's clients send -1 for no limit.
    speed: Math.max(given.speed ?? standard.speed, 0),
    bytesPerSecond: given.bytes_per_second ?? standard.bytesPerSecond,
    copyByChunk: given.copy_by_chunk ?? standard.copyByChunk,
    singleActiveReplication: given.single_active_replication ?? standard.singleActiveReplication,
    concurrency: given.concurrency ?? standard.concurrency,
    timeZone: given.trigger?.trigger_settings?.time_zone || standard.timeZone,
    windows: (given.windows ?? []).map(
      ({ time_zone: timeZone, bytes_per_second: bytesPerSecond, ...rest }): TimeWindow => ({
        ...rest,
        timeZone,
        bytesPerSecond,
      }),
    ),
    verify: given.verify ?? standard.verify,
    maxDeletions: given.max_deletions ?? standard.maxDeletions,
    maxDeletionPercent: given.max_deletion_percent ?? standard.maxDeletionPercent,
    allOrNothing: given.all_or_nothing ?? standard.allOrNothing,
    onConflict: given.on_conflict ?? standard.onConflict,
    indexMode: given.index_mode ?? standard.indexMode,
  };
}

/** `options` as the API shows them. The cron's time zone is shown with the trigger. */
export function shownOptions(options: PolicyOptions): Shown {
  return {
    speed: options.speed,
    copy_by_chunk: options.copyByChunk,
    single_active_replication: options.singleActiveReplication,
    bytes_per_second: options.bytesPerSecond,
    concurrency: options.concurrency,
    windows: options.windows.map(({ timeZone, bytesPerSecond, days, ...rest }) => ({
      ...rest,
      days: [...days],
      time_zone: timeZone,
      bytes_per_second: bytesPerSecond,
    })),
    verify: options.verify,
    max_deletions: options.maxDeletions,
    max_deletion_percent: options.maxDeletionPercent,
    all_or_nothing: options.allOrNothing,
    on_conflict: options.onConflict,
    index_mode: options.indexMode,
  };
}
