import { link, open as openFile, rename, rm, stat, truncate, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";

/** What a disk is asked to do: those that need room, those that change names, and the others. */
export type DiskAct = "make" | "write" | "sync" | "name" | "look";

/**
 * What goes wrong at a step: the machine is off from then on, or the call is refused; a write may
 * be half done by then.
 */
export type Mishap = "off" | "torn off" | "ENOSPC" | "EIO" | "torn";

/** A disk that fails when it is told to, and whose power may fail; for tests. */
export interface LossyDisk extends Disk {
  /** True once the machine is off: every call then fails. */
  isOff(): boolean;
  /** What a power cut loses: some of whatever was not synced. Call once, at the end. */
  lose(): Promise<void>;
  /** Instead of that, as when a process is killed: what is open is closed, and nothing lost. */
  leave(): Promise<void>;
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
  /** Files of which a sync has failed: what it was to bring is lost, whatever the next one says. */
  readonly failed: Set<string>;
  readonly files: Set<OpenFile>;
  changes: NameChange[];
  spares: number;
}

/**
 * A disk that keeps only what was synced. `mishap` is asked at each step, in their order, what goes
 * wrong with it. When the power fails, some of each file's bytes after its last sync go, and of the
 * names the latest of those whose folder was not synced since, in the order of a journal. Folders
 * themselves are never lost. `spare` is an empty folder on the same file system. `random` gives
 * numbers in [0, 1).
 */
export function lossyDisk(
  spare: string,
  random: () => number,
  mishap: (act: DiskAct) => Mishap | null,
): LossyDisk {
  const unsynced: Unsynced = {
    spare,
    syncedBytes: new Map(),
    failed: new Set(),
    files: new Set(),
    changes: [],
    spares: 0,
  };
  let turn: Promise<unknown> = Promise.resolve();
  let off = false;

  /** One step after the other, so that the record of them is in their order. */
  const step: Step = (act, work, half) => {
    const result = turn.then(async () => {
      const wrong = off ? "off" : mishap(act);
      if (wrong === null) return await work();
      off ||= wrong === "off" || wrong === "torn off";
      if (wrong.startsWith("torn")) await half?.();
      throw off ? new Error("the power is off") : refusal(wrong === "torn" ? "EIO" : wrong, act);
    });
    turn = result.catch(() => undefined);
    return result;
  };

  return {
    ...realDisk,
    open: (path, flags) => openStep(unsynced, String(path), flags, step),
    mkdir: ((...args: Parameters<Disk["mkdir"]>) =>
      step("make", () => realDisk.mkdir(...args))) as Disk["mkdir"],
    readdir: ((...args: Parameters<Disk["readdir"]>) =>
      step("look", () => realDisk.readdir(...args))) as unknown as Disk["readdir"],
    stat: ((...args: Parameters<Disk["stat"]>) =>
      step("look", () => realDisk.stat(...args))) as Disk["stat"],
    link: (from, to) => step("make", () => linkNoted(unsynced, String(from), String(to))),
    rename: (from, to) => step("name", () => renameNoted(unsynced, String(from), String(to))),
    unlink: (path) => step("name", () => unlinkNoted(unsynced, String(path))),
    isOff: () => off,
    async lose() {
      await turn;
      await closeAll(unsynced);
      await losePart(unsynced, random);
      await rm(spare, { recursive: true });
    },
    async leave() {
      await turn;
      await closeAll(unsynced);
      await rm(spare, { recursive: true });
    },
  };
}

type Step = <T>(act: DiskAct, work: () => Promise<T>, half?: () => Promise<unknown>) => Promise<T>;

/** As the operating system words it. */
function refusal(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: made to fail, ${syscall}`), { code, syscall });
}

function openStep(
  unsynced: Unsynced,
  path: string,
  flags: string | number | undefined,
  step: Step,
): Promise<FileHandle> {
  const makes = String(flags).startsWith("w");
  return step(makes ? "make" : "look", () => openWatched(unsynced, path, flags, step));
}

async function openWatched(
  unsynced: Unsynced,
  path: string,
  flags: string | number | undefined,
  step: Step,
): Promise<FileHandle> {
  const isNew = String(flags).startsWith("w") && (await stat(path).catch(() => null)) === null;
  const handle = await openFile(path, flags);
  if (isNew) {
    unsynced.failed.delete(path);
    unsynced.syncedBytes.set(path, 0);
    unsynced.changes.push({
      folder: dirname(path),
      undo: () => unlink(path).catch(() => undefined), // or moved away for good
    });
  }
  const file = { path, handle };
  unsynced.files.add(file);
  const sync = () =>
    step("sync", () => syncNoted(unsynced, file)).catch((error: unknown) => {
      unsynced.failed.add(file.path);
      throw error;
    });
  const own: Partial<FileHandle> = {
    sync,
    datasync: sync,
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
      if (key === "read") return (...args: unknown[]) => step("look", () => call(...args));
      if (!String(key).startsWith("write")) return call;
      return (...args: unknown[]) =>
        step(
          "write",
          () => call(...args),
          () => writeHalf(handle, args),
        );
    },
  });
}

/** The first half of what `args` of a write would write, by whichever of the calls. */
async function writeHalf(handle: FileHandle, args: readonly unknown[]): Promise<void> {
  const [what, at, length, position] = args;
  if (typeof what === "string") return await handle.writeFile(what.slice(0, what.length / 2));
  const whole = Array.isArray(what)
    ? { bytes: Buffer.concat(what as Uint8Array[]), position: at as number }
    : {
        bytes: (what as Uint8Array).subarray(
          (at as number | undefined) ?? 0,
          ((at as number | undefined) ?? 0) + ((length as number | undefined) ?? 0),
        ),
        position: position as number | undefined,
      };
  const half = whole.bytes.subarray(0, whole.bytes.length / 2);
  if (half.length > 0) await handle.write(half, 0, half.length, whole.position ?? null);
}

async function syncNoted(unsynced: Unsynced, { handle, path }: OpenFile): Promise<void> {
  const facts = await handle.stat();
  if (!facts.isFile()) {
    unsynced.changes = unsynced.changes.filter(({ folder }) => folder !== path);
  } else if (!unsynced.failed.has(path)) {
    unsynced.syncedBytes.set(path, facts.size);
  }
}

async function linkNoted(unsynced: Unsynced, from: string, to: string): Promise<void> {
  await link(from, to);
  const { syncedBytes, changes } = unsynced;
  const synced = syncedBytes.get(from);
  if (synced !== undefined) syncedBytes.set(to, synced);
  changes.push({ folder: dirname(to), undo: () => unlink(to).catch(() => undefined) });
}

async function renameNoted(unsynced: Unsynced, from: string, to: string): Promise<void> {
  const { syncedBytes, files, changes, failed } = unsynced;
  const replaced = await keepAside(unsynced, to);
  const replacedBytes = syncedBytes.get(to);
  await rename(from, to);
  moveEntry(syncedBytes, from, to);
  if (!failed.delete(from)) failed.delete(to);
  else failed.add(to);
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

async function closeAll({ files }: Unsynced): Promise<void> {
  await Promise.all([...files].map(({ handle }) => handle.close()));
}

async function losePart(unsynced: Unsynced, random: () => number): Promise<void> {
  const { changes, syncedBytes } = unsynced;
  const lost = Math.floor(random() * (changes.length + 1));
  for (const change of changes.slice(changes.length - lost).toReversed()) await change.undo();
  for (const [path, synced] of syncedBytes) {
    const size = (await stat(path).catch(() => null))?.size ?? 0;
    if (size <= synced) continue;
    await truncate(path, synced + Math.floor(random() * (size - synced + 1)));
    // Some file systems keep the length and lose the bytes.
    if (random() < 0.3) await truncate(path, size);
  }
}
