import { createRoute, z } from "@hono/zod-openapi";
import * as contract from "./contract.ts";

const { errors, json, needs } = contract;
const PATH = "/api/v2.0/projects/{project_name}/repositories/{repository_name}/artifacts";

/**
 * An artifact's own text: its manifest as it was pushed, byte for byte, and its config where that
 * is JSON of at most 4 MiB. `text` null: another kind of config, or a larger one.
 */
export const ArtifactContent = z
  .object({
    digest: z.string(),
    media_type: z.string(),
    size: z.int(),
    manifest: z.string(),
    config: z
      .object({
        digest: z.string(),
        media_type: z.string(),
        size: z.int(),
        text: z.string().nullable(),
      })
      .nullable(),
  })
  .openapi("ArtifactContent");
export type ArtifactContent = z.infer<typeof ArtifactContent>;

/** What artifacts say of themselves: ours. Harbor shows a part of it, under `additions`. */
export const artifactContent = {
  get: createRoute({
    method: "get",
    path: `${PATH}/{reference}/content`,
    summary: "An artifact's manifest and config, as they are",
    tags: ["artifact"],
    ...needs("artifact:read"),
    request: { params: contract.ArtifactParams },
    responses: { 200: json(ArtifactContent, "Manifest and config."), ...errors(400, 404) },
  }),
};
