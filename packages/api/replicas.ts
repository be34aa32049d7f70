import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Failure } from "./failure.ts";
import { ListQuery } from "./paging.ts";
import { WaitingCause } from "./standing.ts";

const { errors, flag, needs, page } = contract;

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
};
