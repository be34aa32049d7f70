import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";
import { Days, StorageSample } from "./storage-use.ts";

const { body, created, done, errors, json, needs, page } = contract;
const base = "/api/v2.0/backups";
const reads = { tags: ["backup"], ...needs("system:backup:read") };
const manages = { tags: ["backup"], ...needs("system:backup:manage") };
const one = z.object({ id: contract.Id });
const run = one.extend({ execution_id: contract.Id });

/** Where backups go. `address`, `recipients` and `scope` stay as they were made. */
export const NewBackupTarget = z
  .object({
    name: z.string(),
    description: z.string().max(1_024).default(""),
    address: z.string().max(2_048).openapi({
      description: "file:/folder, s3:bucket/prefix or registry:endpoint/project/repository",
    }),
    enabled: z.boolean().default(true),
    cron: z.string().max(100).default(""),
    time_zone: z.string().max(64).default("UTC"),
    continuous: z.boolean().default(false),
    recipients: z.array(z.string().max(4_096)).max(16).default([]),
    scope: z.array(z.string().max(600)).max(1_000).default([]).openapi({
      description: "Projects and repositories that it is of; empty: all of the registry.",
    }),
    bytes_per_second: z.int().nonnegative().default(0),
    snapshot_every_days: z.int().min(1).max(365).default(7),
    keep_last: z.int().min(1).nullable().default(null),
    keep_days: z.int().min(1).nullable().default(null),
    drill_cron: z.string().max(100).default("").openapi({ description: "When to try a restore." }),
  })
  .openapi("NewBackupTarget");
export type NewBackupTarget = z.infer<typeof NewBackupTarget>;

