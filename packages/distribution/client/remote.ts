import { type Digest, RegistryError } from "@entrepot/oci";
import type { Scope } from "../wire/index.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Exchange } from "./exchange.ts";
import type { ManifestMemory } from "./manifest-memory.ts";

/** What all repositories of one remote registry share. */
export interface Remote {
  readonly root: string;
  readonly exchange: Exchange;
  readonly clock: () => number;
  /** It takes a blob in one POST (end-4b). */
  readonly singlePost: boolean;
  /** What has arrived of an upload counts, whatever breaks it off. */
  readonly keepsParts: boolean;
  /** It takes `?tag=` on a manifest's PUT. */
  readonly multiTag: boolean;
  /** See `RemoteRegistryOptions`; none, if it was not given. */
  readonly accessories: (repository: string, subject: Digest) => Promise<readonly Digest[]>;
  readonly manifests: ManifestMemory;
  /** Uploads that a refused mount began, by repository and digest: the next push uses them. */
  readonly begun: BoundedMap<string, BegunUpload>;
  readonly learned: Learned;
}

/** An upload's place, and until when it is worth trying. */
export interface BegunUpload {
  readonly location: string;
  readonly repository: string;
  /** Unix time in milliseconds. */
  readonly until: number;
}

/** What the registry has shown of itself. */
export interface Learned {
  /** Unix time in milliseconds until which the referrers API counts as missing. */
  noReferrersUntil: number;
  /** Updates of fallback tags that are under way, by repository and tag. */
  readonly fallbackUpdates: Map<string, Promise<void>>;
}

/** What reading, writing and deleting in the repository `name` need. */
export function scopesOf(name: string) {
  const scope = (actions: readonly string[]): readonly Scope[] => [
    { type: "repository", name, actions },
  ];
  return {
    pull: scope(["pull"]),
    push: scope(["pull", "push"]),
    // distribution wants `delete`, Harbor `*`; a token service grants what it knows of these.
    delete: scope(["pull", "push", "delete", "*"]),
  };
}

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);

/**
 * `name`, if it may be a repository's anywhere: other registries know names without a project.
 * Throws NAME_INVALID. Source: distribution-spec § Pulling manifests, `<name>`.
 */
export function remoteName(name: string): string {
  if (name.length <= 255 && NAME.test(name)) return name;
  const shown = JSON.stringify(name.slice(0, 150));
  throw new RegistryError(
    "NAME_INVALID",
    `${shown} is not a repository name; expected lower-case letters and digits, ` +
      "joined by . _ __ - or /",
  );
}
