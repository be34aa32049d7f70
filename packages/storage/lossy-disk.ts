import { link, open as openFile, rename, rm, stat, truncate, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { realDisk } from "./disk.ts";
import type { Disk } from "./disk.ts";

/** A disk whose power fails; for tests. */
export interface LossyDisk extends Disk {
  /** Writes and syncs asked for so far. */
  readonly steps: number;
  /** True once the power is off: every call then fails. */
  readonly off: boolean;
  /** What the power cut loses: some of whatever was not synced. Call once, when `off`. */
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

/**
 * A disk that keeps only what was synced. The power fails at step `offAt` (a write, a sync or a
 * change of a name). Then of the bytes of each file some of those after its last sync go, and of the
 * names the latest of those whose folder was not synced since, in the order of a journal.
 * `spare` is an empty folder on the same file system. `random` gives numbers in [0, 1).
 */
export function lossyDisk(spare: string, offAt: number, random: () => number): LossyDisk {
  const syncedBytes = new Map<string, number>(); // by path; present for files written here
  const files = new Set<OpenFile>();
  let changes: NameChange[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  let steps = 0;
  let spares = 0;

  function step(): void {
    steps += 1;
    if (steps > offAt) throw new Error("the power is off");
  }

  /** One change after the other, so that the record of them is in their order. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = turn.then(change);
    turn = result.catch(() => undefined);
    return result;
  }

  async function keepAside(path: string): Promise<string | null> {
    const aside = join(spare, String((spares += 1)));
    return await link(path, aside).then(
      () => aside,
      () => null,
    );
  }

  function moved(from: string, to: string): void {
    const synced = syncedBytes.get(from);
    syncedBytes.delete(from);
    syncedBytes.delete(to);
    if (synced !== undefined) syncedBytes.set(to, synced);
  }

  async function sync(opened: OpenFile): Promise<void> {
    step();
    const facts = await opened.handle.stat();
    if (facts.isFile()) syncedBytes.set(opened.path, facts.size);
    else changes = changes.filter(({ folder }) => folder !== opened.path);
  }

  function watched(handle: FileHandle, path: string): FileHandle {
    const opened = { path, handle };
    files.add(opened);
    const own: Partial<FileHandle> = {
      sync: () => inTurn(() => sync(opened)),
      datasync: () => inTurn(() => sync(opened)),
      async close() {
        files.delete(opened);
        await handle.close();
      },
    };
    return new Proxy(handle, {
      get(target, key) {
        if (key in own) return own[key as keyof typeof own];
        const value = Reflect.get(target, key, target) as unknown;
        if (typeof value !== "function") return value;
        const writes = String(key).startsWith("write");
        return (...args: unknown[]) => {
          if (writes) step();
          else if (steps > offAt) throw new Error("the power is off");
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  }

  const own: Partial<Disk> = {
    open: (path, flags) =>
      inTurn(async () => {
        const name = String(path);
        const makes = String(flags).startsWith("w");
        if (makes) step();
        const isNew = makes && (await stat(name).catch(() => null)) === null;
        const handle = await openFile(name, flags);
        if (isNew) {
          syncedBytes.set(name, 0);
          changes.push({
            folder: dirname(name),
            undo: () => unlink(name).catch(() => undefined), // or moved away for good
          });
        }
        return watched(handle, name);
      }),
    rename: (from, to) =>
      inTurn(async () => {
        step();
        const [source, target] = [String(from), String(to)];
        const replaced = await keepAside(target);
        const replacedSynced = syncedBytes.get(target);
        await rename(source, target);
        moved(source, target);
        for (const file of files) if (file.path === source) file.path = target;
        changes.push({
          folder: dirname(target),
          async undo() {
            await rename(target, source);
            moved(target, source);
            if (replaced) await rename(replaced, target);
            if (replacedSynced !== undefined) syncedBytes.set(target, replacedSynced);
          },
        });
      }),
    unlink: (path) =>
      inTurn(async () => {
        step();
        const name = String(path);
        const aside = await keepAside(name);
        await unlink(name);
        if (aside) changes.push({ folder: dirname(name), undo: () => rename(aside, name) });
      }),
  };

  async function lose(): Promise<void> {
    await turn;
    await Promise.all([...files].map(({ handle }) => handle.close()));
    const lost = Math.floor(random() * (changes.length + 1));
    for (const change of changes.splice(changes.length - lost).toReversed()) await change.undo();
    for (const [path, from] of syncedBytes) {
      const size = (await stat(path).catch(() => null))?.size ?? 0;
      if (size <= from) continue;
      const kept = from + Math.floor(random() * (size - from + 1));
      await truncate(path, kept);
      // Some file systems keep the length and lose the bytes.
      if (random() < 0.3) await truncate(path, size);
    }
    await rm(spare, { recursive: true });
  }

  return Object.defineProperties({ ...realDisk, ...own, lose } as LossyDisk, {
    steps: { get: () => steps },
    off: { get: () => steps > offAt },
  });
}
