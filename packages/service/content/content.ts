import { listArtifacts, type NamedArtifact } from "./artifacts.ts";
import { deleteManifest, deleteRepository } from "./delete-content.ts";
import { type Labels, openLabels } from "./labels.ts";
import { openProjects, type Projects } from "./projects.ts";
import { openPulls, type Pulls } from "./pulls.ts";
import type { Actor, Catalog } from "@entrepot/catalog";
import type { Registry } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { type Digest, parseRepositoryName } from "@entrepot/oci";
import { openLookups } from "./lookups.ts";
import { localRepository } from "./local-repository.ts";
import { openManifestBytes } from "./manifest-bytes.ts";
import { openRestoreNames } from "./restore-names.ts";
import type { Room } from "./room.ts";
import { listRepositories } from "./listing.ts";

/** Where the content is kept. */
export interface ContentOptions {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  /** Memory for manifests' bytes (immutable, so never wrong). Default 64 MiB. */
  readonly manifestCacheBytes?: number;
  /** Told of what failed in the background. */
  readonly onError?: (error: unknown) => void;
}

/** The content kept here: names in the catalog, bytes in the blob store. */
export interface Content {
  /**
   * The local registry, its changes made on behalf of `actor`. Cheap: made per request. A `sparse`
   * one takes an index before its children: those of a proxy come when they are pulled.
   */
  as(actor: Actor, options?: { sparse?: boolean }): Registry;
  readonly projects: Projects;
  readonly pulls: Pulls;
  readonly labels: Labels;
  /**
   * Deletes the manifest `digest` with its tags, unless it has come to have others than `tags`.
   * False if there was none. Throws DENIED while it is needed, CONFLICT for another tag.
   */
  deleteArtifact(
    actor: Actor,
    repository: string,
    digest: Digest,
    tags: readonly string[],
  ): Promise<boolean>;
  /** Deletes a repository with all that is in it, as one commit. False if there was none. */
  deleteRepository(actor: Actor, name: string): Promise<boolean>;
  /** Deletes a manifest without a tag, for GC. False if it has one by now, or is not there. */
  deleteUntagged(actor: Actor, repository: string, digest: Digest): Promise<boolean>;
  /** How names that content keeps are made what they were; see `RestoreNames`. */
  readonly restore: ReturnType<typeof openRestoreNames>;
  /** Everything with a name of its own in the repositories that `wanted` takes. */
  artifacts(wanted: (repository: string) => boolean): AsyncIterable<NamedArtifact>;
}

/** Opens the content of this registry. Nothing is checked for rights here: see access's guard. */
export function openContent(options: ContentOptions): Content {
  const { catalog, store } = options;
  const room: Room = {
    catalog,
    store,
    lookups: openLookups(catalog),
    manifestBytes: openManifestBytes(catalog, options.manifestCacheBytes ?? 64 << 20),
  };
  return {
    as: (actor, { sparse = false } = {}) => ({
      repository: (name) => localRepository({ room, actor, sparse }, parseRepositoryName(name)),
      repositories: (query) => listRepositories(catalog, query),
    }),
    projects: openProjects(catalog),
    labels: openLabels(catalog),
    pulls: openPulls(catalog, options.onError ?? (() => undefined)),
    deleteUntagged: (actor, repository, digest) =>
      deleteManifest({ room, actor, sparse: false, repository }, digest, { onlyUntagged: true }),
    deleteArtifact: (actor, repository, digest, tags) =>
      deleteManifest({ room, actor, sparse: false, repository }, digest, { onlyTags: tags }),
    deleteRepository: (actor, name) => deleteRepository(catalog, actor, name),
    restore: openRestoreNames(room),
    artifacts: (wanted) => listArtifacts(catalog, wanted),
  };
}
