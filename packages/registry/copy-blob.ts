import { isNonDistributable, type Bytes, type Descriptor } from "@entrepot/oci";
import { verified } from "./bytes.ts";
import {
  beginCopy,
  countBytes,
  expectBytes,
  step,
  type Copy,
  type CopyOptions,
  type CopyResult,
  type CopySource,
  type CopyTarget,
  type Once,
} from "./copy.ts";
import { CHUNK_BYTES, copyByUpload } from "./copy-upload.ts";
import { bytesOrCancelled, orCancelled } from "./or-cancelled.ts";
import { slowed } from "./slowed.ts";

/**
 * Makes `target` hold the blob `content`, as `source` has it: not sent if it is there, and gone on
 * with where `transfers` tell how far it came. Throws what both throw, with their codes.
 */
export async function copyContent(
  source: Pick<CopySource, "name" | "stat" | "fetch">,
  target: CopyTarget,
  content: Descriptor,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const nothing = { resolve: async () => null, referrers: async () => ({ items: [], next: null }) };
  const copy = beginCopy({ ...nothing, ...source }, target, options);
  await copyBlob(copy, content);
  return copy.done;
}

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
  const { deep = false, seen, unaskedBytes = 0 } = options;
  if (!deep && seen?.has(target.name, digest)) return skip(copy, blob);
  const isAsked = deep || size > unaskedBytes || isNonDistributable(blob);
  if (isAsked && (await isThere(copy, blob))) return;
  if (isNonDistributable(blob)) {
    const held = await step(copy, `looking for ${digest}`, () => source.stat(digest));
    if (!held) return skip(copy, blob);
  }
  await step(copy, `sending ${digest}`, () => send(copy, blob));
  seen?.add(target.name, digest);
  done.blobsSent++;
  options.onBlob?.("sent", size);
}

/** Whether the target has it, or has mounted it now. */
async function isThere(copy: Copy, blob: Descriptor): Promise<boolean> {
  const { target, options, done } = copy;
  const { digest, size } = blob;
  const there = await step(copy, `looking for ${digest}`, () => target.stat(digest));
  // Another length is damage; pushing heals it.
  if (there?.size === size) {
    options.seen?.add(target.name, digest);
    skip(copy, blob);
    return true;
  }
  const from = await options.mountFrom?.(blob);
  if (from === undefined) return false;
  const mounted = await step(copy, `mounting ${digest}`, () => target.mount(blob, from));
  if (!mounted) return false;
  options.seen?.add(target.name, digest);
  done.blobsMounted++;
  options.onBlob?.("mounted", size);
  expectBytes(copy, -size);
  return true;
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
  let fetched: Bytes | undefined;
  // The source is asked once the target wants the first byte: nothing stays open if it never does.
  const pieces = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      const checked = verified(await copy.source.fetch(blob), blob);
      fetched = slowed(bytesOrCancelled(checked, signal), throttle, signal);
      for await (const chunk of fetched) {
        countBytes(copy, chunk.length);
        yield chunk;
      }
    } catch (error) {
      readFailure = error;
      throw error;
    }
  };
  const release = (piece: Uint8Array) => fetched?.release?.(piece);
  try {
    await copy.target.push(blob, { [Symbol.asyncIterator]: pieces, release });
  } catch (error) {
    // What broke the push is the better explanation than how the target saw it break.
    throw readFailure ?? error;
  }
}
