import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Failure } from "./failure.ts";
import { ListQuery } from "./paging.ts";
import { WaitingCause } from "./standing.ts";

const { errors, flag, json, needs, page } = contract;

/**
 * What a policy wants at its target for one name, and what has arrived there. `wanted` null: it is
 * to be gone. `lag_seconds` is how long the target has been behind, 0 if it is not; `cause` and
 * `why` say why it is.
 */
export const Replica = z
  .object({
    repository: z.string(),
    reference: z.string().openapi({ description: "A tag, or a digest." }),
    target: z.string().openapi({ description: "The repository at the target." }),
    wanted: z.string().nullable(),
    arrived: z.string().nullable(),
    wanted_since: contract.Time,
    arrived_at: contract.Time.nullable(),
    lag_seconds: z.number(),
    attempts: z.int(),
    next_attempt: contract.Time.nullable(),
    last_error: z.string().nullable(),
    failure: Failure.nullable(),
    cause: WaitingCause.nullable(),
    why: z.string(),
  })
  .openapi("Replica");
export type Replica = z.infer<typeof Replica>;

/**
 * Where a name of a repository goes by one policy, and how far it is. `why` is empty for whoever
 * may not push to the project: it can tell of addresses elsewhere.
 */
export const RepositoryReplica = Replica.pick({
  reference: true,
  target: true,
  wanted: true,
  arrived: true,
  wanted_since: true,
  arrived_at: true,
  lag_seconds: true,
  attempts: true,
  cause: true,
  why: true,
})
  .extend({ policy_id: z.int(), policy_name: z.string(), endpoint_name: z.string() })
  .openapi("RepositoryReplica");
export type RepositoryReplica = z.infer<typeof RepositoryReplica>;

/** A copy that is under way: the id of the registry that sends it, and the repository there. */
export const AnnouncedCopy = z
  .object({ registry_id: z.uuid(), repository: z.string().max(255) })
  .openapi("AnnouncedCopy");
export type AnnouncedCopy = z.infer<typeof AnnouncedCopy>;

/** Fields that `q` can filter replicas by. */
export const REPLICA_FIELDS = { repository: "text", reference: "text", target: "text" } as const;

/** The replica routes: ours, Harbor has none. */
export const replicas = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/replication/policies/{id}/replicas",
    summary: "What a policy wants at its target, and what has arrived",
    tags: ["replication"],
    ...needs("account"),
    request: {
      params: z.object({ id: contract.Id }),
      query: ListQuery.extend({
        behind: flag(false).openapi({ description: "Only those that have not arrived." }),
        children: flag(false).openapi({
          description: "Children of an index that is behind, too: they come with it.",
        }),
        oldest_first: flag(false).openapi({ description: "Longest behind first." }),
      }),
    },
    responses: { 200: page(Replica, "One page of replicas."), ...errors(400, 404, 422) },
  }),

  ofRepository: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name}/repositories/{repository_name}/replicas",
    summary: "Where names of a repository are replicated to, and how far behind they are there",
    description: "By every policy that has pushed them or is to; at most 1000 of them.",
    tags: ["replication"],
    ...needs("artifact:list"),
    request: {
      params: contract.RepositoryParams,
      query: z.object({
        references: z
          .string()
          .max(65_536)
          .optional()
          .openapi({ description: "Tags and digests, comma-separated; absent: all." }),
        behind: flag(false).openapi({ description: "Only those that have not arrived." }),
        registry_id: z.uuid().optional().openapi({
          description: "Only those that go to the Entrepot of this id.",
        }),
      }),
    },
    responses: { 200: json(z.array(RepositoryReplica), "By policy and name."), ...errors(404) },
  }),

  announce: createRoute({
    method: "post",
    path: "/api/v2.0/projects/{project_name}/repositories/{repository_name}/announcements",
    summary: "Says that another Entrepot is copying to this repository",
    description:
      "For a minute, what has not arrived is asked of that registry, at an endpoint that is " +
      "here for it. Where there is none, nothing follows.",
    tags: ["replication"],
    ...needs("repository:push"),
    request: { params: contract.RepositoryParams, body: contract.body(AnnouncedCopy) },
    responses: { 200: contract.done, ...errors(400, 404) },
  }),
};
