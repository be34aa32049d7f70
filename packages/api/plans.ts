import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";
import { NewPolicy } from "./policies.ts";

const { body, errors, json, needs } = contract;
const tags = ["replication"];
const byId = { params: z.object({ id: contract.Id }) };

/**
 * What becomes of a name at the target. `copy`: it is not there; `overwrite`: it names something
 * else there; `conflict`: the same, and somebody else has moved it there; `equal`: it is there;
 * `keep`: something else is there and the policy does not override; `returning`: it came from the
 * target, which has moved on; `delete`: the policy had brought it and the source has it no more.
 */
export const PlanVerdict = z.enum([
  "copy",
  "overwrite",
  "conflict",
  "equal",
  "keep",
  "returning",
  "delete",
]);
export type PlanVerdict = z.infer<typeof PlanVerdict>;

/** Names by verdict; always complete. */
export const PlanCounts = z
  .object({
    copy: z.int(),
    overwrite: z.int(),
    conflict: z.int(),
    equal: z.int(),
    keep: z.int(),
    returning: z.int(),
    delete: z.int(),
  })
  .openapi("ReplicationPlanCounts");
export type PlanCounts = z.infer<typeof PlanCounts>;

/** One name of a plan. */
export const PlanItem = z
  .object({
    verdict: PlanVerdict,
    src_resource: z.string(),
    dst_resource: z.string(),
    at_source: z.string().nullable(),
    at_target: z.string().nullable(),
  })
  .openapi("ReplicationPlanItem");
export type PlanItem = z.infer<typeof PlanItem>;

/**
 * What a run would do now. Bytes are after what is there and what can be mounted; `partial` if
 * `artifacts_left_out` were too many to look into. `deletions_held` would wait for confirmation.
 */
export const PlanSum = z
  .object({
    counts: PlanCounts,
    bytes_to_send: z.int(),
    bytes_there: z.int(),
    bytes_mountable: z.int(),
    partial: z.boolean(),
    artifacts_left_out: z.int(),
    deletions_held: z.int(),
  })
  .openapi("ReplicationPlanSum");
export type PlanSum = z.infer<typeof PlanSum>;

/** A plan with as many of its names as were asked for. Equal ones are only counted. */
export const Plan = PlanSum.extend({ items: z.array(PlanItem) }).openapi("ReplicationPlan");
export type Plan = z.infer<typeof Plan>;

/** One line of a plan that is sent as it is made; the last is `end` or `error`. */
export const PlanLine = z
  .discriminatedUnion("type", [
    PlanItem.extend({ type: z.literal("item") }),
    z.object({ type: z.literal("progress"), compared: z.int(), counts: PlanCounts }),
    PlanSum.extend({ type: z.literal("end") }),
    z.object({ type: z.literal("error"), code: z.string(), message: z.string() }),
  ])
  .openapi("ReplicationPlanLine");
export type PlanLine = z.infer<typeof PlanLine>;

/** What a run has planned. `complete` once all has been listed and compared. */
export const StoredPlan = z
  .object({
    counts: PlanCounts,
    complete: z.boolean(),
    deletions_held: z.int(),
    items: z.array(PlanItem),
  })
  .openapi("ReplicationStoredPlan");
export type StoredPlan = z.infer<typeof StoredPlan>;

const PlanQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(1_000)
    .openapi({ description: "Names to show; the counts are complete all the same." }),
  verdict: PlanVerdict.optional(),
});

const planned = {
  description: "The plan; with `Accept: application/x-ndjson` line by line, as it is made.",
  content: {
    "application/json": { schema: Plan },
    "application/x-ndjson": { schema: PlanLine },
  },
};

/** The routes of plans. */
export const plans = {
  preview: createRoute({
    method: "get",
    path: "/api/v2.0/replication/policies/{id}/plan",
    summary: "What a run of the policy would do now; nothing is changed",
    tags,
    ...needs("account"),
    request: { ...byId, query: PlanQuery },
    responses: { 200: planned, ...errors(404, 422) },
  }),

  previewNew: createRoute({
    method: "post",
    path: "/api/v2.0/replication/policies/plan",
    summary: "What a policy would do if it were stored; nothing is stored",
    description: "With `policy_id`, what it would do in the place of that one.",
    tags,
    ...needs("account"),
    request: {
      query: PlanQuery.extend({ policy_id: contract.Id.optional() }),
      body: body(NewPolicy),
    },
    responses: { 200: planned, ...errors(400, 404, 422) },
  }),

  ofExecution: createRoute({
    method: "get",
    path: "/api/v2.0/replication/executions/{id}/plan",
    summary: "What a run has planned",
    description: "Of runs that list and compare. `X-Total-Count` counts the names of all pages.",
    tags,
    ...needs("account"),
    request: { ...byId, query: PageQuery.extend({ verdict: PlanVerdict.optional() }) },
    responses: { 200: json(StoredPlan, "One page of the plan."), ...errors(404, 422) },
  }),
};
