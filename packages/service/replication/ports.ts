import type { Descriptor, Digest } from "@entrepot/oci";
import type { Registry } from "@entrepot/registry";
import type { Filter, Selection } from "./filters.ts";
import type { PolicyOptions } from "./policy-options.ts";

/** Which change a copy carries on: where it was made, and through which registries it came. */
export interface Origin {
  /** The id of the registry where the change was first made, and its seq there. */
  readonly registry: string;
  readonly seq: number;
  /** Registry ids, first to last; the sender's own is the last. */
  readonly path: readonly string[];
  /** The changed name's clock (`printClock`); absent where only the receiver can tell one. */
  readonly clock?: string;
  /** The run that carries it on: what one run did at the target can be undone there as one. */
  readonly cause?: string;
}

/** An artifact as a listing shows it. */
export interface ListedArtifact {
  readonly repository: string;
  /** A tag, or the digest of an artifact without one. */
  readonly reference: string;
  /** Null where the listing does not tell. */
  readonly digest: Digest | null;
  /** Names of its labels, where the listing tells. */
  readonly labels?: readonly string[];
  /** When it was pushed there, where the listing tells. */
  readonly pushedAt?: Date;
}

/**
 * A registry as replication sees it: our own, or one behind an endpoint. Push mode copies from the
 * local site to a remote one; pull mode swaps the two.
 */
export interface Site {
  /** The registry; its changes are marked as carrying on `origin`. */
  registry(origin: Origin): Registry;

  /**
   * The registry as our account uses it, for what carries on no change of ours: backups. Absent
   * where nothing but images is to be put.
   */
  plain?(): Registry;

  /**
   * The registry for one push of several tags, each carrying on its own of `origins`, named in this
   * order: it takes nothing else. Null where these cannot go together. Throws BAD_REQUEST in that
   * push, with nothing stored, at an Entrepot that is too old for it, and from then on is null.
   */
  together?(origins: readonly Origin[]): Pick<Registry, "repository"> | null;

  /**
   * Artifacts that `selection` selects, repository by repository. Throws when the listing cannot be
   * completed: a partial one must never look whole.
   */
  list(selection: Selection): AsyncIterable<ListedArtifact>;

  /**
   * Every tag of `repository`, with its digest where the list tells it; empty if there is no such
   * repository, null if there are more than `most`. Throws as `list` does. A tag that moves while
   * the list is read may be missing.
   */
  tags?(repository: string, most: number): Promise<ReadonlyMap<string, Digest | null> | null>;

  /** `tags` tells all digests. */
  readonly listsDigests?: boolean;

  /** The digest that `reference` names, told most cheaply if it is the `expected` one. */
  named?(repository: string, reference: string, expected: Digest): Promise<Digest | null>;

  /** Whether anybody may pull from the project of `repository`; false where that is not known. */
  isPublic(repository: string): Promise<boolean>;

  /**
   * Makes the project of `repository` exist, where such a thing is known; a new one is public if
   * `isPublic` says so. Repeating is safe.
   */
  prepare(repository: string, isPublic: () => Promise<boolean>): Promise<void>;

  /** Deletes one tag and nothing else; false if it was not there. */
  deleteTag(repository: string, tag: string, origin: Origin): Promise<boolean>;

  /** The repository of this site to mount `blob` from, if it is known to have it. */
  mountFrom?(blob: Descriptor): Promise<string | undefined>;

  /**
   * Tells an Entrepot that `from` is being copied to `repository` there; others are told nothing.
   * Good for a minute. Repeating is safe.
   */
  announce?(repository: string, from: Whence): Promise<void>;

  /**
   * What an Entrepot is about to copy from `repository` to the registry of id `to`: the names of
   * tag `tag`, or of all (at most 1000). Empty for other registries.
   */
  sending?(repository: string, to: string, tag?: string): Promise<readonly Sending[]>;

  /** Answers if it can be reached and logged in to; throws why not. */
  ping(): Promise<{ readonly peerId: string | null }>;

  /** Ends its connections. */
  close(): Promise<void>;
}

/** A repository of a registry, by that registry's id. */
export interface Whence {
  readonly registry: string;
  readonly repository: string;
}

/** A name that a registry is about to copy. */
export interface Sending {
  /** A tag, or a digest. */
  readonly reference: string;
  readonly digest: Digest;
  /** The repository that it is copied to. */
  readonly target: string;
}

/** Where an endpoint's registry is, and how to log in. */
export interface EndpointAddress {
  readonly type: string;
  readonly url: string;
  readonly accessKey: string;
  readonly accessSecret: string;
  /** Do not verify its TLS certificate. */
  readonly insecure: boolean;
  /** PEM; trusted for this endpoint beside the system's. */
  readonly caCertificate: string;
  readonly options: EndpointOptions;
  /** Of `options.proxyUsername`. */
  readonly proxyPassword?: string;
}

/** How an endpoint is to be treated. Absent means the default. */
export interface EndpointOptions {
  /** `http://host:port` of a proxy to reach it through. */
  readonly proxy?: string;
  /** Who it is told to be there; without it nobody is named. */
  readonly proxyUsername?: string;
  /** Tasks that may work with it at a time, over all nodes. */
  readonly concurrency?: number;
  /** For all transfers with it together. */
  readonly bytesPerSecond?: number;
}

/** Makes the site behind an endpoint. Connects only when used. */
export type Connect = (address: EndpointAddress) => Site;

/** Seals secrets at rest; `context` binds a sealed text to its place. */
export interface SecretBox {
  seal(text: string, context: string): Buffer;
  open(sealed: Uint8Array, context: string): string;
}

/** What starts a policy. */
export type TriggerType = "manual" | "scheduled" | "event_based";

/** What a policy says; see Harbor's ReplicationPolicy for the terms. */
export interface PolicySettings {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  /** Push mode: where to. Exactly one of the two endpoint ids is set. */
  readonly destEndpointId: number | null;
  /** Pull mode: where from. */
  readonly srcEndpointId: number | null;
  readonly destNamespace: string;
  readonly destNamespaceReplaceCount: number;
  readonly filters: readonly Filter[];
  readonly triggerType: TriggerType;
  /** Six fields, seconds first; empty unless scheduled. */
  readonly cron: string;
  /** Also replicate deletions of what this policy had replicated. */
  readonly deletion: boolean;
  /** Overwrite a tag that has another digest at the target. */
  readonly override: boolean;
  /** The project whose administrators own it; null for the system's own. */
  readonly projectId: number | null;
  readonly options: PolicyOptions;
}

/** A stored policy. */
export interface Policy extends PolicySettings {
  readonly id: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
