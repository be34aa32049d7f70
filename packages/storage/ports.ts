import type { Algorithm, Bytes, Digest } from "@entrepot/oci";

/**
 * Bytes by digest. What is acknowledged is durable (file and folder synced); what is half-written
 * is never visible; content is only ever added or replaced by the same content.
 */
export interface BlobStore {
  /** Size in bytes of blob `digest` as it lies in the store now, or null. No cache answers. */
  stat(digest: Digest): Promise<number | null>;

  /** `length` bytes (default: to the end) from `start` (default 0). Throws BLOB_UNKNOWN. */
  read(digest: Digest, range?: { start: number; length?: number }): Promise<Bytes>;

  /**
   * Stores small content at once (a manifest, a blob whose bytes are in hand), replacing whatever
   * is there, so that damage is healed. Throws DIGEST_INVALID and stores nothing. May be repeated.
   */
  put(digest: Digest, bytes: Uint8Array): Promise<void>;

  /** Starts a draft under `scope` (a repository's name): it is found again only there. */
  start(scope: string, algorithm?: Algorithm): Promise<Draft>;

  /** The unfinished draft `id` of `scope`, or null. */
  resume(scope: string, id: string): Promise<Draft | null>;

  /** Every unfinished draft: its bytes so far, and when it was last touched. In no order. */
  drafts(): AsyncIterable<{ readonly size: number; readonly touched: Date }>;

  /** Removes drafts untouched for `olderThanMs`; returns how many. */
  sweepDrafts(olderThanMs: number): Promise<number>;

  /**
   * Puts blob `digest` out of sight, in one step, as garbage collection does first. False if it is
   * not there. `stat`, `read`, `put` and a commit of the same content take it back.
   */
  quarantine(digest: Digest): Promise<boolean>;

  /** Every blob in quarantine, and since when. What was set aside is not among them. */
  quarantined(): AsyncIterable<{ digest: Digest; size: number; since: Date }>;

  /** Removes blob `digest` from quarantine for good. False if it is not there. */
  remove(digest: Digest): Promise<boolean>;

  /**
   * Puts blob `digest` aside as damaged: it is absent until its content is stored again. Its bytes
   * are kept for whoever wants to look, and never come back by themselves. False if there is none.
   */
  setAside(digest: Digest): Promise<boolean>;

  /** Every blob in the store in the order of digests; with `after` those that come after it. */
  list(after?: Digest): AsyncIterable<{ digest: Digest; size: number }>;

  /**
   * Where whoever knows the address may read blob `digest` for a few minutes, or null. Absent where
   * a store cannot say, or is not to.
   */
  locate?(digest: Digest): Promise<URL | null>;
}

/** A blob store that was opened, and has to be closed. */
export interface OpenStore extends BlobStore {
  /** Lets go of what is open; drafts stay. Only once no call is under way. Repeating is safe. */
  close(): Promise<void>;
}

/** A blob that is arriving; see the registry package's Upload, which has the same shape. */
export interface Draft {
  readonly id: string;
  readonly offset: number;
  append(bytes: Bytes): Promise<number>;
  commit(digest: Digest): Promise<number>;
  cancel(): Promise<void>;
}
