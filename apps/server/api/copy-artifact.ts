import { parseCopySource } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { copyGraph, type CopyTarget } from "@entrepot/registry";
import type { Context } from "hono";
import type { ApiOptions, Env } from "./app.ts";
import { tagsOf } from "./artifact-parts.ts";
import { artifactAt } from "./artifact-rows.ts";
import { repositoryNamed } from "./repository-rows.ts";

/**
 * Copies the artifact that `from` names into repository `target` with all its tags, or those that
 * are `given`, and what is about it, as Harbor does whether a tag or a digest was given. Blobs are
 * mounted: no bytes move. The tags arrive in one commit, with the manifest. Repeating is safe.
 * Returns the reference. Throws BAD_REQUEST, NOT_FOUND for what is not there or may not be read,
 * NAME_INVALID.
 */
export async function copyArtifact(
  options: ApiOptions,
  context: Context<Env>,
  from: string,
  target: string,
  given?: readonly string[],
): Promise<string> {
  const { access, catalog, content } = options;
  const identity = context.get("identity");
  const { project, repository, reference } = parseCopySource(from);
  if (!(await access.may(identity, project, "repository", "pull"))) {
    throw new RegistryError(
      "NOT_FOUND",
      `project '${project}' does not exist, or you have no access to it`,
    );
  }
  const source = await repositoryNamed(options, `${project}/${repository}`);
  const { digest, media_type: mediaType, size } = await artifactAt(options, source, reference);
  const own = given ?? (await tagsOf(catalog, source, [digest])).map((tag) => tag.name);

  const registry = access.guard(content.as(context.get("actor")), identity);
  await copyGraph(
    registry.repository(source.name),
    tagging(registry.repository(target), digest, own),
    { mediaType, digest: digest as never, size },
    { mountFrom: () => source.name, referrers: true },
  );
  return reference;
}

/** `target`, where the manifest `digest` arrives with `tags` in one step, there before or not. */
function tagging(target: CopyTarget, digest: string, tags: readonly string[]): CopyTarget {
  return {
    ...target,
    resolve: async (reference) => (reference === digest ? null : target.resolve(reference)),
    push: (content, bytes, more) =>
      target.push(content, bytes, content.digest === digest ? tags : more),
  };
}
