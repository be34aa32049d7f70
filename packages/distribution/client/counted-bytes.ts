import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import { releasing } from "@entrepot/registry";

/** Bytes on their way into a request. */
export interface CountedBytes {
  readonly bytes: Bytes;
  /** How many have gone through. */
  readonly count: number;
  /** What went wrong on this side of the wire: that, not the broken request, is the reason. */
  readonly failed: { readonly error: unknown } | undefined;
}

/** `bytes`, counted. With a `size` given, SIZE_INVALID if there are more or fewer. */
export function counted(bytes: Bytes, size?: number): CountedBytes {
  let count = 0;
  let failed: { error: unknown } | undefined;
  async function* counting(): Bytes {
    try {
      for await (const chunk of bytes) {
        count += chunk.length;
        if (size !== undefined && count > size) throw wrongSize(size, count);
        yield chunk;
      }
      if (size !== undefined && count < size) throw wrongSize(size, count);
    } catch (error) {
      failed = { error };
      throw error;
    }
  }
  return {
    bytes: releasing(counting(), bytes),
    get count() {
      return count;
    },
    get failed() {
      return failed;
    },
  };
}

function wrongSize(size: number, count: number): RegistryError {
  const message = `${size} bytes were promised, but ${count} came; nothing was stored`;
  return new RegistryError("SIZE_INVALID", message, { detail: { expected: size } });
}
