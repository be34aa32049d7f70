import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";
import { Label } from "./label.ts";
import { ListQuery } from "./paging.ts";
import { Tag } from "./tags.ts";

const { body, created, done, errors, flag, json, needs, page } = contract;
const PATH = "/api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts";
const byReference = { params: contract.ArtifactParams };

/** A child of an index. */
export const Reference = z
  .object({
    parent_id: z.int(),
    child_id: z.int(),
    child_digest: z.string(),
    platform: z
      .object({
        architecture: z.string(),
        os: z.string(),
        "os.version": z.string().optional(),
        "os.features": z.array(z.string()).optional(),
        variant: z.string().optional(),
      })
      .optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    urls: z.array(z.string()).optional(),
  })
  .openapi("Reference");
export type Reference = z.infer<typeof Reference>;

/** An artifact that is about another: a signature, an SBOM. `size` in bytes. */
export const Accessory = z
  .object({
    id: z.int(),
    artifact_id: z.int(),
    subject_artifact_id: z.int(),
    subject_artifact_digest: z.string(),
    subject_artifact_repo: z.string(),
    digest: z.string(),
    type: z.string(),
    size: z.int(),
    icon: z.string(),
    creation_time: contract.Time,
  })
  .openapi("Accessory");
export type Accessory = z.infer<typeof Accessory>;

/**
 * An artifact. `size` is in bytes, with layers and config; lists are empty rather than null, since
 * Harbor as a client walks them. `type` is IMAGE, CHART, …, or the media type's own word.
 */
export const Artifact = z
  .object({
    id: z.int(),
    type: z.string(),
    media_type: z.string(),
    manifest_media_type: z.string(),
    artifact_type: z.string(),
    project_id: z.int(),
    repository_id: z.int(),
    repository_name: z.string(),
    digest: z.string(),
    size: z.int(),
    push_time: contract.Time,
    pull_time: contract.Time.optional(),
    extra_attrs: z.record(z.string(), z.unknown()),
    annotations: z.record(z.string(), z.string()),
    references: z.array(Reference),
    tags: z.array(Tag),
    labels: z.array(Label),
    accessories: z.array(Accessory),
  })
  .openapi("Artifact");
export type Artifact = z.infer<typeof Artifact>;

/** Fields that `q` can filter artifacts by; `tags=nil` in Harbor's words: those without a tag. */
export const ARTIFACT_FIELDS = {
  digest: "text",
  tags: "text",
  type: "text",
  media_type: "text",
  push_time: "time",
} as const;

/** What to include; labels and accessories are empty lists without. */
const Parts = z.object({
  with_tag: flag(true),
  with_label: flag(false),
  with_accessory: flag(false),
  with_immutable_status: flag(false),
});

/** Where an artifact is to go. */
export const NewPromotion = z
  .object({
    registry_id: z.int().nullish().openapi({ description: "An endpoint; absent: this registry." }),
    repository: z.string().openapi({ description: "project/repository there" }),
    tags: z
      .array(z.string())
      .max(100)
      .nullish()
      .openapi({ description: "Its tags there; absent: the tag in the path, if it is one." }),
  })
  .openapi("Promotion");
export type NewPromotion = z.infer<typeof NewPromotion>;

/** The artifact routes. */
export const artifacts = {
  list: createRoute({
    method: "get",
    path: PATH,
    summary: "Artifacts of a repository",
    description: "Neither children of an index without a tag nor accessories are listed.",
    tags: ["artifact"],
    ...needs("artifact:list"),
    request: { params: contract.RepositoryParams, query: ListQuery.extend(Parts.shape) },
    responses: { 200: page(Artifact, "One page of artifacts."), ...errors(400, 404, 422) },
  }),

  copy: createRoute({
    method: "post",
    path: PATH,
    summary: "Copies an artifact into this repository, with its tags",
    description: "Needs the right to pull from the source as well.",
    tags: ["artifact"],
    ...needs("artifact:create"),
    request: {
      params: contract.RepositoryParams,
      query: z.object({
        from: z.string().openapi({ description: "project/repository:tag or …@digest" }),
      }),
    },
    responses: { 201: created, ...errors(400, 404, 409) },
  }),

  promote: createRoute({
    method: "post",
    path: `${PATH}/{reference}/promotions`,
    summary: "Copies an artifact, with what refers to it, to another project or registry",
    description:
      "Within this registry it is done at once, without moving bytes, needs the right to push " +
      "there, and Location is the copy. To an endpoint it needs a system administrator, and " +
      "Location is the execution.",
    tags: ["artifact"],
    ...needs("artifact:read"),
    request: { ...byReference, body: contract.body(NewPromotion) },
    responses: { 201: created, ...errors(400, 404) },
  }),

  get: createRoute({
    method: "get",
    path: `${PATH}/{reference}`,
    summary: "An artifact, by tag or digest",
    tags: ["artifact"],
    ...needs("artifact:read"),
    request: { ...byReference, query: Parts },
    responses: { 200: json(Artifact, "The artifact."), ...errors(400, 404) },
  }),

  delete: createRoute({
    method: "delete",
    path: `${PATH}/{reference}`,
    summary: "Deletes an artifact with all its tags",
    tags: ["artifact"],
    ...needs("artifact:delete"),
    request: byReference,
    responses: { 200: done, ...errors(404, 412) },
  }),

  accessories: createRoute({
    method: "get",
    path: `${PATH}/{reference}/accessories`,
    summary: "Artifacts about this one",
    tags: ["artifact"],
    ...needs("accessory:list"),
    request: { ...byReference, query: ListQuery },
    responses: { 200: page(Accessory, "One page of accessories."), ...errors(400, 404, 422) },
  }),

  addLabel: createRoute({
    method: "post",
    path: `${PATH}/{reference}/labels`,
    summary: "Puts a label on an artifact",
    description: "A global label or one of the artifact's project, by its id; the rest is ignored.",
    tags: ["artifact"],
    ...needs("artifact-label:create"),
    request: { ...byReference, body: body(z.object({ id: z.int().positive() })) },
    responses: { 200: done, ...errors(400, 404, 409) },
  }),

  removeLabel: createRoute({
    method: "delete",
    path: `${PATH}/{reference}/labels/{label_id}`,
    summary: "Takes a label off an artifact",
    tags: ["artifact"],
    ...needs("artifact-label:delete"),
    request: { params: contract.ArtifactParams.extend({ label_id: contract.Id }) },
    responses: { 200: done, ...errors(404) },
  }),
};
