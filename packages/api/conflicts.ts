import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { done, errors, needs, page } = contract;

/**
 * Two changes of one tag that knew nothing of each other. The loser stays in the registry, by its
 * digest, and in its history. `policy_id`: the policy at whose target it was met, else null.
 */
export const Conflict = z
  .object({
    id: z.int(),
    at: contract.Time,
    repository: z.string(),
    tag: z.string(),
    winner: z.string().nullable().openapi({ description: "A digest; null for a deletion." }),
    loser: z.string().nullable().openapi({ description: "A digest; null for a deletion." }),
    winner_origin: z.string().nullable().openapi({ description: "A registry's id." }),
    loser_origin: z.string().nullable().openapi({ description: "A registry's id." }),
    policy_id: z.int().nullable(),
  })
  .openapi("Conflict");
export type Conflict = z.infer<typeof Conflict>;

/** The conflict routes: ours, Harbor has none. */
export const conflicts = {
  list: createRoute({
    method: "get",
    path: "/api/v2.0/replication/conflicts",
    summary: "Tags that were changed in two places at once, newest first",
    tags: ["replication"],
    ...needs("account"),
    request: { query: ListQuery },
    responses: { 200: page(Conflict, "One page of conflicts."), ...errors(400, 422) },
  }),

  dismiss: createRoute({
    method: "delete",
    path: "/api/v2.0/replication/conflicts/{id}",
    summary: "Take a conflict off the list; nothing else changes",
    tags: ["replication"],
    ...needs("account"),
    request: { params: z.object({ id: contract.Id }) },
    responses: { 200: done, ...errors(404, 422) },
  }),
};
