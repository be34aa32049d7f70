import type { Bytes, Digest } from "@entrepot/oci";

/** An object as a list tells it. */
export interface ObjectInfo {
  /** Printable ASCII, parts joined by `/`, none empty or beginning with a dot; `checkObjectKey`. */
  readonly key: string;
  /** Bytes. Null in a list of a place whose lists do not tell it; `stat` does. */
  readonly size: number | null;
  /** Null as well there. */
  readonly modified: Date | null;
}

/** Bytes that are known before they are stored, and can be read again. */
export interface KnownContent {
  readonly digest: Digest;
  readonly size: number;
  /** Those from `start` on. */
  read(start: number): Bytes;
}

/**
 * Objects by key, in a folder, a bucket or a repository: where backups lie. What is acknowledged is
 * durable; an object is there whole or not at all.
 */
export interface ObjectStore {
  /**
   * Stores an object in place of what is there. Flat memory. Repeating is safe. A place that can go
   * on where it was cut off, or has the bytes, reads what is `known` instead of `bytes`.
   */
  put(key: string, bytes: Bytes, known?: KnownContent): Promise<void>;

  /** Stores an object unless there is one: false then. One of several at once is told true. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;

  /** An object's bytes, or `length` of them from `start`; null if there is none. */
  get(key: string, range?: { start: number; length?: number }): Promise<Bytes | null>;

  /** What a list would tell of the object `key`, or null. */
  stat(key: string): Promise<ObjectInfo | null>;

  /** Objects whose key begins with `prefix`, by key; those after `after`, if given. */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;

  /** Removes an object. False if there was none. */
  remove(key: string): Promise<boolean>;

  /** Lets go of connections. */
  close(): Promise<void>;
}
