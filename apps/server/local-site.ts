import { randomUUID } from "node:crypto";
import type { Actor } from "@entrepot/catalog";
import type { Content } from "@entrepot/content";
import { asDigest, projectOf } from "@entrepot/oci";
import type { Origin, Site } from "@entrepot/replication";

/** Our own registry, as replication sees it: the source when pushing, the target when pulling. */
export function localSite(content: Content): Site {
  return {
    registry: (origin) => content.as(replicator(origin)),

    async *list(selection) {
      for await (const artifact of content.artifacts(selection.repository)) {
        const { reference } = artifact;
        if (selection.tag(asDigest(reference) ? "" : reference)) yield artifact;
      }
    },

    isPublic: (repository) => content.projects.isPublic(projectOf(repository)),

    async prepare(repository, isPublic) {
      const project = projectOf(repository);
      if (await content.projects.exists(project)) return;
      const actor = { name: "system:replication", cause: randomUUID() };
      await content.projects.ensure(actor, project, await isPublic());
    },

    deleteTag: (repository, tag, origin) =>
      content.as(replicator(origin)).repository(repository).delete(tag),

    ping: async () => ({ peerId: null }),
    close: async () => undefined,
  };
}

/** A pulled change is ours to make, but was made elsewhere: its path says so. */
function replicator(origin: Origin): Actor {
  return {
    name: "system:replication",
    cause: origin.cause ?? randomUUID(),
    ...(origin.path.length > 0 && {
      origin: { registry: origin.registry, seq: origin.seq },
      path: origin.path,
      ...(origin.clock !== undefined && { clock: origin.clock }),
    }),
  };
}
