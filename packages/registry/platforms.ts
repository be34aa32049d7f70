import {
  type Descriptor,
  digestOf,
  isIndexType,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  platformText,
} from "@entrepot/oci";
import { bytesOf, collect, verified } from "./bytes.ts";
import type { Repository } from "./ports.ts";

/** Takes `linux/amd64`, `linux/arm/v7`. */
export type TakesPlatform = (platform: string) => boolean;

/** By which BuildKit says what an attestation in an index is about. */
const ABOUT = "vnd.docker.reference.digest";

/**
 * Those of an index's `entries` that `takes` takes by their platforms. One without a platform stays
 * (`unknown/unknown`, as attestations have it, is none), unless it is about one that goes.
 */
export function entriesFor(entries: readonly Descriptor[], takes: TakesPlatform): Descriptor[] {
  const platformOf = ({ platform }: Descriptor) =>
    platform && platform.os !== "unknown" ? platformText(platform) : null;
  const goes = (entry: Descriptor) => {
    const platform = platformOf(entry);
    return platform !== null && !takes(platform);
  };
  const going = new Set<string>(entries.filter(goes).map(({ digest }) => digest));
  return entries.filter((entry) => !goes(entry) && !going.has(entry.annotations?.[ABOUT] ?? ""));
}

/** An index rewritten: other bytes, another digest. */
export interface RewrittenIndex {
  readonly content: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * The index of these bytes with only the entries that `takes` takes, everything else in it as it
 * is; the same bytes for the same index. Null where all entries stay, and for what is no index.
 */
export function rewriteIndex(
  bytes: Uint8Array,
  mediaType: string,
  takes: TakesPlatform,
): RewrittenIndex | null {
  if (!isIndexType(mediaType)) return null;
  const { manifests } = parseManifest(bytes, mediaType);
  const kept = new Set(entriesFor(manifests, takes));
  if (kept.size === manifests.length) return null;
  const index = JSON.parse(Buffer.from(bytes).toString()) as { manifests: unknown[] };
  index.manifests = index.manifests.filter((_, i) => kept.has(manifests[i]!));
  const rewritten = Buffer.from(JSON.stringify(index));
  const content = { mediaType, digest: digestOf(rewritten), size: rewritten.length };
  return { content, bytes: rewritten };
}

/**
 * `repository` as a copy's source in which every index has only the platforms that `takes` takes:
 * such an index has another digest, by which it can be fetched once it has been resolved.
 */
export function withPlatforms(repository: Repository, takes: TakesPlatform): Repository {
  const rewritten = new Map<string, Uint8Array>();
  return {
    ...repository,

    async resolve(reference) {
      const content = await repository.resolve(reference);
      if (!content || !isIndexType(content.mediaType)) return content;
      const fetched = verified(await repository.fetch(content), content);
      const bytes = await collect(fetched, MANIFEST_LIMIT_BYTES);
      const index = rewriteIndex(bytes, content.mediaType, takes);
      if (!index) return content;
      rewritten.set(index.content.digest, index.bytes);
      return index.content;
    },

    async fetch(content, range) {
      const bytes = rewritten.get(content.digest);
      return bytes && !range ? bytesOf(bytes) : repository.fetch(content, range);
    },
  };
}
