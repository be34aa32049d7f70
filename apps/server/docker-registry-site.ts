import { randomUUID } from "node:crypto";
import { RegistryError } from "@entrepot/oci";
import type { RemoteRegistry } from "@entrepot/distribution/client";
import type { ListedArtifact, Selection, Site } from "@entrepot/replication";
import { bytesOf } from "@entrepot/registry";
import { originHeaders } from "./request-actor.ts";
import { throwawayArtifact } from "./throwaway-artifact.ts";

/** Any registry that speaks the distribution API: no projects, nothing but tags to list. */
export function dockerRegistrySite(remote: RemoteRegistry): Site {
  return {
    registry: (origin) => remote.with(originHeaders(origin)),
    plain: () => remote,
    list: (selection) => listByTags(remote, selection),
    async tags(repository, most) {
      const named = new Map<string, null>();
      try {
        for await (const tag of tagsOf(remote, repository)) {
          if (named.size === most) return null;
          named.set(tag, null);
        }
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== "NAME_UNKNOWN") throw error;
      }
      return named;
    },
    named: remote.named,
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
    for await (const tag of tagsOf(remote, repository)) {
      if (selection.tag(tag)) yield { repository, reference: tag, digest: null };
    }
  }
}

const tagsOf = (remote: RemoteRegistry, repository: string) =>
  wholeList((last) => remote.repository(repository).tags(after(last)));

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
  if (!(await repository.resolve(tag))) return false;
  const throwaway = throwawayArtifact(`${name}:${tag}`, randomUUID());
  await repository.push(throwaway.config, bytesOf(throwaway.configBytes));
  await repository.push(throwaway.manifest, bytesOf(throwaway.manifestBytes), [tag]);
  return repository.delete(throwaway.manifest.digest);
}
