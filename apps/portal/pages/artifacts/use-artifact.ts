import type { Artifact, ArtifactContent } from "@entrepot/api";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { partsOf } from "../../addresses.ts";
import { type ImageContent, imageContent } from "./image-content.ts";

/** An artifact with all that is known of it. */
export interface LoadedArtifact {
  readonly artifact: Artifact;
  /** Manifest and config as they are. */
  readonly raw: ArtifactContent;
  /** What they say. */
  readonly content: ImageContent;
}

/** An artifact by tag or digest. */
export function artifactQuery(repository: string, reference: string) {
  const { project, rest } = partsOf(repository);
  const params = { project_name: project, repository_name: rest, reference };
  const query = {
    with_label: true,
    with_accessory: true,
    with_immutable_status: true,
  };
  return queryOptions({
    queryKey: ["artifacts", "one", repository, reference],
    queryFn: async (): Promise<LoadedArtifact> => {
      const [{ body: artifact }, { body: raw }] = await Promise.all([
        api.artifacts.get({ params, query }),
        api.artifactContent.get({ params }),
      ]);
      return { artifact, raw, content: imageContent(raw.manifest, raw.config?.text ?? null) };
    },
  });
}

/** An artifact by tag or digest, loaded. */
export function useArtifact(repository: string, reference: string) {
  return useQuery(artifactQuery(repository, reference));
}
