import type { Descriptor, Digest } from "@entrepot/oci";
import type { LayoutIndex } from "./layout-index.ts";
import type { RefNames } from "./ref-names.ts";

/** A manifest that has come into a repository. */
export interface ManifestPut {
  readonly repository: string;
  readonly content: Descriptor;
  readonly tags: readonly string[];
  /** Manifests within it: they need no entry of their own any more. */
  readonly within: readonly Digest[];
}

/**
 * `index` with a manifest under its tags. What loses its last tag stays, without one: whoever knows
 * its digest can still have it.
 */
export function withManifest(index: LayoutIndex, names: RefNames, put: ManifestPut): LayoutIndex {
  const { repository, content, tags } = put;
  const within = new Set(put.within);
  const lost = new Map<Digest, Descriptor>();
  const kept = index.manifests.filter((entry) => {
    const name = names.read(entry);
    if (name?.repository !== repository) return true;
    if (name.tag === null) return !within.has(entry.digest) && entry.digest !== content.digest;
    if (!tags.includes(name.tag)) return true;
    lost.set(entry.digest, entry);
    return false;
  });
  const own = tags.map((tag) => names.entry(repository, tag, content));
  const next: LayoutIndex = { ...index, manifests: [...kept, ...own] };
  const untagged = [...lost.values(), ...(own.length === 0 ? [content] : [])];
  return untagged.reduce((after, entry) => keeping(after, names, repository, entry), next);
}

/** `index` without a tag, its manifest kept; `index` itself if there is no such tag. */
export function withoutTag(
  index: LayoutIndex,
  names: RefNames,
  repository: string,
  tag: string,
): LayoutIndex {
  const isIt = (entry: Descriptor) => {
    const name = names.read(entry);
    return name?.repository === repository && name.tag === tag;
  };
  const gone = index.manifests.find(isIt);
  if (!gone) return index;
  const next = { ...index, manifests: index.manifests.filter((entry) => !isIt(entry)) };
  return keeping(next, names, repository, gone);
}

/** `index` without a manifest and all its tags; `index` itself if it has no entry. */
export function withoutManifest(
  index: LayoutIndex,
  names: RefNames,
  repository: string,
  digest: Digest,
): LayoutIndex {
  const kept = index.manifests.filter(
    (entry) => entry.digest !== digest || names.read(entry)?.repository !== repository,
  );
  return kept.length === index.manifests.length ? index : { ...index, manifests: kept };
}

/** `index`, with an entry without a tag for `content` if it has none otherwise. */
function keeping(
  index: LayoutIndex,
  names: RefNames,
  repository: string,
  content: Descriptor,
): LayoutIndex {
  const there = index.manifests.some(
    (entry) => entry.digest === content.digest && names.read(entry)?.repository === repository,
  );
  if (there) return index;
  return { ...index, manifests: [...index.manifests, names.entry(repository, null, content)] };
}
