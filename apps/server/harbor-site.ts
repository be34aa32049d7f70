import { asDigest, projectOf } from "@entrepot/oci";
import type { HarborClient, RemoteRegistry } from "@entrepot/distribution/client";
import type { ListedArtifact, Selection, Site } from "@entrepot/replication";
import { originHeaders } from "./request-actor.ts";

/**
 * A Harbor, or another Entrepot: it has projects, and lists digests along with tags. Once it has
 * shown that it is an Entrepot, it is spoken to `asEntrepot`, which takes fewer requests.
 */
export function harborSite(
  asHarbor: RemoteRegistry,
  asEntrepot: RemoteRegistry,
  harbor: HarborClient,
): Site {
  const prepared = new Set<string>();
  let peerId: string | null | undefined;
  const askPeerId = async () => (peerId = (await harbor.systemInfo()).entrepotRegistryId ?? null);
  const remote = () => (peerId ? asEntrepot : asHarbor);
  return {
    registry: (origin) => remote().with(originHeaders(origin)),

    async *list(selection) {
      for await (const project of harbor.projects()) {
        for await (const repository of harbor.repositories(project.name)) {
          if (!selection.repository(repository)) continue;
          for await (const artifact of harbor.artifacts(repository)) {
            yield* listed(repository, artifact, selection);
          }
        }
      }
    },

    async isPublic(repository) {
      const [project] = await harbor.projectsNamed([projectOf(repository)]);
      return project?.isPublic ?? false;
    },

    async prepare(repository, isPublic) {
      const project = projectOf(repository);
      if (prepared.has(project)) return;
      if (peerId === undefined) await askPeerId();
      const [found] = await harbor.projectsNamed([project]);
      if (!found) await harbor.createProject(project, await isPublic());
      prepared.add(project);
    },

    /** Harbor's `/v2/` cannot delete a tag alone; an Entrepot's can, and takes the origin too. */
    async deleteTag(repository, tag, origin) {
      if (peerId === undefined) await askPeerId();
      if (peerId === null) return harbor.deleteTag(repository, tag);
      return remote().with(originHeaders(origin)).repository(repository).delete(tag);
    },

    async ping() {
      await asHarbor.ping();
      return { peerId: await askPeerId() };
    },

    async close() {
      await Promise.all([asHarbor.close(), asEntrepot.close()]);
    },
  };
}

function* listed(
  repository: string,
  artifact: { digest: string; tags: readonly string[] },
  selection: Selection,
): Generator<ListedArtifact> {
  const digest = asDigest(artifact.digest);
  if (!digest) return;
  if (artifact.tags.length === 0 && selection.tag("")) {
    yield { repository, reference: digest, digest };
  }
  for (const tag of artifact.tags) {
    if (selection.tag(tag)) yield { repository, reference: tag, digest };
  }
}
