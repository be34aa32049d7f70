import type { Bytes, Descriptor, Digest } from "@entrepot/oci";
import type { BlobUploads, ByteRange } from "@entrepot/registry";
import type { LayoutIndex } from "./layout-index.ts";

/** Changes an index into the next one; may throw, and then nothing is changed. */
export type IndexChange = (index: LayoutIndex) => LayoutIndex;

/** The bytes of a layout, in a folder or in a tar. A port with few methods. */
export interface LayoutFiles {
  /** Where it lies, for messages. */
  readonly path: string;

  /** The size of blob `digest` in bytes; null if it is not there. */
  sizeOf(digest: Digest): Promise<number | null>;

  /** The bytes of a blob; null if it is not there. Throws RANGE_INVALID. */
  read(digest: Digest, range?: ByteRange): Promise<Bytes | null>;

  /**
   * Stores a blob, whole or not at all; repeating is safe and heals. Throws DIGEST_INVALID,
   * SIZE_INVALID, UNAVAILABLE where the disk refuses, UNSUPPORTED where nothing can be written.
   */
  write(content: Pick<Descriptor, "digest" | "size">, bytes: Bytes): Promise<void>;

  /** What index.json says now; the same object as long as it says the same. Throws UNSUPPORTED. */
  index(): Promise<LayoutIndex>;

  /** Replaces index.json by what `change` makes of it, one writer after the other. */
  changeIndex(change: IndexChange): Promise<void>;

  /** Uploads in pieces of the repository `name`. */
  uploads(name: string): BlobUploads;

  /** Ends it. A tar that was written becomes whole only now. */
  close(): Promise<void>;
}
