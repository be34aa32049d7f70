import { z } from "@hono/zod-openapi";

/**
 * A part of the week. `kind` run: tasks of the policy start only within one such window; bandwidth:
 * its `bytes_per_second` hold within it (0: no limit). `days`: 1 is Monday, none is every day.
 * `from` and `to` are `HH:MM` in `time_zone`; past midnight where `to` is not after `from`.
 */
export const TimeWindow = z
  .object({
    kind: z.enum(["run", "bandwidth"]),
    days: z.array(z.int()).max(7).default([]),
    from: z.string(),
    to: z.string(),
    time_zone: z.string().default("UTC"),
    bytes_per_second: z.int().default(0),
  })
  .openapi("ReplicationWindow");
export type TimeWindow = z.infer<typeof TimeWindow>;

/**
 * What a policy says beyond what, where and when. The first three are Harbor's, `speed` in Kibit/s
 * per task, less than 1 for no limit. The others are ours; see docs/guides/replicate.md. A number
 * of 0 is no limit, but 0 deletions are none.
 */
export const OptionsShown = z.object({
  speed: z.int(),
  copy_by_chunk: z.boolean(),
  single_active_replication: z.boolean(),
  bytes_per_second: z.int(),
  concurrency: z.int(),
  windows: z.array(TimeWindow),
  verify: z.boolean(),
  max_deletions: z.int().nullable(),
  max_deletion_percent: z.number().nullable(),
  all_or_nothing: z.boolean(),
  on_conflict: z.enum(["overwrite", "report"]),
  index_mode: z.enum(["sparse", "rewritten"]),
});

/** The same, as given: what is left out or null has its default. */
export const OptionsGiven = z.object({
  speed: z.int().nullish(),
  copy_by_chunk: z.boolean().nullish(),
  single_active_replication: z.boolean().nullish(),
  bytes_per_second: z.int().nullish(),
  concurrency: z.int().nullish(),
  windows: z.array(TimeWindow).max(50).nullish(),
  verify: z.boolean().nullish(),
  max_deletions: z.int().nullish(),
  max_deletion_percent: z.number().nullish(),
  all_or_nothing: z.boolean().nullish(),
  on_conflict: z.enum(["overwrite", "report"]).nullish(),
  index_mode: z.enum(["sparse", "rewritten"]).nullish(),
});
