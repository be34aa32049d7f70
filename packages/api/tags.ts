import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { ListQuery } from "./paging.ts";

const { body, created, done, errors, needs, page } = contract;

/** A tag. `pull_time` is absent while nobody has pulled by it. */
export const Tag = z
  .object({
    id: z.int(),
    repository_id: z.int(),
    artifact_id: z.int(),
    name: z.string(),
    push_time: contract.Time,
    pull_time: contract.Time.optional(),
    immutable: z.boolean(),
  })
  .openapi("Tag");
export type Tag = z.infer<typeof Tag>;

/** Fields that `q` can filter tags by. */
export const TAG_FIELDS = { name: "text", push_time: "time" } as const;

const PATH = "/api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts";

/** The routes of an artifact's tags. */
export const tags = {
  list: createRoute({
    method: "get",
    path: `${PATH}/{reference}/tags`,
    summary: "Tags of an artifact",
    tags: ["tag"],
    ...needs("tag:list"),
    request: { params: contract.ArtifactParams, query: ListQuery },
    responses: { 200: page(Tag, "One page of tags."), ...errors(400, 404, 422) },
  }),

  create: createRoute({
    method: "post",
    path: `${PATH}/{reference}/tags`,
    summary: "Gives an artifact another tag",
    description: "409 if the name is a tag of this repository already.",
    tags: ["tag"],
    ...needs("tag:create"),
    request: { params: contract.ArtifactParams, body: body(z.object({ name: z.string() })) },
    responses: { 201: created, ...errors(400, 404, 409, 412) },
  }),

  delete: createRoute({
    method: "delete",
    path: `${PATH}/{reference}/tags/{tag_name}`,
    summary: "Deletes a tag; the artifact stays",
    tags: ["tag"],
    ...needs("tag:delete"),
    request: { params: contract.ArtifactParams.extend({ tag_name: z.string().min(1) }) },
    responses: { 200: done, ...errors(404, 412) },
  }),
};
