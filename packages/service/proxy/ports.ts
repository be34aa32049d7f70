import type { Repository } from "@entrepot/registry";

/** Where what a repository lacks is fetched from. */
export interface Upstream {
  /**
   * True for a proxy's: what is fetched is kept, tags are what they are there, and nobody pushes.
   * False where a policy is copying anyhow: then it is only passed on.
   */
  readonly keeps: boolean;
  /** The same repository there, under the name that it has there. Connects only when used. */
  open(): Promise<Repository>;
}
