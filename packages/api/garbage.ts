import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { JobSchedule, LogQuery } from "./job-shapes.ts";
import { logAnswer, logDescription } from "./jobservice.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["gc"];
const byId = { params: z.object({ gc_id: contract.Id }) };

/** Blobs, and their size in bytes. */
export const GarbageAmount = z.object({ blobs: z.int(), bytes: z.int() }).openapi("GarbageAmount");

/** What one holder keeps that nothing can pull, and until when. */
export const Held = GarbageAmount.extend({
  holder: z.string(),
  name: z.string().optional(),
  until: contract.Time.optional(),
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

/**
 * A garbage collection, or its schedule. `job_parameters` is JSON. What Harbor does not have: its
 * stage and its report.
 */
export const GarbageCollection = z
  .object({
    id: z.int(),
    job_name: z.literal("GARBAGE_COLLECTION"),
    job_kind: z.enum(["MANUAL", "SCHEDULE"]),
    job_parameters: z.string(),
    schedule: JobSchedule,
    job_status: z.enum(["Pending", "Running", "Success", "Error", "Stopped"]),
    deleted: z.boolean(),
    creation_time: contract.Time,
    update_time: contract.Time,
    stage: z.string().optional(),
    report: GarbageReport.optional(),
  })
  .openapi("GCHistory");
export type GarbageCollection = z.infer<typeof GarbageCollection>;

/** The schedule; without a type and an id if there is none. */
const Scheduled = z.union([GarbageCollection, z.object({}).strict()]);

const path = "/api/v2.0/system/gc";

/** The routes of garbage collection. Source: Harbor API v2.0, `/system/gc`. */
export const garbage = {
  list: createRoute({
    method: "get",
    path,
    summary: "Garbage collections, newest first",
    tags,
    ...needs("system:garbage-collection:list"),
    request: { query: PageQuery },
    responses: { 200: page(GarbageCollection, "One page of them."), ...errors(400, 422) },
  }),

  get: createRoute({
    method: "get",
    path: `${path}/{gc_id}`,
    summary: "A garbage collection, with what it freed and what is held by what",
    tags,
    ...needs("system:garbage-collection:read"),
    request: byId,
    responses: { 200: json(GarbageCollection, "The garbage collection."), ...errors(404) },
  }),

  stop: createRoute({
    method: "put",
    path: `${path}/{gc_id}`,
    summary: "Stops a garbage collection; if it has ended, nothing happens",
    tags,
    ...needs("system:garbage-collection:stop"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),

  log: createRoute({
    method: "get",
    path: `${path}/{gc_id}/log`,
    summary: "A garbage collection's log",
    description: logDescription,
    tags,
    ...needs("system:garbage-collection:read"),
    request: { ...byId, query: LogQuery },
    responses: logAnswer,
  }),

  schedule: createRoute({
    method: "get",
    path: `${path}/schedule`,
    summary: "When garbage is collected; an empty object if it is not",
    tags,
    ...needs("system:garbage-collection:read"),
    responses: { 200: json(Scheduled, "The schedule."), ...errors() },
  }),

  start: createRoute({
    method: "post",
    path: `${path}/schedule`,
    summary: "Starts a garbage collection (type Manual), or sets the schedule",
    tags,
    ...needs("system:garbage-collection:create"),
    request: { body: body(NewGarbageSchedule) },
    responses: { 201: created, ...errors(400, 409) },
  }),

  setSchedule: createRoute({
    method: "put",
    path: `${path}/schedule`,
    summary: "Sets the schedule; type None removes it",
    tags,
    ...needs("system:garbage-collection:update"),
    request: { body: body(NewGarbageSchedule) },
    responses: { 200: done, ...errors(400) },
  }),
};
