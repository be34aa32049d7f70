import { isNonDistributable, type Bytes, type Descriptor } from "@entrepot/oci";
import { verified } from "./bytes.ts";
import { countBytes, expectBytes, step, type Copy, type Once } from "./copy.ts";
import { CHUNK_BYTES, copyByUpload } from "./copy-upload.ts";
import { bytesOrCancelled, orCancelled } from "./or-cancelled.ts";
import { slowed } from "./slowed.ts";

/**
 * Brings `blob` to the target: is it there? can it be mounted? else its bytes are streamed and
 * checked on the way. With `once`, copies that run at once share this.
 */
export async function copyBlob(copy: Copy, blob: Descriptor): Promise<void> {
  const { once } = copy.options;
  if (!once) return bring(copy, blob);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await bringOnce(copy, blob, once)) return;
  }
  await bring(copy, blob);
}

/** False if another copy was to bring it and failed: that (it may be cancelled) is not ours. */
async function bringOnce(copy: Copy, blob: Descriptor, once: Once): Promise<boolean> {
  const { signal } = copy.options;
  let ours = false;
  const transfer = () => {
    ours = true;
    return bring(copy, blob);
  };
  try {
    await orCancelled(once(`${copy.target.name}@${blob.digest}`, transfer), signal);
    if (!ours) skip(copy, blob);
    return true;
  } catch (error) {
    if (ours || signal?.aborted) throw error;
    return false;
  }
}

async function bring(copy: Copy, blob: Descriptor): Promise<void> {
  const { source, target, options, done } = copy;
  const { digest, size } = blob;
  const there = await step(copy, `looking for ${digest}`, () => target.stat(digest));
  // Another length is damage; pushing heals it.
  if (there?.size === size) return skip(copy, blob);
  const from = await options.mountFrom?.(blob);
  if (from !== undefined) {
    const mounted = await step(copy, `mounting ${digest}`, () => target.mount(blob, from));
    if (mounted) {
      done.blobsMounted++;
      options.onBlob?.("mounted", size);
      expectBytes(copy, -size);
      return;
    }
  }
  if (isNonDistributable(blob)) {
    const held = await step(copy, `looking for ${digest}`, () => source.stat(digest));
    if (!held) return skip(copy, blob);
  }
  await step(copy, `sending ${digest}`, () => send(copy, blob));
  done.blobsSent++;
  options.onBlob?.("sent", size);
}

function skip(copy: Copy, blob: Descriptor): void {
  copy.done.blobsSkipped++;
  copy.options.onBlob?.("skipped", blob.size);
  expectBytes(copy, -blob.size);
}

async function send(copy: Copy, blob: Descriptor): Promise<void> {
  const { transfers, throttle, signal, draining } = copy.options;
  draining?.throwIfAborted();
  if (transfers && blob.size > CHUNK_BYTES && (await copyByUpload(copy, blob, transfers))) return;
  let readFailure: unknown;
  // The source is asked once the target wants the first byte: nothing stays open if it never does.
  const bytes = async function* (): Bytes {
    try {
      const fetched = verified(await copy.source.fetch(blob), blob);
      for await (const chunk of slowed(bytesOrCancelled(fetched, signal), throttle, signal)) {
        countBytes(copy, chunk.length);
        yield chunk;
      }
    } catch (error) {
      readFailure = error;
      throw error;
    }
  };
  try {
    await copy.target.push(blob, bytes());
  } catch (error) {
    // What broke the push is the better explanation than how the target saw it break.
    throw readFailure ?? error;
  }
}
