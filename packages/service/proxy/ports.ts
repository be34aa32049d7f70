import type { Digest } from "@entrepot/oci";
import type { Repository } from "@entrepot/registry";

/** Where what a proxy's repository lacks is fetched from. */
export interface Upstream {
  /** The same repository there, under the name that it has there. Connects only when used. */
  open(): Promise<Repository>;
}

/** A repository elsewhere that a policy, here or there, is copying from to one here. */
export interface Arriving {
  /** Tells it from others. */
  readonly key: string;
  /** What is still to come: what `reference` names, or else some of it, the oldest first. */
  wanted(reference: string): Promise<readonly Wanted[]>;
  /** The repository there. Connects only when used. */
  open(): Promise<Repository>;
}

/** A name that is on its way. */
export interface Wanted {
  /** A tag, or a digest. */
  readonly reference: string;
  readonly digest: Digest;
}
