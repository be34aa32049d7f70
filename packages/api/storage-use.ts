import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Held } from "./garbage.ts";
import { PageQuery } from "./paging.ts";

const { errors, json, needs, page } = contract;
const tags = ["system"];
/** Of how many days growth is asked for. */
export const Days = z.object({ days: z.coerce.number().int().min(1).max(400).default(30) });

/**
 * What something takes up, in bytes; what several hold counts once. `history_bytes` is the part
 * that only deleted manifests name, which can still be had back.
 */
const Use = { bytes: z.int(), history_bytes: z.int() };

/** What was there at the end of a day. */
export const StorageSample = z.object({ day: z.string(), bytes: z.int() }).openapi("StorageSample");
export type StorageSample = z.infer<typeof StorageSample>;

/**
 * What the storage is used for. `held` is what nothing can pull and something keeps, by the garbage
 * collection (or its dry run) that ended at `held_at`; both are absent before the first.
 */
export const StorageUse = z
  .object({
    ...Use,
    projects: z.array(z.object({ project: z.string(), repositories: z.int(), ...Use })),
    growth: z.array(StorageSample),
    held: z.array(Held).optional(),
    held_at: contract.Time.optional(),
  })
  .openapi("StorageUse");
export type StorageUse = z.infer<typeof StorageUse>;

/** What a repository takes up. */
export const RepositoryUse = z.object({ repository: z.string(), ...Use }).openapi("RepositoryUse");
export type RepositoryUse = z.infer<typeof RepositoryUse>;

/** The routes about what storage is used for: ours. */
export const storageUse = {
  total: createRoute({
    method: "get",
    path: "/api/v2.0/system/storage",
    summary: "What storage is used for: by project, of history, held by what, and its growth",
    tags,
    ...needs("system:system-volumes:read"),
    request: { query: Days },
    responses: { 200: json(StorageUse, "What it is used for."), ...errors(422) },
  }),

  repositories: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/storage",
    summary: "What a project's repositories take up, the largest first",
    tags,
    ...needs("project:read"),
    request: {
      params: contract.ProjectParams,
      headers: contract.ProjectHeaders,
      query: PageQuery,
    },
    responses: { 200: page(RepositoryUse, "One page of repositories."), ...errors(404, 422) },
  }),

  growth: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name_or_id}/storage/growth",
    summary: "What a project took up, day by day",
    tags,
    ...needs("project:read"),
    request: { params: contract.ProjectParams, headers: contract.ProjectHeaders, query: Days },
    responses: { 200: json(z.array(StorageSample), "Oldest first."), ...errors(404, 422) },
  }),
};
