import { link, open as openFile, rename, rm, stat, truncate, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";

/** A disk whose power fails; for tests. */
export interface LossyDisk extends Disk {
  /** True once the power is off: every call then fails. */
  isOff(): boolean;
  /** What the power cut loses: some of whatever was not synced. Call once, at the end. */
  lose(): Promise<void>;
}

interface OpenFile {
  readonly handle: FileHandle;
  /** The name that it has now. */
  path: string;
}

interface NameChange {
  readonly folder: string;
  undo(): Promise<void>;
}

/** What the disk has in its memory and not yet for good. */
interface Unsynced {
  readonly spare: string;
  /** Bytes of each file written here that are there for good, by path. */
  readonly syncedBytes: Map<string, number>;
  readonly files: Set<OpenFile>;
  changes: NameChange[];
  spares: number;
}

/**
 * A disk that keeps only what was synced. The power fails at step `offAt` (a write, a sync or a
 * change of a name). Then some of each file's bytes after its last sync go, and of the names
 * the latest of those whose folder was not synced since, in the order of a journal. Folders
 * themselves are never lost. `spare` is an empty folder on the same file system. `random` gives
 * numbers in [0, 1).
 */
export function lossyDisk(spare: string, offAt: number, random: () => number): LossyDisk {
  const unsynced: Unsynced = {
    spare,
    syncedBytes: new Map(),
    files: new Set(),
    changes: [],
    spares: 0,
  };
  let turn: Promise<unknown> = Promise.resolve();
  let steps = 0;

  /** One step after the other, so that the record of them is in their order. */
  function step<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(() => {
      steps += 1;
      if (steps > offAt) throw new Error("the power is off");
      return work();
    });
    turn = result.catch(() => undefined);
    return result;
  }

  return {
    ...realDisk,
    open: (path, flags) => step(() => openWatched(unsynced, String(path), flags, step)),
    rename: (from, to) => step(() => renameNoted(unsynced, String(from), String(to))),
    unlink: (path) => step(() => unlinkNoted(unsynced, String(path))),
    isOff: () => steps > offAt,
    async lose() {
      await turn;
      await losePart(unsynced, random);
    },
  };
}

type Step = <T>(work: () => Promise<T>) => Promise<T>;

async function openWatched(
  unsynced: Unsynced,
  path: string,
  flags: string | number | undefined,
  step: Step,
): Promise<FileHandle> {
  const isNew = String(flags).startsWith("w") && (await stat(path).catch(() => null)) === null;
  const handle = await openFile(path, flags);
  if (isNew) {
    unsynced.syncedBytes.set(path, 0);
    unsynced.changes.push({
      folder: dirname(path),
      undo: () => unlink(path).catch(() => undefined), // or moved away for good
    });
  }
  const file = { path, handle };
  unsynced.files.add(file);
  const own: Partial<FileHandle> = {
    sync: () => step(() => syncNoted(unsynced, file)),
    datasync: () => step(() => syncNoted(unsynced, file)),
    async close() {
      unsynced.files.delete(file);
      await handle.close();
    },
  };
  return new Proxy(handle, {
    get(target, key) {
      if (key in own) return own[key as keyof typeof own];
      const value = Reflect.get(target, key, target) as unknown;
      if (typeof value !== "function") return value;
      const call = (...args: unknown[]) => Reflect.apply(value, target, args) as Promise<unknown>;
      if (!String(key).startsWith("write")) return call;
      return (...args: unknown[]) => step(() => call(...args));
    },
  });
}

async function syncNoted(unsynced: Unsynced, { handle, path }: OpenFile): Promise<void> {
  const facts = await handle.stat();
  if (facts.isFile()) unsynced.syncedBytes.set(path, facts.size);
  else unsynced.changes = unsynced.changes.filter(({ folder }) => folder !== path);
}

async function renameNoted(unsynced: Unsynced, from: string, to: string): Promise<void> {
  const { syncedBytes, files, changes } = unsynced;
  const replaced = await keepAside(unsynced, to);
  const replacedBytes = syncedBytes.get(to);
  await rename(from, to);
  moveEntry(syncedBytes, from, to);
  for (const file of files) if (file.path === from) file.path = to;
  changes.push({
    folder: dirname(to),
    async undo() {
      await rename(to, from);
      moveEntry(syncedBytes, to, from);
      if (replaced) await rename(replaced, to);
      if (replacedBytes !== undefined) syncedBytes.set(to, replacedBytes);
    },
  });
}

async function unlinkNoted(unsynced: Unsynced, path: string): Promise<void> {
  const aside = await keepAside(unsynced, path);
  await unlink(path);
  if (aside) unsynced.changes.push({ folder: dirname(path), undo: () => rename(aside, path) });
}

async function keepAside(unsynced: Unsynced, path: string): Promise<string | null> {
  unsynced.spares += 1;
  const aside = join(unsynced.spare, String(unsynced.spares));
  const kept = await link(path, aside).catch(() => null);
  return kept === null ? null : aside;
}

function moveEntry(entries: Map<string, number>, from: string, to: string): void {
  const entry = entries.get(from);
  entries.delete(from);
  entries.delete(to);
  if (entry !== undefined) entries.set(to, entry);
}

async function losePart(unsynced: Unsynced, random: () => number): Promise<void> {
  const { changes, syncedBytes, files, spare } = unsynced;
  await Promise.all([...files].map(({ handle }) => handle.close()));
  const lost = Math.floor(random() * (changes.length + 1));
  for (const change of changes.slice(changes.length - lost).toReversed()) await change.undo();
  for (const [path, synced] of syncedBytes) {
    const size = (await stat(path).catch(() => null))?.size ?? 0;
    if (size <= synced) continue;
    await truncate(path, synced + Math.floor(random() * (size - synced + 1)));
    // Some file systems keep the length and lose the bytes.
    if (random() < 0.3) await truncate(path, size);
  }
  await rm(spare, { recursive: true });
}
