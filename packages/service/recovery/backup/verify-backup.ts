import { algorithmOf, type Digest, RegistryError } from "@entrepot/oci";
import { createHash } from "node:crypto";
import type { ObjectStore } from "@entrepot/storage";
import { eachAtOnce } from "./copy-blobs.ts";
import type { Conversion } from "./encryption.ts";
import { digestOfKey } from "./format.ts";
import { checkChain, problemList } from "./plan-restore.ts";
import { readChains, readTargetFile } from "./target-objects.ts";

/** What checking a target came to. */
export interface Verified {
  readonly snapshots: number;
  readonly segments: number;
  /** Blobs that were read, and their bytes. */
  readonly blobsRead: number;
  readonly bytesRead: number;
  /** The newest moment that can be restored; null: none. */
  readonly newest: { readonly seq: number; readonly at: string } | null;
  readonly problems: readonly string[];
  readonly problemCount: number;
}

/**
 * Checks everything in a target: every manifest file and its place in the chain, every part, that
 * every blob is there, and the digest of `share` (0 to 1) of the blobs. Of an encrypted target
 * without its key (`open` null) blobs are not read.
 */
export async function verifyBackup(
  objects: ObjectStore,
  options: {
    readonly share: number;
    readonly open: Conversion | null;
    readonly signal?: AbortSignal;
    readonly random?: () => number;
    readonly progress?: (blobs: number, bytes: number) => void;
  },
): Promise<Verified> {
  const { share, open, signal, random = Math.random } = options;
  const target = await readTargetFile(objects);
  const problems = problemList();
  let segments = 0;
  let newest: Verified["newest"] = null;
  const chains = await readChains(objects);
  for (const { links, problems: broken } of chains) {
    for (const problem of broken) problems.add(problem);
    if (links.length === 0) continue;
    segments += links.length - 1;
    const checked = await checkChain(objects, links, [], target);
    for (const problem of checked.problems) problems.add(problem);
    if (checked.problemCount === 0) newest = { seq: checked.seq, at: checked.at };
  }

  let [blobsRead, bytesRead] = [0, 0];
  if (open) {
    await eachAtOnce(objects.list("blobs/"), 4, async ({ key }) => {
      signal?.throwIfAborted();
      const digest = digestOfKey(key);
      if (digest === null || random() >= share) return;
      const bytes = await checkBlob(objects, key, digest, open);
      if (bytes === null) problems.add(`${key} in the backup is damaged: it has another digest`);
      blobsRead += 1;
      bytesRead += bytes ?? 0;
      options.progress?.(blobsRead, bytesRead);
    });
  }
  return {
    snapshots: chains.length,
    segments,
    blobsRead,
    bytesRead,
    newest,
    problems: problems.shown,
    problemCount: problems.count(),
  };
}

/** How many bytes blob `digest` has; null if they are not its own. */
async function checkBlob(
  objects: ObjectStore,
  key: string,
  digest: Digest,
  open: Conversion,
): Promise<number | null> {
  const hash = createHash(algorithmOf(digest));
  let size = 0;
  try {
    const stored = await objects.get(key);
    if (!stored) return null; // removed since it was listed
    for await (const piece of open(stored)) {
      hash.update(piece);
      size += piece.length;
    }
  } catch (error) {
    if (error instanceof RegistryError && error.code !== "INTEGRITY") throw error;
    return null;
  }
  return `${algorithmOf(digest)}:${hash.digest("hex")}` === digest ? size : null;
}
