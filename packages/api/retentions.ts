import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { LogQuery } from "./job-shapes.ts";
import { logAnswer, logDescription } from "./jobservice.ts";
import { PageQuery } from "./paging.ts";
import { RuleScope, TagSelector } from "./rule-shapes.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["Retention"];
const base = "/api/v2.0/retentions";
const byId = { params: z.object({ id: contract.Id }) };
const run = { params: z.object({ id: contract.Id, eid: contract.Id }) };

/** A rule: what its selectors take and its template says is kept. Source: Harbor RetentionRule. */
export const RetentionRule = z
  .object({
    id: z.int().default(0),
    priority: z.int().default(0),
    disabled: z.boolean().default(false),
    action: z.literal("retain").default("retain"),
    template: z.enum([
      "latestPushedK",
      "latestPulledN",
      "nDaysSinceLastPush",
      "nDaysSinceLastPull",
      "always",
    ]),
    params: z.record(z.string(), z.union([z.int(), z.string()])).default({}),
    tag_selectors: z.array(TagSelector).default([]),
    scope_selectors: RuleScope.default({ repository: [] }),
  })
  .openapi("RetentionRule");
export type RetentionRule = z.output<typeof RetentionRule>;

/**
 * What of a project stays: whatever one of its rules keeps. `settings.cron` empty: run by hand
 * only; `time_zone` is ours. Source: Harbor RetentionPolicy.
 */
export const RetentionPolicy = z
  .object({
    id: z.int().default(0),
    algorithm: z.literal("or").default("or"),
    rules: z.array(RetentionRule).default([]),
    trigger: z
      .object({
        kind: z.literal("Schedule").default("Schedule"),
        settings: z
          .object({ cron: z.string().default(""), time_zone: z.string().optional() })
          .nullish(),
        references: z.record(z.string(), z.unknown()).nullish(),
      })
      .default({ kind: "Schedule" }),
    scope: z.object({ level: z.literal("project").default("project"), ref: z.int() }),
  })
  .openapi("RetentionPolicy");
export type RetentionPolicy = z.output<typeof RetentionPolicy>;

/** A run. */
export const RetentionExecution = z
  .object({
    id: z.int(),
    policy_id: z.int(),
    status: z.string(),
    trigger: z.string(),
    dry_run: z.boolean(),
    start_time: contract.Time,
    end_time: contract.Time.optional(),
  })
  .openapi("RetentionExecution");
export type RetentionExecution = z.infer<typeof RetentionExecution>;

/** A run in one repository: how many artifacts there are, and how many of them stay. */
export const RetentionTask = z
  .object({
    id: z.int(),
    execution_id: z.int(),
    repository: z.string(),
    job_id: z.string(),
    status: z.string(),
    status_message: z.string(),
    total: z.int(),
    retained: z.int(),
    start_time: contract.Time,
    end_time: contract.Time.optional(),
  })
  .openapi("RetentionExecutionTask");
export type RetentionTask = z.infer<typeof RetentionTask>;

/** What becomes of one manifest, and why: ours. Only `counted` ones are artifacts of their own. */
export const RetentionVerdict = z
  .object({
    repository: z.string(),
    digest: z.string(),
    tags: z.array(z.string()),
    size: z.int(),
    verdict: z.enum(["keep", "delete"]),
    reason: z.string(),
    counted: z.boolean(),
    push_time: contract.Time,
    pull_time: contract.Time.optional(),
  })
  .openapi("RetentionVerdict");
export type RetentionVerdict = z.infer<typeof RetentionVerdict>;

const Selectors = z.array(
  z.object({ display_text: z.string(), kind: z.string(), decorations: z.array(z.string()) }),
);

/** What rules can be made of. */
export const RetentionMetadata = z
  .object({
    templates: z.array(
      z.object({
        rule_template: z.string(),
        display_text: z.string(),
        action: z.string(),
        params: z.array(z.object({ type: z.string(), unit: z.string(), required: z.boolean() })),
      }),
    ),
    scope_selectors: Selectors,
    tag_selectors: Selectors,
  })
  .openapi("RetentionMetadata");

/** The routes of retention policies. Their rights are in the project of the policy. */
export const retentions = {
  metadata: createRoute({
    method: "get",
    path: `${base}/metadatas`,
    summary: "What rules can be made of",
    tags,
    ...needs("account"),
    responses: { 200: json(RetentionMetadata, "Templates and selectors."), ...errors() },
  }),

  create: createRoute({
    method: "post",
    path: base,
    summary: "Gives a project a retention policy",
    tags,
    ...needs("account"),
    request: { body: body(RetentionPolicy) },
    responses: { 201: created, ...errors(400, 404, 409) },
  }),

  get: createRoute({
    method: "get",
    path: `${base}/{id}`,
    summary: "A retention policy",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: json(RetentionPolicy, "The policy."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: `${base}/{id}`,
    summary: "Changes a retention policy",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(RetentionPolicy) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  delete: createRoute({
    method: "delete",
    path: `${base}/{id}`,
    summary: "Stops a retention policy's runs and deletes it",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),

  start: createRoute({
    method: "post",
    path: `${base}/{id}/executions`,
    summary: "Runs a retention policy now; with dry_run it only plans",
    description:
      "`plan_of` (ours) is the id of a dry run: nothing is deleted that its plan keeps, " +
      "nor what has been pushed, pulled, tagged or untagged since.",
    tags,
    ...needs("account"),
    request: {
      ...byId,
      body: body(
        z.object({ dry_run: z.boolean().default(false), plan_of: contract.Id.optional() }),
      ),
    },
    responses: { 201: created, ...errors(400, 404, 412) },
  }),

  executions: createRoute({
    method: "get",
    path: `${base}/{id}/executions`,
    summary: "Runs of a retention policy, newest first",
    tags,
    ...needs("account"),
    request: { ...byId, query: PageQuery },
    responses: { 200: page(RetentionExecution, "One page of runs."), ...errors(404, 422) },
  }),

  stop: createRoute({
    method: "patch",
    path: `${base}/{id}/executions/{eid}`,
    summary: "Stops a run; what it has deleted stays so",
    tags,
    ...needs("account"),
    request: { ...run, body: body(z.object({ action: z.literal("stop") })) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  tasks: createRoute({
    method: "get",
    path: `${base}/{id}/executions/{eid}/tasks`,
    summary: "Tasks of a run: one per repository",
    tags,
    ...needs("account"),
    request: { ...run, query: PageQuery },
    responses: { 200: page(RetentionTask, "One page of tasks."), ...errors(404, 422) },
  }),

  plan: createRoute({
    method: "get",
    path: `${base}/{id}/executions/{eid}/plan`,
    summary: "What a run does, or would do, to each manifest, and why",
    tags,
    ...needs("account"),
    request: {
      ...run,
      query: PageQuery.extend({ verdict: RetentionVerdict.shape.verdict.optional() }),
    },
    responses: { 200: page(RetentionVerdict, "One page of the plan."), ...errors(404, 422) },
  }),

  taskLog: createRoute({
    method: "get",
    path: `${base}/{id}/executions/{eid}/tasks/{tid}`,
    summary: "A task's log",
    description: logDescription,
    tags,
    ...needs("account"),
    request: {
      params: z.object({ id: contract.Id, eid: contract.Id, tid: contract.Id }),
      query: LogQuery,
    },
    responses: logAnswer,
  }),
};
