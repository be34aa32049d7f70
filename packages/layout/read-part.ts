import type { FileHandle } from "node:fs/promises";
import { type Bytes, RegistryError } from "@entrepot/oci";
import type { ByteRange } from "@entrepot/registry";

const CHUNK_BYTES = 1024 * 1024;

/** A blob's place within an open file, in bytes. */
export interface Span {
  readonly offset: number;
  readonly size: number;
}

/** `range` within `span`, as a span of the file. Throws RANGE_INVALID. */
export function spanOf({ offset, size }: Span, range: ByteRange = { start: 0 }): Span {
  const { start, length = size - range.start } = range;
  if (start >= 0 && length >= 0 && start + length <= size) {
    return { offset: offset + start, size: length };
  }
  throw new RegistryError(
    "RANGE_INVALID",
    `bytes ${start} to ${start + length} are not within a blob of ${size}`,
  );
}

/** The bytes of `span`; closes `file` at the end if `close` says so. Throws INTEGRITY if short. */
export async function* readSpan(
  file: FileHandle,
  { offset, size }: Span,
  close: "close" | "keep",
): Bytes {
  try {
    for (let at = 0; at < size;) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + at);
      if (bytesRead === 0) {
        throw new RegistryError("INTEGRITY", `a file ends ${size - at} bytes too early`);
      }
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    if (close === "close") await file.close();
  }
}
