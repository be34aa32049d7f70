import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { join } from "node:path";
import { RegistryError } from "@entrepot/oci";
import type { Algorithm, Bytes, Digest } from "@entrepot/oci";
import { diskFailure, isMissing, onDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";
import type { DraftState, DraftTable } from "./draft-table.ts";
import { gatheredWriter } from "./gathered-writer.ts";
import { uploadsFolder } from "./layout.ts";
import { readSpan, releasePiece } from "./read-span.ts";

/** From here on the disk is given what has come while the client still asks for the end. */
const EARLY_SYNC_BYTES = 256 * 1024;

/** What drafts need from the store that they are part of. */
export interface DraftHome {
  readonly disk: Disk;
  readonly root: string;
  readonly table: DraftTable;
  /** Moves the synced file `path` into its place as blob `digest` and syncs the folder. */
  place(path: string, digest: Digest): Promise<void>;
}

/** The file of draft `name`. */
export function draftPath(home: DraftHome, name: string): string {
  return join(uploadsFolder(home.root), name);
}

/** Opens the file of `state` unless it is open. Throws BLOB_UPLOAD_UNKNOWN if it is gone. */
export async function openDraftFile(home: DraftHome, state: DraftState): Promise<void> {
  if (state.file) return;
  await onDisk("opening an upload", home.root, async () => {
    try {
      state.file = await home.disk.open(draftPath(home, state.name), "r+");
    } catch (error) {
      state.gone = isMissing(error);
      throw state.gone ? uploadUnknown() : error;
    }
    const { size } = await state.file.stat();
    if (size !== state.offset) state.hash = null;
    state.offset = size;
  });
}

/** Closes the file of `state`; it is opened again when it is needed. */
export async function closeDraftFile(state: DraftState): Promise<void> {
  const { file } = state;
  state.file = null;
  await file?.close();
}

/** The running hash of what the file of `state` holds, by reading it. */
export async function hashDraftFile(
  home: DraftHome,
  state: DraftState,
  algorithm: Algorithm,
): Promise<Hash> {
  const hash = createHash(algorithm);
  const span = { start: 0, end: state.offset, what: "the upload", root: home.root };
  for await (const piece of readSpan(state.file!, span)) {
    hash.update(piece);
    releasePiece(piece);
  }
  return hash;
}

/**
 * Hashes and writes `bytes`, in that order, so each is touched once. Afterwards `state` says what
 * the file holds, whatever happened: what arrived before an interruption is kept.
 */
export async function appendToDraftFile(
  home: DraftHome,
  state: DraftState,
  hash: Hash,
  bytes: Bytes,
): Promise<void> {
  const start = state.offset;
  const writer = gatheredWriter(state.file!, start, bytes.release);
  let stopped: { by: unknown } | null = null;
  try {
    for await (const chunk of bytes) {
      if (state.gone) throw uploadUnknown();
      hash.update(chunk);
      const written = writer.add(chunk);
      if (written) await written;
    }
  } catch (by) {
    stopped = { by };
  }
  try {
    await writer.finish();
    state.offset = writer.offset;
  } catch (error) {
    state.hash = null; // it has seen bytes that the file does not hold
    if (writer.lost) await removeDraftFile(home, state);
    else state.offset = (await state.file!.stat()).size;
    throw diskFailure(error, "writing an upload", home.root);
  }
  if (stopped) throw stopped.by;
  if (state.offset - start < EARLY_SYNC_BYTES) return;
  const done = syncFile(home, state);
  done.catch(() => undefined); // the draft is gone, and who goes on with it is told so
  state.synced = { offset: state.offset, done };
}

/** Waits until what the file of `state` holds is on the disk. */
export async function syncDraftFile(home: DraftHome, state: DraftState): Promise<void> {
  const { synced, offset } = state;
  await synced?.done;
  if (synced?.offset !== offset) await syncFile(home, state);
}

/**
 * Once a sync has failed nobody can say what is on the disk, and asking again would be answered
 * with success: the draft goes, and the client starts again.
 */
async function syncFile(home: DraftHome, state: DraftState): Promise<void> {
  try {
    await state.file!.sync();
  } catch (error) {
    await removeDraftFile(home, state);
    throw diskFailure(error, "syncing an upload", home.root);
  }
}

/** Takes the draft away, since what it holds can no longer become a blob. */
export async function removeDraftFile(home: DraftHome, state: DraftState): Promise<void> {
  state.gone = true;
  await unlinkDraft(home, state.name);
}

/** Unlinks the file of draft `name`, if it is there. */
export async function unlinkDraft(home: DraftHome, name: string): Promise<void> {
  await onDisk("removing an upload", home.root, async () => {
    try {
      await home.disk.unlink(draftPath(home, name));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  });
}

function uploadUnknown(): RegistryError {
  return new RegistryError(
    "BLOB_UPLOAD_UNKNOWN",
    "this upload has been finished, cancelled or given up; start a new one",
  );
}
