import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { JobSchedule, LogQuery } from "./job-shapes.ts";
import { logAnswer, logDescription } from "./jobservice.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["purge"];
const byId = { params: z.object({ purge_id: contract.Id }) };

/** Source: Harbor's MaxAuditRetentionHour. */
const MOST_HOURS = 240_000;
const TYPES = /^(?:\*|[a-z_-]{1,64}(?:,[a-z_-]{1,64}){0,99})?$/;

/**
 * What is purged: records older than `audit_retention_hour`, of the types joined by commas that
 * `GET /auditlog-exts/events` lists (`create_label`; `create` for whatever was created; none:
 * nothing is purged), or (ours) `*`, all.
 */
const Parameters = z.object({
  audit_retention_hour: z.int().min(1).max(MOST_HOURS),
  include_event_types: z.string().regex(TYPES, "give types joined by commas, or *"),
  dry_run: z.boolean().default(false),
});

/** A schedule to set, or with type Manual a purge to start. Source: Harbor API v2.0 `Schedule`. */
export const NewPurgeSchedule = z
  .object({ schedule: JobSchedule, parameters: Parameters.optional() })
  .openapi("PurgeSchedule");
export type NewPurgeSchedule = z.input<typeof NewPurgeSchedule>;

/** A purge, or its schedule. `job_parameters` is JSON. Source: Harbor API v2.0 `ExecHistory`. */
export const Purge = z
  .object({
    id: z.int(),
    job_name: z.literal("PURGE_AUDIT_LOG"),
    job_kind: z.enum(["MANUAL", "SCHEDULE"]),
    job_parameters: z.string(),
    schedule: JobSchedule,
    job_status: z.enum(["Pending", "Running", "Success", "Error", "Stopped"]),
    deleted: z.boolean(),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("ExecHistory");
export type Purge = z.infer<typeof Purge>;

const path = "/api/v2.0/system/purgeaudit";

/** The routes of purges of the audit log. Source: Harbor API v2.0, `/system/purgeaudit`. */
export const purges = {
  list: createRoute({
    method: "get",
    path,
    summary: "Purges of the audit log, newest first",
    tags,
    ...needs("system:purge-audit:list"),
    request: { query: PageQuery },
    responses: { 200: page(Purge, "One page of them."), ...errors(400, 422) },
  }),

  get: createRoute({
    method: "get",
    path: `${path}/{purge_id}`,
    summary: "A purge of the audit log",
    tags,
    ...needs("system:purge-audit:read"),
    request: byId,
    responses: { 200: json(Purge, "The purge."), ...errors(404) },
  }),

  stop: createRoute({
    method: "put",
    path: `${path}/{purge_id}`,
    summary: "Stops a purge of the audit log; if it has ended, nothing happens",
    tags,
    ...needs("system:purge-audit:stop"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),

  log: createRoute({
    method: "get",
    path: `${path}/{purge_id}/log`,
    summary: "The log of a purge of the audit log",
    description: logDescription,
    tags,
    ...needs("system:purge-audit:read"),
    request: { ...byId, query: LogQuery },
    responses: logAnswer,
  }),

  schedule: createRoute({
    method: "get",
    path: `${path}/schedule`,
    summary: "When the audit log is purged, besides by audit_retention_days; empty if it is not",
    tags,
    ...needs("system:purge-audit:read"),
    responses: {
      200: json(z.union([Purge, z.object({}).strict()]), "The schedule."),
      ...errors(),
    },
  }),

  start: createRoute({
    method: "post",
    path: `${path}/schedule`,
    summary: "Purges the audit log now (type Manual), or sets the schedule",
    description:
      "Of `*` records are removed from the oldest on. Of some types records are emptied: what " +
      "they say goes, their hashes stay, so that the log can still be verified.",
    tags,
    ...needs("system:purge-audit:create"),
    request: { body: body(NewPurgeSchedule) },
    responses: { 201: created, ...errors(400, 409) },
  }),

  setSchedule: createRoute({
    method: "put",
    path: `${path}/schedule`,
    summary: "Sets the schedule; type None removes it",
    tags,
    ...needs("system:purge-audit:update"),
    request: { body: body(NewPurgeSchedule) },
    responses: { 200: done, ...errors(400) },
  }),
};
