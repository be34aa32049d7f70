import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { body, created, errors, json, needs } = contract;
const base = "/api/v2.0/backups/{id}/drills";
const reads = { tags: ["backup"], ...needs("system:backup:read") };
const manages = { tags: ["backup"], ...needs("system:backup:manage") };
const one = z.object({ id: contract.Id });
const run = one.extend({ execution_id: contract.Id });

/** What a trial restore found. */
export const DrillReport = z
  .object({
    target: z.string(),
    snapshot: z.string().nullable(),
    seq: z.int().nullable(),
    at: contract.Time.nullable(),
    recovery_seconds: z.number().nullable().openapi({
      description: "From the start until the restored registry answered; null: it never did.",
    }),
    loss_seconds: z.number().openapi({
      description: "Age of the oldest change that the target did not hold; 0: it held all.",
    }),
    age_seconds: z.number().nullable().openapi({
      description: "Age of the newest moment in the target.",
    }),
    tags: z.int(),
    manifests: z.int(),
    blobs: z.int(),
    bytes: z.int(),
    verified: z.object({ blobs: z.int(), bytes: z.int() }),
    pulled: z.object({ images: z.int(), bytes: z.int() }),
    problems: z.array(z.string()),
    problem_count: z.int(),
  })
  .openapi("DrillReport");
export type DrillReport = z.infer<typeof DrillReport>;

/** A trial restore of a backup. */
export const Drill = z
  .object({
    id: z.int(),
    status: z.enum(["Running", "Success", "Error", "Stopped"]),
    status_text: z.string(),
    trigger: z.string(),
    stage: z.string(),
    task_id: z.int().nullable(),
    start_time: contract.Time,
    end_time: contract.Time.nullable(),
    report: DrillReport.nullable(),
  })
  .openapi("Drill");
export type Drill = z.infer<typeof Drill>;

/** How a drill is to go: how many blobs are read again (0 to 1), how many tags are pulled. */
export const NewDrill = z
  .object({
    share: z.number().min(0).max(1).default(1),
    samples: z.int().min(0).max(10_000).default(20),
  })
  .openapi("NewDrill");

/** The routes of drills. */
export const drills = {
  list: createRoute({
    method: "get",
    path: base,
    summary: "Trial restores of a target, newest first",
    ...reads,
    request: { params: one },
    responses: { 200: json(z.array(Drill), "Drills."), ...errors(404) },
  }),
  run: createRoute({
    method: "post",
    path: base,
    summary: "Restores the newest backup into a scratch place and tries it",
    ...manages,
    request: { params: one, body: body(NewDrill) },
    responses: { 201: created, ...errors(404, 412) },
  }),
  get: createRoute({
    method: "get",
    path: `${base}/{execution_id}`,
    summary: "A trial restore, with what it found",
    ...reads,
    request: { params: run },
    responses: { 200: json(Drill, "The drill."), ...errors(404) },
  }),
};