/** A place where backups go, and how far it has come. */
export const BackupTarget = z
  .object({
    ...NewBackupTarget.shape,
    id: z.int(),
    newest: z
      .object({ snapshot: z.string(), segments: z.int(), seq: z.int(), at: contract.Time })
      .nullable(),
    behind_since: contract.Time.nullable().openapi({
      description: "When the oldest change was made that is not in it; null: it has them all.",
    }),
    last_error: z.string(),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("BackupTarget");
export type BackupTarget = z.infer<typeof BackupTarget>;

/** A snapshot with the segments after it: what can be restored. */
export const BackupSnapshot = z
  .object({
    id: z.string(),
    from: z.object({ seq: z.int(), at: contract.Time }).nullable(),
    to: z.object({ seq: z.int(), at: contract.Time }).nullable(),
    timeline: z.int().nullable(),
    segments: z.int(),
    blobs: z.int(),
    bytes: z.int(),
    problems: z.array(z.string()),
  })
  .openapi("BackupSnapshot");
export type BackupSnapshot = z.infer<typeof BackupSnapshot>;

/** What pruning removes, and what stays. */
export const BackupPrunePlan = z
  .object({
    removed: z.array(z.object({ id: z.string(), at: contract.Time, seq: z.int() })),
    kept: z.array(z.string()),
  })
  .openapi("BackupPrunePlan");
export type BackupPrunePlan = z.infer<typeof BackupPrunePlan>;

/** A run of a backup, a check or a removal, with its log. */
export const BackupExecution = z
  .object({
    id: z.int(),
    status: z.enum(["Running", "Success", "Error", "Stopped"]),
    status_text: z.string(),
    trigger: z.string(),
    progress: z.record(z.string(), z.unknown()),
    task_id: z.int().nullable().openapi({ description: "Whose log it is, as a job's." }),
    log: z.array(z.string()),
    start_time: contract.Time,
    end_time: contract.Time.nullable(),
  })
  .openapi("BackupExecution");
export type BackupExecution = z.infer<typeof BackupExecution>;

/** A run in the list of them: without its log. */
export const BackupRun = BackupExecution.omit({ log: true })
  .extend({ kind: z.enum(["backup", "verify", "prune"]) })
  .openapi("BackupRun");
export type BackupRun = z.infer<typeof BackupRun>;

/** What a restore has switched off, until it is confirmed. */
export const RestoredFromBackup = z
  .object({
    policies: z.array(z.string()),
    targets: z.array(z.string()),
    timeline: z.int(),
    projects: z.array(z.string()).openapi({ description: "Those that came back; none: all did." }),
  })
  .openapi("RestoredFromBackup");

/** The routes of backups. */
export const backups = {
  list: createRoute({
    method: "get",
    path: base,
    summary: "Backup targets",
    ...reads,
    request: { query: PageQuery },
    responses: { 200: page(BackupTarget, "One page of targets."), ...errors(422) },
  }),
  create: createRoute({
    method: "post",
    path: base,
    summary: "Creates a backup target",
    ...manages,
    request: { body: body(NewBackupTarget) },
    responses: { 201: created, ...errors(400, 409, 412) },
  }),
  get: createRoute({
    method: "get",
    path: `${base}/{id}`,
    summary: "A backup target",
    ...reads,
    request: { params: one },
    responses: { 200: json(BackupTarget, "The target."), ...errors(404) },
  }),
  update: createRoute({
    method: "put",
    path: `${base}/{id}`,
    summary: "Changes a backup target",
    ...manages,
    request: { params: one, body: body(NewBackupTarget) },
    responses: { 200: done, ...errors(400, 404, 409, 412) },
  }),
  delete: createRoute({
    method: "delete",
    path: `${base}/{id}`,
    summary: "Forgets a backup target; what lies there stays",
    ...manages,
    request: { params: one },
    responses: { 200: done, ...errors(404) },
  }),
  run: createRoute({
    method: "post",
    path: `${base}/{id}/run`,
    summary: "Backs up now",
    ...manages,
    request: {
      params: one,
      body: body(
        z.object({
          full: z.boolean().default(false),
          dry_run: z.boolean().default(false).openapi({
            description: "Only tell what would be written: `plan` in the execution's progress.",
          }),
        }),
      ),
    },
    responses: { 201: created, ...errors(404) },
  }),
  verify: createRoute({
    method: "post",
    path: `${base}/{id}/verify`,
    summary: "Checks what lies in the target",
    ...manages,
    request: { params: one, body: body(z.object({ share: z.number().min(0).max(1).default(1) })) },
    responses: { 201: created, ...errors(404) },
  }),
  snapshots: createRoute({
    method: "get",
    path: `${base}/{id}/snapshots`,
    summary: "What the target holds, oldest first",
    ...reads,
    request: { params: one },
    responses: { 200: json(z.array(BackupSnapshot), "Snapshots."), ...errors(404) },
  }),
  growth: createRoute({
    method: "get",
    path: `${base}/{id}/growth`,
    summary: "What the target held, day by day",
    ...reads,
    request: { params: one, query: Days },
    responses: { 200: json(z.array(StorageSample), "Oldest first."), ...errors(404, 422) },
  }),
  prunePlan: createRoute({
    method: "get",
    path: `${base}/{id}/prune`,
    summary: "What pruning would remove",
    ...reads,
    request: { params: one },
    responses: { 200: json(BackupPrunePlan, "The plan."), ...errors(404) },
  }),
  prune: createRoute({
    method: "post",
    path: `${base}/{id}/prune`,
    summary: "Removes snapshots that the target's settings do not keep",
    ...manages,
    request: { params: one },
    responses: { 201: created, ...errors(404) },
  }),
  executions: createRoute({
    method: "get",
    path: `${base}/{id}/executions`,
    summary: "Runs of a target, checks and removals too, newest first",
    ...reads,
    request: { params: one, query: PageQuery },
    responses: { 200: page(BackupRun, "One page of runs."), ...errors(404, 422) },
  }),
  execution: createRoute({
    method: "get",
    path: `${base}/{id}/executions/{execution_id}`,
    summary: "A run, with its log",
    ...reads,
    request: { params: run },
    responses: { 200: json(BackupExecution, "The run."), ...errors(404) },
  }),
  stop: createRoute({
    method: "put",
    path: `${base}/{id}/executions/{execution_id}`,
    summary: "Stops a run",
    ...manages,
    request: { params: run },
    responses: { 200: done, ...errors(404) },
  }),
  restored: createRoute({
    method: "get",
    path: "/api/v2.0/system/restored",
    summary: "What a restore from a backup has switched off",
    ...reads,
    responses: { 200: json(RestoredFromBackup, "What is off."), ...errors(404) },
  }),
  confirm: createRoute({
    method: "post",
    path: "/api/v2.0/system/restored",
    summary: "Switches on what a restore from a backup has switched off",
    ...manages,
    responses: { 200: done, ...errors(404) },
  }),
};
