import {
  asDigest,
  type Descriptor,
  type Digest,
  type ErrorCode,
  projectOf,
  RegistryError,
} from "@entrepot/oci";
import type { HarborArtifact, HarborClient, RemoteRegistry } from "@entrepot/distribution/client";
import type { ListedArtifact, Origin, Selection, Site } from "@entrepot/replication";
import type { Repository } from "@entrepot/registry";
import { causeHeaders, originHeaders, originHeadersOfTags } from "./request-actor.ts";

/** Below this size a blob is sent sooner than it is asked for: in 100 ms at 20 Mbit/s. */
const WORTH_ASKING_BYTES = 256 * 1024;
const NOT_TOLD: ReadonlySet<ErrorCode> = new Set(["BAD_REQUEST", "DENIED", "NOT_FOUND"]);

/**
 * A Harbor, or another Entrepot: it has projects, and lists digests along with tags. Once it has
 * shown that it is an Entrepot, it is spoken to `asEntrepot`, which takes fewer requests.
 */
export function harborSite(
  asHarbor: RemoteRegistry,
  asEntrepot: RemoteRegistry,
  harbor: HarborClient,
): Site {
  const prepared = new Map<string, Promise<void>>();
  let peerId: string | null | undefined;
  const askPeerId = async () => (peerId = (await harbor.systemInfo()).entrepotRegistryId ?? null);
  const knownPeerId = async () => (peerId === undefined ? askPeerId() : peerId);
  const makeReady = async (project: string, isPublic: () => Promise<boolean>) => {
    await knownPeerId();
    const [found] = await harbor.projectsNamed([project]);
    if (found?.isProxyCache) {
      throw new RegistryError(
        "DENIED",
        `project ${project} there caches another registry and takes no pushes; choose another`,
      );
    }
    if (!found) await harbor.createProject(project, await isPublic());
  };
  let takesTogether = true;
  const remote = () => (peerId ? asEntrepot : asHarbor);
  return {
    registry: (origin) => remote().with(carrying(origin)),
    plain: remote,

    together(origins) {
      const headers = peerId && takesTogether ? originHeadersOfTags(origins) : null;
      return headers && pushing(asEntrepot.with(headers), () => (takesTogether = false));
    },

    list: (selection) => listArtifacts(harbor, selection),
    listsDigests: true,

    tags: (repository, most) => tagsOf(harbor, repository, most),

    async isPublic(repository) {
      const [project] = await harbor.projectsNamed([projectOf(repository)]);
      return project?.isPublic ?? false;
    },

    async prepare(repository, isPublic) {
      const project = projectOf(repository);
      const begun = prepared.get(project) ?? makeReady(project, isPublic);
      prepared.set(project, begun);
      await begun.catch((error: unknown) => {
        if (prepared.get(project) === begun) prepared.delete(project);
        throw error;
      });
    },

    /** Harbor's `/v2/` cannot delete a tag alone; an Entrepot's can, and takes the origin too. */
    async deleteTag(repository, tag, origin) {
      if ((await knownPeerId()) === null) return harbor.deleteTag(repository, tag);
      return remote().with(carrying(origin)).repository(repository).delete(tag);
    },

    mountFrom: (blob) => mountFrom(harbor, blob),

    ...copiesUnderWay(harbor, knownPeerId),

    async ping() {
      await asHarbor.ping();
      return { peerId: await askPeerId() };
    },

    close: async () => void (await Promise.all([asHarbor.close(), asEntrepot.close()])),
  };
}

/** What Entrepots, and they alone, tell each other of copies that are under way. */
function copiesUnderWay(
  harbor: HarborClient,
  peerId: () => Promise<string | null>,
): Required<Pick<Site, "announce" | "sending">> {
  return {
    async announce(repository, { registry: id, repository: from }) {
      if (await peerId()) await harbor.announceCopy(repository, { id, repository: from });
    },
    sending: async (repository, to, tag) =>
      (await peerId()) ? harbor.copiesTo(repository, to, tag) : [],
  };
}

const carrying = (origin: Origin) => ({ ...originHeaders(origin), ...causeHeaders(origin) });

/** `registry`, which says so by `refused` where it does not understand what a push says. */
function pushing(
  registry: RemoteRegistry,
  refused: () => void,
): Pick<RemoteRegistry, "repository"> {
  const push =
    (repository: Repository): Repository["push"] =>
    (...what) =>
      repository.push(...what).catch((error: unknown) => {
        if (error instanceof RegistryError && error.code === "BAD_REQUEST") refused();
        throw error;
      });
  return {
    repository(name) {
      const repository = registry.repository(name);
      return { ...repository, push: push(repository) };
    },
  };
}

async function tagsOf(harbor: HarborClient, repository: string, most: number) {
  const named = new Map<string, Digest>();
  let read = 0;
  for await (const { digest, tags } of ifThere(harbor.artifacts(repository))) {
    read += Math.max(1, tags.length);
    if (read > most) return null;
    for (const tag of tags) named.set(tag, digest as Digest);
  }
  return named;
}

async function mountFrom(harbor: HarborClient, { digest, size }: Descriptor) {
  if (size < WORTH_ASKING_BYTES) return undefined;
  try {
    return (await harbor.repositoryWithBlob(digest)) ?? undefined;
  } catch (error) {
    // Who may not ask sends the bytes instead.
    if (error instanceof RegistryError && NOT_TOLD.has(error.code)) return undefined;
    throw error;
  }
}

async function* listArtifacts(
  harbor: HarborClient,
  selection: Selection,
): AsyncGenerator<ListedArtifact> {
  const { projects: names } = selection;
  const projects = names ? await harbor.projectsNamed(names) : harbor.projects();
  for await (const project of projects) {
    if (project.isProxyCache) continue;
    for await (const repository of harbor.repositories(project.name)) {
      if (!selection.repository(repository)) continue;
      for await (const artifact of harbor.artifacts(repository)) {
        yield* listed(repository, artifact, selection);
      }
    }
  }
}

/** Nothing of a repository or project that is not there. */
async function* ifThere<T>(list: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* list;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "NOT_FOUND") throw error;
  }
}

function* listed(
  repository: string,
  artifact: HarborArtifact,
  selection: Selection,
): Generator<ListedArtifact> {
  const digest = asDigest(artifact.digest);
  if (!digest) return;
  const { labels, pushedAt } = artifact;
  const told = { labels, ...(pushedAt && { pushedAt }) };
  if (artifact.tags.length === 0 && selection.tag("")) {
    yield { repository, reference: digest, digest, ...told };
  }
  for (const tag of artifact.tags) {
    if (selection.tag(tag)) yield { repository, reference: tag, digest, ...told };
  }
}
