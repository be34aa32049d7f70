import type { Algorithm, Bytes, Descriptor, Digest } from "@entrepot/oci";

/** A part of a blob: from `start`, `length` bytes (to the end if absent). Both within the blob. */
export interface ByteRange {
  readonly start: number;
  readonly length?: number;
}

/** One page of a list; `next` is the `last` that asks for the page after it, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Which page: at most `n` items, those after `last` (exclusive; it need not exist). */
export interface PageQuery {
  readonly n?: number;
  readonly last?: string;
}

/**
 * One repository, wherever it lives: in our store, behind another registry's API, or in memory.
 *
 * Absence that is asked about is `null` or `false`; absence that is in the way is thrown.
 * A descriptor whose media type is a manifest's or index's (`isManifestType`) means a manifest;
 * any other means a blob.
 */
export interface Repository extends BlobUploads {
  readonly name: string;

  /** The manifest that `reference` (tag or digest) names now. Source: distribution-spec end-3. */
  resolve(reference: string): Promise<Descriptor | null>;

  /** The blob `digest`, if this repository has it whole. Source: distribution-spec end-2, HEAD. */
  stat(digest: Digest): Promise<Descriptor | null>;

  /**
   * The bytes of `content`, or of `range` within it (blobs only). The digest is checked by the
   * consumer. Throws BLOB_UNKNOWN or MANIFEST_UNKNOWN.
   */
  fetch(content: Descriptor, range?: ByteRange): Promise<Bytes>;

  /**
   * Where whoever knows the address may read the blob `content` for a few minutes, or null. Absent
   * where a registry cannot say.
   */
  locate?(content: Descriptor): Promise<URL | null>;

  /**
   * Stores `bytes` as `content`; doing so again changes nothing and heals what was damaged. A
   * manifest also gets all of `tags`, in the same all-or-nothing step. Throws DIGEST_INVALID or
   * SIZE_INVALID; for a manifest MANIFEST_INVALID, and MANIFEST_BLOB_UNKNOWN if a child is missing.
   */
  push(content: Descriptor, bytes: Bytes, tags?: readonly string[]): Promise<void>;

  /**
   * Makes a blob of repository `from` (any repository, if absent) part of this one, without moving
   * bytes. False if that cannot be done; then nothing has changed. Only `content.digest` counts:
   * the wire tells no size. Source: distribution-spec end-11.
   */
  mount(content: Descriptor, from?: string): Promise<boolean>;

  /** Points `tag` at the manifest `digest`. Throws MANIFEST_UNKNOWN if it is not here. */
  tag(tag: string, digest: Digest): Promise<void>;

  /** Tags in ASCII order. Throws NAME_UNKNOWN if the repository does not exist. */
  tags(query?: PageQuery): Promise<Page<string>>;

  /** Manifests whose subject is `digest`, by digest. Source: distribution-spec end-12. */
  referrers(
    digest: Digest,
    query?: PageQuery & { artifactType?: string },
  ): Promise<Page<Descriptor>>;

  /**
   * Deletes a tag (the tag alone) or, given a digest, a manifest with all its tags. False if there
   * was none. Source: distribution-spec end-9.
   */
  delete(reference: string): Promise<boolean>;

  /** Takes a blob out of this repository. False if it was not there. Source: end-10. */
  deleteBlob(digest: Digest): Promise<boolean>;
}

/** The part of a repository that takes uploads in pieces. */
export interface BlobUploads {
  /** Begins an upload that hashes as it arrives. Source: distribution-spec end-4a. */
  startUpload(algorithm?: Algorithm): Promise<Upload>;

  /** The unfinished upload `id` of this repository, as it stands now. */
  resumeUpload(id: string): Promise<Upload | null>;
}

/** A blob that is arriving. Survives a restart of the server, at its `offset`. */
export interface Upload {
  readonly id: string;
  /** Bytes stored so far. */
  readonly offset: number;
  /** Set where only whole `append`s are sure to be kept: the least that one may bring. */
  readonly chunkMinBytes?: number;

  /**
   * Adds `bytes` at `offset` and returns the new one. What arrived before an interruption is kept.
   * Some registries want to be told beforehand how many there are: `size`, if known. Throws
   * RANGE_INVALID if another writer is at work on this upload.
   */
  append(bytes: Bytes, size?: number): Promise<number>;

  /** Ends it as blob `digest`, returns its size. Throws DIGEST_INVALID; then the upload is gone. */
  commit(digest: Digest): Promise<number>;

  /** Forgets it. */
  cancel(): Promise<void>;
}

/** Repositories by name. */
export interface Registry {
  /** The repository `name`, whether or not anything is in it. Throws NAME_INVALID. */
  repository(name: string): Repository;

  /** Names of repositories that exist, in ASCII order. Source: `GET /v2/_catalog`. */
  repositories(query?: PageQuery): Promise<Page<string>>;
}
