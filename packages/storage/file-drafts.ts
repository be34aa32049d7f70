import { createHash } from "node:crypto";
import { join } from "node:path";
import { RegistryError, algorithmOf, hexOf } from "@entrepot/oci";
import type { Algorithm, Digest } from "@entrepot/oci";
import { diskFailure, isMissing, onDisk } from "./disk.ts";
import {
  appendToDraftFile,
  closeDraftFile,
  draftPath,
  hashDraftFile,
  openDraftFile,
  removeDraftFile,
  syncDraftFile,
  unlinkDraft,
} from "./draft-file.ts";
import type { DraftHome } from "./draft-file.ts";
import { algorithmOfDraft, draftFileName, isUploadFileName, newDraftId } from "./draft-name.ts";
import type { DraftState } from "./draft-table.ts";
import { uploadsFolder } from "./layout.ts";
import type { BlobStore, Draft } from "./ports.ts";

/** A new, empty draft under `scope`. */
export async function startDraft(
  home: DraftHome,
  scope: string,
  algorithm: Algorithm,
): Promise<Draft> {
  const id = newDraftId(algorithm);
  const name = draftFileName(scope, id);
  const state = home.table.claim(name);
  try {
    state.file = await onDisk("starting an upload", home.root, () =>
      home.disk.open(draftPath(home, name), "wx+"),
    );
    state.hash = createHash(algorithm);
  } finally {
    state.gone = state.file === null;
    await home.table.release(state);
  }
  return fileDraft(home, { id, algorithm, name, size: 0 });
}

/** The draft `id` of `scope` as it lies on the disk, or null. */
export async function resumeDraft(
  home: DraftHome,
  scope: string,
  id: string,
): Promise<Draft | null> {
  const algorithm = algorithmOfDraft(id);
  if (algorithm === null) return null;
  const name = draftFileName(scope, id);
  const state = home.table.peek(name);
  const size = state?.file ? openDraftSize(home, name) : await draftSize(home, name);
  if (size === null) {
    await home.table.forget(name);
    return null;
  }
  // Another process has served this upload since: what is remembered here is of no use.
  if (state && !state.busy && state.offset !== size) await home.table.reset(name);
  return fileDraft(home, { id, algorithm, name, size });
}

/**
 * Removes drafts, and files that a crash left, untouched since `before` (milliseconds since 1970).
 * Returns how many.
 */
export async function sweepDrafts(home: DraftHome, before: number): Promise<number> {
  const { disk, root, table } = home;
  const folder = uploadsFolder(root);
  let removed = 0;
  await onDisk("sweeping unfinished uploads", root, async () => {
    for await (const { name } of await disk.opendir(folder)) {
      if (!isUploadFileName(name)) continue;
      try {
        const { mtimeMs } = await disk.stat(join(folder, name));
        if (mtimeMs >= before || table.peek(name)?.busy) continue;
        await table.forget(name);
        await disk.unlink(join(folder, name));
        removed += 1;
      } catch (error) {
        if (!isMissing(error)) throw error; // finished or cancelled meanwhile
      }
    }
  });
  return removed;
}

/** Every draft, and every file that is being written; see `BlobStore.drafts`. */
export async function* listDrafts({ disk, root }: DraftHome): ReturnType<BlobStore["drafts"]> {
  const folder = uploadsFolder(root);
  const names = await onDisk("listing unfinished uploads", root, () => disk.readdir(folder));
  for (const name of names.filter(isUploadFileName)) {
    const facts = await disk.stat(join(folder, name)).catch((error: unknown) => {
      if (isMissing(error)) return null; // finished or cancelled meanwhile
      throw diskFailure(error, "looking for an upload", root);
    });
    if (facts) yield { size: facts.size, touched: facts.mtime };
  }
}

async function draftSize(home: DraftHome, name: string): Promise<number | null> {
  return await onDisk("looking for an upload", home.root, async () => {
    try {
      return (await home.disk.stat(draftPath(home, name))).size;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  });
}

/**
 * The same of a file that is open here, so that the kernel has it in memory: asking it then takes a
 * twentieth of the way over another thread.
 */
function openDraftSize(home: DraftHome, name: string): number | null {
  const facts = home.disk.statSync(draftPath(home, name), { throwIfNoEntry: false });
  return facts?.size ?? null;
}

interface DraftFacts {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly name: string;
  readonly size: number;
}

function fileDraft(home: DraftHome, { id, algorithm, name, size }: DraftFacts): Draft {
  const { table } = home;
  let offset = size;

  async function claimed<T>(work: (state: DraftState) => Promise<T>): Promise<T> {
    const state = table.claim(name);
    try {
      await openDraftFile(home, state);
      return await work(state);
    } finally {
      await table.release(state);
    }
  }

  return {
    id,
    get offset() {
      return offset;
    },
    append: (bytes) =>
      claimed(async (state) => {
        if (state.offset !== offset) throw otherOffset(state.offset, offset);
        state.hash ??= await hashDraftFile(home, state, algorithm);
        try {
          await appendToDraftFile(home, state, state.hash, bytes);
        } finally {
          offset = state.offset;
        }
        return offset;
      }),
    commit: (digest) =>
      claimed(async (state) => {
        const wanted = algorithmOf(digest);
        const running = wanted === algorithm ? state.hash : null;
        const hash = running ?? (await hashDraftFile(home, state, wanted));
        const hex = hash.digest("hex");
        state.hash = null; // a hash that has answered takes no more bytes
        if (hex !== hexOf(digest)) {
          await removeDraftFile(home, state);
          throw wrongDigest(`${wanted}:${hex}`, digest);
        }
        await syncDraftFile(home, state);
        await Promise.all([closeDraftFile(state), home.place(draftPath(home, name), digest)]);
        state.gone = true;
        return state.offset;
      }),
    async cancel() {
      await table.forget(name);
      await unlinkDraft(home, name);
    },
  };
}

function otherOffset(now: number, expected: number): RegistryError {
  return new RegistryError(
    "RANGE_INVALID",
    `this upload stands at byte ${now}, not ${expected}; go on from there`,
  );
}

function wrongDigest(actual: string, claimed: Digest): RegistryError {
  return new RegistryError(
    "DIGEST_INVALID",
    `the uploaded bytes have digest ${actual}, not ${claimed}; push them again`,
  );
}
