import type { Digest } from "@entrepot/oci";
import { BoundedMap } from "./bounded-map.ts";

/** A manifest's bytes, checked, and the type they travel under. */
export interface KnownManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** Manifests that went through lately, so that tagging one need not fetch it again. */
export interface ManifestMemory {
  get(repository: string, digest: Digest): KnownManifest | undefined;
  set(repository: string, digest: Digest, manifest: KnownManifest): void;
  drop(repository: string, digest: Digest): void;
}

const MOST_MANIFESTS = 64;
const LARGEST_BYTES = 256 * 1024;
/** Short, because somebody else may delete the manifest meanwhile. */
const KEPT_MS = 60_000;

/** 16 MiB of manifests at most, each for a minute at most. */
export function manifestMemory(clock: () => number): ManifestMemory {
  const kept = new BoundedMap<string, { manifest: KnownManifest; until: number }>(MOST_MANIFESTS);
  return {
    get(repository, digest) {
      const found = kept.get(keyOf(repository, digest));
      return found && found.until > clock() ? found.manifest : undefined;
    },
    set(repository, digest, manifest) {
      if (manifest.bytes.length > LARGEST_BYTES) return;
      kept.set(keyOf(repository, digest), { manifest, until: clock() + KEPT_MS });
    },
    drop(repository, digest) {
      kept.take(keyOf(repository, digest));
    },
  };
}

function keyOf(repository: string, digest: Digest): string {
  return `${repository}@${digest}`;
}
