import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Project } from "./projects.ts";

const { errors, json, needs } = contract;

/** A repository that was found. `repository_name` includes the project. */
export const SearchRepository = z
  .object({
    project_id: z.int(),
    project_name: z.string(),
    project_public: z.boolean(),
    repository_name: z.string(),
    pull_count: z.int(),
    artifact_count: z.int(),
  })
  .openapi("SearchRepository");
export type SearchRepository = z.infer<typeof SearchRepository>;

/** What was found, by name. Source: Harbor API v2.0 `Search`. */
export const SearchResult = z
  .object({ project: z.array(Project), repository: z.array(SearchRepository) })
  .openapi("Search");
export type SearchResult = z.infer<typeof SearchResult>;

/** Search over all that the caller may see. */
export const search = {
  find: createRoute({
    method: "get",
    path: "/api/v2.0/search",
    summary: "Projects and repositories with a text in their names",
    description: "Names that begin with it come first. `limit` (ours) is of each list.",
    tags: ["search"],
    ...needs("anyone"),
    request: {
      query: z.object({
        q: z.string().max(256),
        limit: z.coerce.number().int().min(1).max(100).default(100),
      }),
    },
    responses: { 200: json(SearchResult, "What was found."), ...errors(422) },
  }),
};
