import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { body, done, errors, json, needs, page } = contract;
const tags = ["repository"];
const byName = { params: contract.RepositoryParams };

/** A repository; `name` includes the project. */
export const Repository = z
  .object({
    id: z.int(),
    project_id: z.int(),
    name: z.string(),
    description: z.string(),
    artifact_count: z.int(),
    pull_count: z.int(),
    creation_time: contract.Time,
    update_time: contract.Time,
  })
  .openapi("Repository");
export type Repository = z.infer<typeof Repository>;

/** What can be changed of a repository. */
export const RepositoryChange = z
  .object({ description: z.string().max(65_536) })
  .openapi("RepositoryUpdate");

/** Fields that `q` can filter repositories by; `blob_digest`: those that have this blob. */
export const REPOSITORY_FIELDS = {
  name: "text",
  project_id: "number",
  blob_digest: "text",
  creation_time: "time",
} as const;

/** The repository routes. */
export const repositories = {
  listAll: createRoute({
    method: "get",
    path: "/api/v2.0/repositories",
    summary: "Repositories of all projects that the caller may see",
    tags,
    ...needs("anyone"),
    request: { query: ListQuery },
    responses: { 200: page(Repository, "One page of repositories."), ...errors(400, 422) },
  }),

  list: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name}/repositories",
    summary: "Repositories of a project",
    tags,
    ...needs("repository:list"),
    request: { params: z.object({ project_name: z.string().min(1) }), query: ListQuery },
    responses: { 200: page(Repository, "One page of repositories."), ...errors(400, 404, 422) },
  }),

  get: createRoute({
    method: "get",
    path: "/api/v2.0/projects/{project_name}/repositories/{repository_name}",
    summary: "A repository",
    tags,
    ...needs("repository:read"),
    request: byName,
    responses: { 200: json(Repository, "The repository."), ...errors(404) },
  }),

  update: createRoute({
    method: "put",
    path: "/api/v2.0/projects/{project_name}/repositories/{repository_name}",
    summary: "Changes a repository's description",
    tags,
    ...needs("repository:update"),
    request: { ...byName, body: body(RepositoryChange) },
    responses: { 200: done, ...errors(400, 404) },
  }),

  delete: createRoute({
    method: "delete",
    path: "/api/v2.0/projects/{project_name}/repositories/{repository_name}",
    summary: "Deletes a repository with everything in it",
    tags,
    ...needs("repository:delete"),
    request: byName,
    responses: { 200: done, ...errors(404) },
  }),
};
