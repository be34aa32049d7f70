import { childrenOf, type Descriptor, type Digest, parseManifest } from "@entrepot/oci";
import {
  collect,
  listOf,
  pages,
  type Registry,
  type Repository,
  verified,
} from "@entrepot/registry";

/** One tag of either side, and what it names on both. */
export interface ComparedTag {
  readonly tag: string;
  readonly left: Digest | null;
  readonly right: Digest | null;
}

/** What both sides show of one repository. */
export interface Comparison {
  readonly tags: readonly ComparedTag[];
  readonly blobs: number;
  /** Bytes that were read from the right side and have the digests they should. */
  readonly bytesRead: number;
}

/** Whether every tag names the same on both sides, and there is at least one. */
export function isEqual({ tags }: Comparison): boolean {
  return tags.length > 0 && tags.every(({ left, right }) => left !== null && left === right);
}

/**
 * Compares repository `name` tag by tag, and reads every manifest and blob of the right side, whose
 * bytes must be what their digests say.
 * Throws DIGEST_INVALID, SIZE_INVALID, MANIFEST_UNKNOWN or BLOB_UNKNOWN if one is not.
 */
export async function compare(left: Registry, right: Registry, name: string): Promise<Comparison> {
  const [ours, theirs] = [left.repository(name), right.repository(name)];
  const names = [...(await tagsOf(ours)), ...(await tagsOf(theirs))];
  const tags: ComparedTag[] = [];
  const manifests = new Map<Digest, Descriptor>();
  for (const tag of [...new Set(names)].toSorted()) {
    const [there, here] = await Promise.all([ours.resolve(tag), theirs.resolve(tag)]);
    tags.push({ tag, left: there?.digest ?? null, right: here?.digest ?? null });
    if (here) manifests.set(here.digest, here);
  }
  const blobs = new Map<Digest, Descriptor>();
  for (const manifest of manifests.values()) {
    const bytes = await collect(verified(await theirs.fetch(manifest), manifest), manifest.size);
    const children = childrenOf(parseManifest(bytes, manifest.mediaType));
    for (const blob of children.blobs) blobs.set(blob.digest, blob);
  }
  let bytesRead = 0;
  for (const blob of blobs.values()) {
    for await (const chunk of verified(await theirs.fetch(blob), blob)) bytesRead += chunk.length;
  }
  return { tags, blobs: blobs.size, bytesRead };
}

function tagsOf(repository: Repository): Promise<string[]> {
  return listOf(pages((query) => repository.tags(query)));
}
