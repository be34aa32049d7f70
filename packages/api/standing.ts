import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { PageQuery } from "./paging.ts";

const { body, errors, flag, json, needs, page } = contract;
const tags = ["replication"];

/** Why a name has not arrived. `why` says it in words. */
export const WaitingCause = z.enum([
  "disabled",
  "endpoint",
  "failed",
  "queued",
  "running",
  "refused",
  "stopped",
  "unplanned",
  "window",
]);
export type WaitingCause = z.infer<typeof WaitingCause>;

/** What has been waiting longest. */
export const OldestWaiting = z
  .object({
    repository: z.string(),
    reference: z.string(),
    target: z.string(),
    wanted: z.string().nullable(),
    arrived: z.string().nullable(),
    wanted_since: contract.Time,
    attempts: z.int(),
    next_attempt: contract.Time.nullable(),
    cause: WaitingCause,
    why: z.string(),
  })
  .openapi("ReplicationWaiting");
export type OldestWaiting = z.infer<typeof OldestWaiting>;

/**
 * How far a policy's target is behind. `lag_items` counts names, children of an index that is
 * behind not among them; `lag_bytes` is what they hold, each blob once, null where that is not
 * known (a pull, or too many names to add up); `unread_entries` is how much of the journal an
 * event-based policy's trigger has yet to read.
 */
export const PolicyLag = z
  .object({
    policy_id: z.int(),
    policy_name: z.string(),
    project_id: z.int().nullable(),
    enabled: z.boolean(),
    trigger: z.string(),
    endpoint_id: z.int(),
    endpoint_name: z.string(),
    lag_seconds: z.number(),
    lag_items: z.int(),
    lag_deletions: z.int(),
    lag_failing: z.int(),
    lag_bytes: z.number().nullable(),
    unread_entries: z.int(),
    oldest: OldestWaiting.nullable(),
  })
  .openapi("ReplicationLag");
export type PolicyLag = z.infer<typeof PolicyLag>;

/** Fields that `q` can filter lag by. */
export const LAG_FIELDS = {
  policy_name: "text",
  endpoint_name: "text",
  trigger: "text",
  lag_seconds: "number",
  lag_items: "number",
} as const;

/**
 * Which images to wait for: `references` (`project/repository:tag` or `…@digest`), or `repository`
 * with a `tag` or `digest`. `policies` by id; if absent, all enabled event-based ones that select
 * the image. `timeout` in seconds, 60 at most: ask again to wait longer.
 */
export const WaitRequest = z
  .object({
    references: z.array(z.string()).max(100).optional(),
    repository: z.string().optional(),
    tag: z.string().optional(),
    digest: z.string().optional(),
    policies: z.array(z.int().positive().max(2_147_483_647)).max(100).optional(),
    timeout: z.number().min(0).max(60).default(30),
  })
  .openapi("ReplicationWaitRequest");
export type WaitRequest = z.input<typeof WaitRequest>;

/** Where an image should be, and whether it is there with the digest it has here now. */
export const Whereabouts = z
  .object({
    repository: z.string(),
    reference: z.string(),
    digest: z.string(),
    arrived: z.boolean(),
    destinations: z.array(
      z.object({
        policy_id: z.int(),
        policy_name: z.string(),
        endpoint_name: z.string(),
        target: z.string().nullable(),
        arrived: z.boolean(),
        why: z.string(),
      }),
    ),
  })
  .openapi("ReplicationWhereabouts");
export type Whereabouts = z.infer<typeof Whereabouts>;

/** `arrived` only if all images are. */
export const WaitResult = z
  .object({ arrived: z.boolean(), images: z.array(Whereabouts) })
  .openapi("ReplicationWaitResult");
export type WaitResult = z.infer<typeof WaitResult>;

/**
 * One line of a comparison: an entry (`state` and what both sides have under the name), a
 * `progress`, or as the last line the `end` with its counts or an `error`. Without one of these two
 * the comparison was cut off.
 */
export const DiffLine = z
  .union([
    z.object({
      type: z.literal("entry"),
      state: z.enum(["equal", "different", "missing", "extra", "unreferenced"]),
      repository: z.string(),
      reference: z.string(),
      target: z.string(),
      at_source: z.string().nullable(),
      at_target: z.string().nullable(),
      subject: z.string().nullable(),
    }),
    z.object({ type: z.literal("progress"), compared: z.int(), repository: z.string() }),
    z.object({ type: z.literal("end"), counts: z.record(z.string(), z.int()) }),
    z.object({ type: z.literal("error"), code: z.string(), message: z.string() }),
  ])
  .openapi("ReplicationDiffLine");
export type DiffLine = z.infer<typeof DiffLine>;

/** How replication stands: ours, Harbor has none of it. */
export const standing = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/replication/lag",
    summary: "How far each policy's target is behind",
    tags,
    ...needs("account"),
    request: {
      query: PageQuery.extend({
        q: z.string().optional(),
        behind: flag(false).openapi({ description: "Only policies that are behind." }),
      }),
    },
    responses: { 200: page(PolicyLag, "One page of policies."), ...errors(400, 422) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/replication/policies/{id}/lag",
    summary: "How far a policy's target is behind",
    tags,
    ...needs("account"),
    request: { params: z.object({ id: contract.Id }) },
    responses: { 200: json(PolicyLag, "How far."), ...errors(404) },
  }),

  wait: createRoute({
    method: "post",
    path: "/api/v2.0/replication/wait",
    summary: "Waits until images are everywhere they should be",
    description:
      "Answers as soon as they are, or after `timeout` seconds with what is missing and why. The " +
      "caller needs the right to push to the images' projects.",
    tags,
    ...needs("account"),
    request: { body: body(WaitRequest) },
    responses: { 200: json(WaitResult, "Where they are."), ...errors(400, 404) },
  }),

  diff: createRoute({
    method: "get",
    path: "/api/v2.0/replication/policies/{id}/diff",
    summary: "Source and target of a policy side by side; nothing is copied",
    description: "A stream of JSON texts, one a line: see ReplicationDiffLine.",
    tags,
    ...needs("account"),
    request: {
      params: z.object({ id: contract.Id }),
      query: z.object({
        equal: flag(false).openapi({ description: "Show what is equal on both sides, too." }),
      }),
    },
    responses: {
      200: {
        description: "Lines.",
        content: { "application/x-ndjson": { schema: DiffLine } },
      },
      ...errors(404),
    },
  }),
};
