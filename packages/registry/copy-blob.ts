import { isNonDistributable, type Bytes, type Descriptor } from "@entrepot/oci";
import { verified } from "./bytes.ts";
import { countBytes, step, type Copy } from "./copy.ts";
import { bytesOrCancelled } from "./or-cancelled.ts";

/**
 * Brings `blob` to the target: is it there? can it be mounted? else its bytes are streamed and
 * checked on the way. With `once`, copies that run at once share this.
 */
export async function copyBlob(copy: Copy, blob: Descriptor): Promise<void> {
  const { once } = copy.options;
  if (!once) return bring(copy, blob);
  let ours = false;
  const bringOnce = async () => {
    ours = true;
    await bring(copy, blob);
  };
  try {
    await once(`${copy.target.name}@${blob.digest}`, bringOnce);
    if (!ours) copy.done.blobsSkipped++;
  } catch (error) {
    if (ours) throw error;
    // Another copy's failure (it may have been cancelled) says nothing about ours.
    await bring(copy, blob);
  }
}

async function bring(copy: Copy, blob: Descriptor): Promise<void> {
  const { source, target, options, done } = copy;
  const { digest, size } = blob;
  const there = await step(copy, `looking for ${digest}`, () => target.stat(digest));
  // Another length is damage; pushing heals it.
  if (there?.size === size) {
    done.blobsSkipped++;
    return;
  }
  const from = await options.mountFrom?.(blob);
  if (from !== undefined) {
    const mounted = await step(copy, `mounting ${digest}`, () => target.mount(blob, from));
    if (mounted) {
      done.blobsMounted++;
      return;
    }
  }
  if (isNonDistributable(blob)) {
    const held = await step(copy, `looking for ${digest}`, () => source.stat(digest));
    if (!held) {
      done.blobsSkipped++;
      return;
    }
  }
  await step(copy, `sending ${digest}`, () => send(copy, blob));
  done.blobsSent++;
}

async function send(copy: Copy, blob: Descriptor): Promise<void> {
  let readFailure: unknown;
  // The source is asked once the target wants the first byte: nothing stays open if it never does.
  const bytes = async function* (): Bytes {
    try {
      const fetched = verified(await copy.source.fetch(blob), blob);
      for await (const chunk of bytesOrCancelled(fetched, copy.options.signal)) {
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
