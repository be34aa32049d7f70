import type { Bytes } from "@entrepot/oci";

/** An object of a bucket. */
export interface BucketEntry {
  /** Without the address's prefix. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** A part of an object that arrives in parts. */
export interface BucketPart {
  readonly number: number;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * What the stores in S3 ask of it: the part of a bucket under one prefix. Writes are durable when
 * acknowledged and seen by every later read and list. Everything throws UNAVAILABLE for what the
 * server or the network refuses.
 */
export interface Bucket {
  /** Bucket and prefix, for messages. */
  readonly place: string;

  /** Throws unless the bucket is there and may be listed. */
  check(): Promise<void>;

  /** Bytes of the object `key`, or null. */
  size(key: string): Promise<number | null>;

  /** The bytes of `key` from `start` up to `end` (exclusive); null if it is not there. */
  get(key: string, span?: { start: number; end: number }): Promise<BucketBody | null>;

  /** Stores a small object in place of what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>;

  /** The same unless there is one; false then. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;

  /** Copies within the bucket, on the server's side, any size; false if there is none. */
  copy(from: string, to: string): Promise<boolean>;

  /** Removes an object; nothing happens if there is none. */
  remove(key: string): Promise<void>;

  /** Objects whose key begins with `prefix`, by key; those after `after`. `most`: only so many. */
  list(prefix: string, after?: string, most?: number): AsyncIterable<BucketEntry>;

  /** Begins an object in parts, and tells its id. */
  begin(key: string): Promise<string>;

  /** Stores part `number` (from 1) of it, over what it was. */
  part(key: string, upload: string, number: number, bytes: Uint8Array): Promise<BucketPart>;

  /** The parts that lie there, by number; null if it is complete, aborted or was never begun. */
  parts(key: string, upload: string): Promise<BucketPart[] | null>;

  /** Makes one object of `parts`. */
  complete(key: string, upload: string, parts: readonly BucketPart[]): Promise<void>;

  /** Forgets it and its parts; nothing happens if there is none. */
  abort(key: string, upload: string): Promise<void>;

  /** What was begun under `prefix` and neither completed nor aborted. */
  begun(prefix: string): AsyncIterable<{ key: string; upload: string; since: Date }>;

  /** An address under which whoever has it may GET the object for `seconds`. */
  sign(key: string, seconds: number): Promise<URL>;

  /** Lets go of connections. */
  close(): void;
}

/** What a GET answers with. */
export interface BucketBody {
  /** Bytes promised. */
  readonly length: number;
  /** To be read, or closed by `return`. */
  readonly bytes: Bytes;
}
