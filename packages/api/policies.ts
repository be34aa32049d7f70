import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";
import { OptionsGiven, OptionsShown } from "./policy-options.ts";
import { RegistryEndpoint } from "./registries.ts";

const { body, created, done, errors, json, needs, page } = contract;
const tags = ["replication"];
const byId = { params: z.object({ id: contract.Id }) };

/**
 * A filter; all of a policy's are met. `name` and `tag` take a doublestar pattern, `name_regex` and
 * `tag_regex` a regular expression of the whole name, `tag_semver` a range of versions, `label` a
 * list of labels that an artifact carries all, `media_type`, `artifact_type` and `platform` one or
 * several of which one is met, `newest` a number of tags per repository, `signed` `true`. No
 * decoration with `name`, `resource` and `newest`. The first four are Harbor's.
 */
export const ReplicationFilter = z
  .object({
    type: z.enum([
      "name",
      "tag",
      "label",
      "resource",
      "name_regex",
      "tag_regex",
      "tag_semver",
      "newest",
      "media_type",
      "artifact_type",
      "platform",
      "signed",
    ]),
    value: z.union([z.string(), z.array(z.string())]),
    decoration: z.enum(["matches", "excludes", ""]).optional(),
  })
  .openapi("ReplicationFilter");
export type ReplicationFilter = z.infer<typeof ReplicationFilter>;

/**
 * When a policy runs. `cron` has six fields; seconds are 0, minutes are not `*`. `time_zone` (ours)
 * is an IANA name, UTC unless given.
 */
export const ReplicationTrigger = z
  .object({
    type: z.enum(["manual", "scheduled", "event_based"]),
    trigger_settings: z
      .object({ cron: z.string().optional(), time_zone: z.string().optional() })
      .nullish(),
  })
  .openapi("ReplicationTrigger");
export type ReplicationTrigger = z.infer<typeof ReplicationTrigger>;

/**
 * What a policy is created with, and what replaces it. Exactly one of the two registries is given,
 * with an id that is not 0. `deletion` and `replicate_deletion` mean the same; either one true is
 * true. What is left out has its default. Source: Harbor API v2.0 ReplicationPolicy.
 */
export const NewPolicy = z
  .object({
    name: z.string(),
    description: z.string().default(""),
    src_registry: z.object({ id: z.int().optional() }).nullish(),
    dest_registry: z.object({ id: z.int().optional() }).nullish(),
    dest_namespace: z.string().default(""),
    dest_namespace_replace_count: z.int().min(-1).max(127).default(-1),
    filters: z.array(ReplicationFilter).max(100).nullish(),
    trigger: ReplicationTrigger.nullish(),
    deletion: z.boolean().optional(),
    replicate_deletion: z.boolean().optional(),
    override: z.boolean().default(true),
    enabled: z.boolean().default(true),
    project_id: z.int().positive().max(2147483647).nullish(),
    ...OptionsGiven.shape,
  })
  .openapi("NewReplicationPolicy");
export type NewPolicy = z.infer<typeof NewPolicy>;

/** A policy. The registry that is this one has id 0 and the name `Local`. */
export const Policy = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string(),
    src_registry: RegistryEndpoint,
    dest_registry: RegistryEndpoint,
    dest_namespace: z.string(),
    dest_namespace_replace_count: z.int(),
    filters: z.array(ReplicationFilter),
    trigger: ReplicationTrigger,
    deletion: z.boolean(),
    replicate_deletion: z.boolean(),
    override: z.boolean(),
    enabled: z.boolean(),
    project_id: z.int().nullable(),
    ...OptionsShown.shape,
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("ReplicationPolicy");
export type Policy = z.infer<typeof Policy>;

/** Fields that `q` can filter policies by. */
export const POLICY_FIELDS = { name: "text", enabled: "text" } as const;

/** The policy routes. */
export const policies = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/replication/policies",
    summary: "Replication policies",
    tags,
    ...needs("account"),
    request: { query: ListQuery.extend({ name: z.string().optional() }) },
    responses: { 200: page(Policy, "One page of policies."), ...errors(400, 422) },
  }),

  create: createRoute({
    method: "post",
    path: "/api/v2.0/replication/policies",
    summary: "Creates a policy; if enabled and event-based, copies what matches at once",
    tags,
    ...needs("account"),
    request: { body: body(NewPolicy) },
    responses: { 201: created, ...errors(400, 409) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/replication/policies/{id}",
    summary: "A policy",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: json(Policy, "The policy."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/replication/policies/{id}",
    summary: "Replaces a policy's settings",
    tags,
    ...needs("account"),
    request: { ...byId, body: body(NewPolicy) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/replication/policies/{id}",
    summary: "Stops a policy's runs and deletes it; what was copied stays",
    tags,
    ...needs("account"),
    request: byId,
    responses: { 200: done, ...errors(404) },
  }),
};
