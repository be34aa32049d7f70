import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { body, done, errors, json, needs, page } = contract;
const tags = ["quota"];
const byId = { params: z.object({ id: contract.Id }) };
const Storage = z.object({ storage: z.int() });

/**
 * A project's quota, in bytes; `hard.storage` -1: none. `history_bytes` (ours, of one quota only)
 * is the part of `used.storage` that only deleted manifests name. Source: Harbor API v2.0 Quota.
 */
export const Quota = z
  .object({
    id: z.int(),
    ref: z.object({ id: z.int(), name: z.string(), owner_name: z.string() }),
    hard: Storage,
    used: Storage,
    history_bytes: z.int().optional(),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("Quota");
export type Quota = z.infer<typeof Quota>;

/** Fields that `q` can filter quotas by. */
export const QUOTA_FIELDS = { name: "text", id: "number" } as const;

/** The quota routes. */
export const quotas = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/quotas",
    summary: "Quotas of all projects",
    description: "`sort` by `hard.storage` or `used.storage`, falling with - in front.",
    tags,
    ...needs("system:quota:list"),
    request: {
      query: ListQuery.extend({
        reference: z.literal("project").optional(),
        reference_id: z.string().optional(),
      }),
    },
    responses: { 200: page(Quota, "One page of quotas."), ...errors(400, 422) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/quotas/{id}",
    summary: "A quota",
    tags,
    ...needs("system:quota:read"),
    request: byId,
    responses: { 200: json(Quota, "The quota."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/quotas/{id}",
    summary: "Changes a quota; below what is used, only new pushes are refused",
    tags,
    ...needs("system:quota:update"),
    request: { ...byId, body: body(z.object({ hard: Storage })) },
    responses: { 200: done, ...errors(400, 404) },
  }),
};
