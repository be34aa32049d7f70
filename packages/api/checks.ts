import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { LogQuery } from "./job-shapes.ts";
import { logAnswer, logDescription } from "./jobservice.ts";
import { PageQuery } from "./paging.ts";

const { body, created, done, errors, json, needs, page } = contract;
const reads = { tags: ["check"], ...needs("system:check:read") };
const manages = { tags: ["check"], ...needs("system:check:manage") };
const byId = { params: z.object({ check_id: contract.Id }) };
const byPlan = { params: z.object({ id: contract.Id }) };
const path = "/api/v2.0/system/check";
const repairPath = "/api/v2.0/system/repair";

const Status = z.enum(["Pending", "Running", "Success", "Error", "Stopped"]);

/** What can be wrong; `dangling-referrer` and `orphan` are told, and nothing is wrong. */
export const FindingClass = z.enum([
  "missing",
  "truncated",
  "corrupt",
  "dangling-child",
  "manifest-bytes",
  "manifest-row",
  "blob-row",
  "usage",
  "journal",
  "dangling-referrer",
  "orphan",
]);

/** What is checked. `scope` is a project or a repository; empty: everything. */
export const NewCheck = z
  .object({
    quick: z.boolean().default(false),
    scope: z.string().max(512).default(""),
    bytes_per_second: z.int().nonnegative().default(0),
  })
  .openapi("CheckReq");
export type NewCheck = z.input<typeof NewCheck>;

/** A check: how far it is, and what it found, by class. `damage` leaves information out. */
export const Check = z
  .object({
    id: z.int(),
    status: Status,
    status_text: z.string(),
    trigger: z.string(),
    quick: z.boolean(),
    scope: z.string(),
    bytes_per_second: z.int(),
    stage: z.string(),
    blobs: z.int(),
    blobs_read: z.int(),
    bytes_read: z.int(),
    manifests: z.int(),
    counts: z.record(z.string(), z.int()),
    damage: z.int(),
    start_time: contract.Time,
    end_time: contract.Time.nullable(),
  })
  .openapi("Check");
export type Check = z.infer<typeof Check>;

/** Something that a check found, and a few of the names that cannot be pulled whole for it. */
export const CheckFinding = z
  .object({
    class: FindingClass,
    name: z.string(),
    size: z.int().nullable(),
    detail: z.string(),
    harms: z.array(z.string()),
    found_at: contract.Time,
  })
  .openapi("CheckFinding");
export type CheckFinding = z.infer<typeof CheckFinding>;

/** When the registry is checked by itself; six fields, empty: never. */
export const CheckSchedule = z
  .object({ cron: z.string().max(100), ...NewCheck.shape })
  .openapi("CheckSchedule");
export type CheckSchedule = z.input<typeof CheckSchedule>;

/** What is to be done about what a check found. `outcomes` is what came of it so far. */
export const RepairPlan = z
  .object({
    id: z.int(),
    check_id: z.int(),
    creator: z.string(),
    creation_time: contract.Time,
    counts: z.record(z.string(), z.int()),
    outcomes: z.record(z.string(), z.int()),
    execution_id: z.int().nullable(),
    status: Status.nullable(),
  })
  .openapi("RepairPlan");
export type RepairPlan = z.infer<typeof RepairPlan>;

/** One finding in a plan: what is done about it, from which copies, and what came of it. */
export const RepairItem = z
  .object({
    class: FindingClass,
    name: z.string(),
    size: z.int().nullable(),
    act: z.enum(["heal", "set-aside", "recount", "correct", "leave"]),
    copies: z.array(z.string()),
    why: z.string(),
    outcome: z.enum(["healed", "set-aside", "corrected", "whole", "left"]).nullable(),
    result: z.string(),
  })
  .openapi("RepairItem");
export type RepairItem = z.infer<typeof RepairItem>;

const FindingQuery = PageQuery.extend({ class: FindingClass.optional() });

/** The routes of checks. Ours. */
export const checks = {
  list: createRoute({
    method: "get",
    path,
    summary: "Checks, newest first",
    ...reads,
    request: { query: PageQuery },
    responses: { 200: page(Check, "One page of them."), ...errors(400, 422) },
  }),
  start: createRoute({
    method: "post",
    path,
    summary: "Starts a check",
    ...manages,
    request: { body: body(NewCheck) },
    responses: { 201: created, ...errors(400, 409) },
  }),
  get: createRoute({
    method: "get",
    path: `${path}/{check_id}`,
    summary: "A check, with counts of what it found",
    ...reads,
    request: byId,
    responses: { 200: json(Check, "The check."), ...errors(404) },
  }),
  stop: createRoute({
    method: "put",
    path: `${path}/{check_id}`,
    summary: "Stops a check; if it has ended, nothing happens",
    ...manages,
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),
  findings: createRoute({
    method: "get",
    path: `${path}/{check_id}/findings`,
    summary: "What a check found",
    ...reads,
    request: { ...byId, query: FindingQuery },
    responses: { 200: page(CheckFinding, "One page of it."), ...errors(404, 422) },
  }),
  log: createRoute({
    method: "get",
    path: `${path}/{check_id}/log`,
    summary: "A check's log",
    description: logDescription,
    ...reads,
    request: { ...byId, query: LogQuery },
    responses: logAnswer,
  }),
  met: createRoute({
    method: "get",
    path: "/api/v2.0/system/damage",
    summary: "Damage that pulls have met and that is not healed yet",
    ...reads,
    request: { query: FindingQuery },
    responses: { 200: page(CheckFinding, "One page of it."), ...errors(422) },
  }),
  schedule: createRoute({
    method: "get",
    path: `${path}/schedule`,
    summary: "When the registry is checked by itself",
    ...reads,
    responses: { 200: json(CheckSchedule, "The schedule."), ...errors() },
  }),
  setSchedule: createRoute({
    method: "put",
    path: `${path}/schedule`,
    summary: "Sets the schedule; an empty cron removes it",
    ...manages,
    request: { body: body(CheckSchedule) },
    responses: { 200: done, ...errors(400) },
  }),
};

/** The routes of repairs. Ours. */
export const repairs = {
  plan: createRoute({
    method: "post",
    path: repairPath,
    summary: "Plans a repair, asking other places for copies; nothing is changed",
    ...manages,
    request: { body: body(z.object({ check_id: contract.Id.optional() })) },
    responses: { 201: created, ...errors(404) },
  }),
  get: createRoute({
    method: "get",
    path: `${repairPath}/{id}`,
    summary: "A repair's plan, and what came of it",
    ...reads,
    request: byPlan,
    responses: { 200: json(RepairPlan, "The plan."), ...errors(404) },
  }),
  items: createRoute({
    method: "get",
    path: `${repairPath}/{id}/items`,
    summary: "The findings in a repair's plan",
    ...reads,
    request: { ...byPlan, query: PageQuery },
    responses: { 200: page(RepairItem, "One page of them."), ...errors(404, 422) },
  }),
  execute: createRoute({
    method: "post",
    path: `${repairPath}/{id}/execute`,
    summary: "Carries a repair's plan out",
    ...manages,
    request: byPlan,
    responses: { 201: created, ...errors(404, 409) },
  }),
};
