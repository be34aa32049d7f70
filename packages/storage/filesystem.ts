import { resolve } from "node:path";
import { onDisk, realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { draftTable } from "./draft-table.ts";
import { fileBlobs } from "./file-blobs.ts";
import { fileQuarantine } from "./file-quarantine.ts";
import { listDrafts, resumeDraft, startDraft, sweepDrafts } from "./file-drafts.ts";
import { prepareLayout } from "./layout.ts";
import type { OpenStore } from "./ports.ts";
import { openShards } from "./shards.ts";

/** How `openFileStore` opens a store. */
export interface FileStoreOptions {
  /** The folder that holds everything; made if it is missing. */
  readonly root: string;
  /** Make the 256 folders of sha256 at once (default), or each with the first push into it. */
  readonly earlyShards?: boolean;
  /** Running hashes (10,000) and open files (256) kept for idle drafts. */
  readonly keep?: { readonly drafts: number; readonly files: number };
  /** Milliseconds since 1970, for the age of drafts. */
  readonly now?: () => number;
  readonly disk?: Disk;
}

/**
 * Opens the blob store in folder `root`, making it if there is none. A draft must be served by one
 * process at a time; everything else may be done by several at once.
 *
 * Throws UNSUPPORTED for a layout newer than this program, CONFLICT for a folder that holds
 * something else, UNAVAILABLE for what the disk refuses. Source: docs/formats/blobs.md.
 */
export async function openFileStore(options: FileStoreOptions): Promise<OpenStore> {
  const { now = Date.now, disk = realDisk, earlyShards = true } = options;
  const root = resolve(options.root);
  const shards = await onDisk("opening the blob store", root, async () => {
    await prepareLayout(disk, root);
    return await openShards(disk, root, earlyShards);
  });
  const { takeBack, ...quarantine } = fileQuarantine(disk, root, now);
  const { place, ...blobs } = fileBlobs(disk, root, shards, takeBack);
  const table = draftTable(options.keep ?? { drafts: 10_000, files: 256 });
  const drafts = { disk, root, table, place };

  return {
    ...blobs,
    ...quarantine,
    start: (scope, algorithm = "sha256") => startDraft(drafts, scope, algorithm),
    resume: (scope, id) => resumeDraft(drafts, scope, id),
    drafts: () => listDrafts(drafts),
    sweepDrafts: (olderThanMs) => sweepDrafts(drafts, now() - olderThanMs),
    async close() {
      await table.close();
      await shards.close();
    },
  };
}
