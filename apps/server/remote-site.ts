import { randomUUID } from "node:crypto";
import { asDigest, projectOf, RegistryError } from "@entrepot/oci";
import {
  endpointFetch,
  type Fetch,
  harborClient,
  type HarborClient,
  type RemoteRegistry,
  remoteRegistry,
} from "@entrepot/distribution/client";
import type { EndpointAddress, ListedArtifact, Selection, Site } from "@entrepot/replication";
import { bytesOf } from "@entrepot/registry";
import { originHeaders } from "./request-actor.ts";
import { throwawayArtifact } from "./throwaway-artifact.ts";

/** Connections to one endpoint at most. */
const CONNECTIONS = 32;

/** The site behind an endpoint, with connections of its own. Connects only when used. */
export function connectSite(address: EndpointAddress): Site {
  const fetch = endpointFetch({
    insecure: address.insecure,
    connections: CONNECTIONS,
    ...(address.caCertificate && { ca: address.caCertificate }),
  });
  return siteOver(fetch, address);
}

/** The site behind an endpoint, by its type, reached through `fetch`. */
export function siteOver(
  fetch: Fetch & { close?(): Promise<void> },
  address: Pick<EndpointAddress, "type" | "url" | "accessKey" | "accessSecret">,
): Site {
  const credential = address.accessKey
    ? { username: address.accessKey, password: address.accessSecret }
    : undefined;
  const options = { url: address.url, credential, fetch };
  const remote = remoteRegistry(options);
  if (address.type !== "harbor") return plainSite(remote);
  const asEntrepot = remoteRegistry({ ...options, singlePost: true, multiTag: true });
  return harborSite(remote, asEntrepot, harborClient(options));
}

/** Any registry that speaks the distribution API: no projects, nothing but tags to list. */
function plainSite(remote: RemoteRegistry): Site {
  return {
    registry: (origin) => remote.with(originHeaders(origin)),
    list: (selection) => listByTags(remote, selection),
    isPublic: async () => false,
    prepare: async () => undefined,
    deleteTag: (repository, tag) => deletePlainTag(remote, repository, tag),
    async ping() {
      await remote.ping();
      return { peerId: null };
    },
    close: () => remote.close(),
  };
}

async function* listByTags(
  remote: RemoteRegistry,
  selection: Selection,
): AsyncGenerator<ListedArtifact> {
  for await (const repository of wholeList((last) => remote.repositories(after(last)))) {
    if (!selection.repository(repository)) continue;
    const tags = wholeList((last) => remote.repository(repository).tags(after(last)));
    for await (const tag of tags) {
      if (selection.tag(tag)) yield { repository, reference: tag, digest: null };
    }
  }
}

const after = (last: string | null) => (last === null ? { n: 1000 } : { n: 1000, last });

/**
 * Everything of a list, or an error: the general `pages` ends quietly where a broken registry sends
 * the same page for ever, but what a listing lacks may be deleted at the target.
 */
async function* wholeList(
  ask: (last: string | null) => Promise<{ items: readonly string[]; next: string | null }>,
): AsyncGenerator<string> {
  let last: string | null = null;
  do {
    const page: { items: readonly string[]; next: string | null } = await ask(last);
    yield* page.items;
    if (page.next !== null && page.next === last) {
      throw new RegistryError(
        "UNAVAILABLE",
        "the registry's list does not move on; nothing is done",
      );
    }
    last = page.next;
  } while (last !== null);
}

/**
 * Deletes one tag. Registries older than distribution-spec 1.1 delete manifests by digest only, and
 * with one all of its tags: there the tag is first pointed at an artifact made for nothing else,
 * and that is deleted.
 */
async function deletePlainTag(remote: RemoteRegistry, name: string, tag: string): Promise<boolean> {
  const repository = remote.repository(name);
  try {
    return await repository.delete(tag);
  } catch (error) {
    if (!(error instanceof RegistryError && error.code === "UNSUPPORTED")) throw error;
  }
  const throwaway = throwawayArtifact(`${name}:${tag}`, randomUUID());
  await repository.push(throwaway.config, bytesOf(throwaway.configBytes));
  await repository.push(throwaway.manifest, bytesOf(throwaway.manifestBytes), [tag]);
  return repository.delete(throwaway.manifest.digest);
}

/**
 * A Harbor, or another Entrepot: it has projects, and lists digests along with tags. Once it has
 * shown that it is an Entrepot, it is spoken to `asEntrepot`, which takes fewer requests.
 */
function harborSite(
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
