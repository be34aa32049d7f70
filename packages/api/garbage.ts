import { z } from "@hono/zod-openapi";
import { Time } from "./contract.ts";
import { JobSchedule } from "./job-shapes.ts";
import { systemJobRoutes, systemJobRun } from "./system-jobs.ts";

/** Blobs, and their size in bytes. */
export const GarbageAmount = z.object({ blobs: z.int(), bytes: z.int() }).openapi("GarbageAmount");

/** What one holder keeps that nothing can pull, and until when. */
export const Held = GarbageAmount.extend({
  holder: z.string(),
  name: z.string().optional(),
  until: Time.optional(),
}).openapi("GarbageHeld");
export type Held = z.infer<typeof Held>;

/**
 * What a garbage collection did or, as a dry run, would do, and why the rest stays. In `held` one
 * entry per holder: `history`, `grace`, `uploads` (those under way), or whoever holds history
 * (`backup:3`, whose target's name is `name`); `until` is absent where it is not known. Ours.
 */
export const GarbageReport = z
  .object({
    live: GarbageAmount,
    held: z.array(Held),
    quarantined: GarbageAmount,
    waiting: GarbageAmount,
    taken_back: GarbageAmount,
    freed: GarbageAmount,
    rows: z.object({ condemned: z.int(), removed: z.int() }),
    past_manifests: z.int(),
    journal_entries: z.int(),
    untagged: z.int(),
  })
  .openapi("GarbageReport");
export type GarbageReport = z.infer<typeof GarbageReport>;

/** How it runs. `workers`, 1 to 10: how hard it works. */
const Parameters = z.object({
  delete_untagged: z.boolean().default(false),
  dry_run: z.boolean().default(false),
  workers: z.int().min(1).max(10).default(1),
});

/** A schedule to set, or with type Manual a run to start. Source: Harbor API v2.0 `Schedule`. */
export const NewGarbageSchedule = z
  .object({
    schedule: JobSchedule,
    parameters: Parameters.default({ delete_untagged: false, dry_run: false, workers: 1 }),
  })
  .openapi("GCSchedule");
export type NewGarbageSchedule = z.input<typeof NewGarbageSchedule>;

/** A garbage collection, or its schedule. What Harbor does not have: its stage and its report. */
export const GarbageCollection = systemJobRun("GARBAGE_COLLECTION")
  .extend({ stage: z.string().optional(), report: GarbageReport.optional() })
  .openapi("GCHistory");
export type GarbageCollection = z.infer<typeof GarbageCollection>;

/** The routes of garbage collection. */
export const garbage = systemJobRoutes({
  path: "/api/v2.0/system/gc",
  tag: "gc",
  id: "gc_id",
  one: "a garbage collection",
  many: "Garbage collections",
  resource: "garbage-collection",
  run: GarbageCollection,
  asked: NewGarbageSchedule,
});
