import type { Digest } from "@entrepot/oci";
import { collect, type Throttle, verified } from "@entrepot/registry";
import type { BlobStore } from "@entrepot/storage";
import { readBlob } from "./check-blob.ts";
import type { Copies, Copy } from "./ports.ts";

/** Up to here a blob is stored at once; larger ones are drafted. */
const SMALL_BYTES = 1 << 20;
/** Drafts of repairs belong to no repository. */
const SCOPE = "repair";

/** What healing needs. */
export interface Healing {
  readonly store: BlobStore;
  readonly copies: Copies;
  readonly throttle?: Throttle | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The copy that healed a blob, null if none could; and why the others could not. */
export interface Healed {
  readonly from: Copy | null;
  readonly failures: readonly string[];
}

/**
 * Stores blob `digest` anew from the first of `copies` that has it whole, over whatever lies there,
 * and reads it back. Until a copy has arrived whole nothing is changed. Repeating is safe.
 */
export async function healBlob(
  healing: Healing,
  digest: Digest,
  copies: readonly Copy[],
): Promise<Healed> {
  const failures: string[] = [];
  for (const copy of copies) {
    healing.signal?.throwIfAborted();
    try {
      const why = await healFrom(healing, digest, copy);
      if (why === null) return { from: copy, failures };
      failures.push(`${copy.label}: ${why}`);
    } catch (error) {
      healing.signal?.throwIfAborted();
      failures.push(`${copy.label}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { from: null, failures };
}

/** Null if it went well, or why not. */
async function healFrom(
  { store, copies, signal }: Healing,
  digest: Digest,
  copy: Copy,
): Promise<string | null> {
  const size = await copies.stat(copy, digest);
  if (size === null) return "it is not there";
  const content = { digest, size };
  const bytes = verified(await copies.fetch(copy, content), content);
  if (size <= SMALL_BYTES) await store.put(digest, await collect(bytes, size));
  else {
    const draft = await store.start(SCOPE);
    try {
      await draft.append(untilAborted(bytes, signal));
      await draft.commit(digest);
    } catch (error) {
      await draft.cancel();
      throw error;
    }
  }
  const read = await readBlob({ store, signal }, digest);
  return read?.whole ? null : "what was stored could not be read back whole; look at the disk";
}

async function* untilAborted(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
  for await (const piece of bytes) {
    signal?.throwIfAborted();
    yield piece;
  }
}
