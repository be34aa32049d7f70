import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { errors, json, needs } = contract;

/** Something that somebody should look at. Those that may cost data come first. */
export const AttentionKind = z.enum([
  "restored",
  "no-workers",
  "backup-none",
  "backup-never",
  "backup-failed",
  "backup-late",
  "drill-failed",
  "drill-none",
  "damage",
  "findings",
  "policy-failing",
  "policy-failed",
  "endpoint",
  "conflicts",
  "quota",
  "paused",
  "read-only",
]);
export type AttentionKind = z.infer<typeof AttentionKind>;

/**
 * What needs attention. `subject` is what it is about (a policy's, an endpoint's, a target's or a
 * project's name), `id` its id, `count` how many things it is about, `detail` what is known of why.
 */
export const Attention = z
  .object({
    kind: AttentionKind,
    subject: z.string(),
    id: z.int().nullable(),
    count: z.int(),
    detail: z.string(),
    since: contract.Time.nullable(),
  })
  .openapi("Attention");
export type Attention = z.infer<typeof Attention>;

/** Work that is under way, of any kind. `bytes_total` is 0 where it is not known. */
export const RunningWork = z
  .object({
    id: z.int(),
    vendor_type: z.string(),
    vendor_id: z.int(),
    subject: z.string(),
    trigger: z.string(),
    stage: z.string(),
    tasks: z.int(),
    tasks_done: z.int(),
    bytes_sent: z.number(),
    bytes_total: z.number(),
    start_time: contract.Time,
  })
  .openapi("RunningWork");
export type RunningWork = z.infer<typeof RunningWork>;

/** How a backup target stands, and how its last trial restore went. */
export const BackupStanding = z
  .object({
    id: z.int(),
    name: z.string(),
    enabled: z.boolean(),
    newest: contract.Time.nullable(),
    behind_since: contract.Time.nullable(),
    drill: z
      .object({
        id: z.int(),
        status: z.enum(["Running", "Success", "Error", "Stopped"]),
        end_time: contract.Time.nullable(),
        recovery_seconds: z.number().nullable(),
        loss_seconds: z.number().nullable(),
      })
      .nullable(),
  })
  .openapi("BackupStanding");
export type BackupStanding = z.infer<typeof BackupStanding>;

/** How everything stands. */
export const Overview = z
  .object({
    attention: z.array(Attention),
    running: z.array(RunningWork),
    running_total: z.int(),
    backups: z.array(BackupStanding),
  })
  .openapi("Overview");
export type Overview = z.infer<typeof Overview>;

/** How everything stands, at a glance: ours. */
export const overview = {
  get: createRoute({
    method: "get",
    path: "/api/v2.0/system/overview",
    summary: "How everything stands: what needs attention, what runs, what is backed up",
    tags: ["system"],
    ...needs("system"),
    responses: { 200: json(Overview, "How it stands."), ...errors() },
  }),
};
