import { z } from "@hono/zod-openapi";
import { JobSchedule } from "./job-shapes.ts";
import { systemJobRoutes, systemJobRun } from "./system-jobs.ts";

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

/** A purge, or its schedule. */
export const Purge = systemJobRun("PURGE_AUDIT_LOG").openapi("ExecHistory");
export type Purge = z.infer<typeof Purge>;

/** The routes of purges of the audit log, which its `audit_retention_days` shortens besides. */
export const purges = systemJobRoutes({
  path: "/api/v2.0/system/purgeaudit",
  tag: "purge",
  id: "purge_id",
  one: "a purge of the audit log",
  many: "Purges of the audit log",
  about:
    "Of `*` records are removed from the oldest on. Of some types records are emptied: what " +
    "they say goes, their hashes stay, so that the log can still be verified.",
  resource: "purge-audit",
  run: Purge,
  asked: NewPurgeSchedule,
});
