import type { Actor, Catalog } from "@entrepot/catalog";
import type { BlobStore } from "@entrepot/storage";
import type { Lookups } from "./lookups.ts";
import type { ManifestBytes } from "./manifest-bytes.ts";

/** What one local registry is made of; every repository value shares it. */
export interface Room {
  readonly catalog: Catalog;
  readonly store: BlobStore;
  readonly lookups: Lookups;
  readonly manifestBytes: ManifestBytes;
}

/** For whom the local registry is changed. */
export interface Doer {
  readonly room: Room;
  readonly actor: Actor;
  /** An index is taken before its children are here. */
  readonly sparse: boolean;
}

/** Whose repository a change is made in, and for whom. */
export interface Place extends Doer {
  readonly repository: string;
}
