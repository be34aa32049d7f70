import { randomBytes } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import { type Disk, isMissing, onDisk, realDisk } from "./disk.ts";
import { syncFolder } from "./layout.ts";
import { checkObjectKey } from "./object-key.ts";
import type { ObjectInfo, ObjectStore } from "./objects.ts";
import { readSpan, releasePiece } from "./read-span.ts";

/** Files that are being written. A key cannot begin with a dot. */
const WRITING = ".writing";
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Objects as files under `root`, each under its key. A key that goes on where another ends (`a/b`
 * beside `a`) is refused by the disk, with UNAVAILABLE as everything that it refuses. The folder is
 * made if it is missing; files that a killed process left half-written are removed after a day.
 */
export async function openFolderObjects(
  folder: string,
  disk: Disk = realDisk,
): Promise<ObjectStore> {
  const root = resolve(folder);
  const made = new Set<string>();
  await onDisk("opening the folder of objects", root, async () => {
    await makeFolder(disk, join(root, WRITING), made);
    await sweep(disk, join(root, WRITING));
  });

  /** Writes and syncs a file beside the others, then `place`s it. It is gone whatever happens. */
  async function write<T>(
    key: string,
    bytes: Bytes | Iterable<Uint8Array>,
    place: (temporary: string, path: string) => Promise<T>,
  ): Promise<T> {
    const path = join(root, checkObjectKey(key));
    const temporary = join(root, WRITING, randomBytes(16).toString("hex"));
    return await onDisk(`storing object ${key}`, root, async () => {
      await makeFolder(disk, dirname(path), made);
      try {
        await writeSynced(disk, temporary, bytes);
        const placed = await place(temporary, path);
        await syncFolder(disk, dirname(path));
        return placed;
      } finally {
        await disk.unlink(temporary).catch(() => undefined); // renamed, as a rule
      }
    });
  }

  async function infoOf(key: string): Promise<ObjectInfo | null> {
    const facts = await orNull(disk.stat(join(root, checkObjectKey(key))));
    return facts?.isFile() ? { key, size: facts.size, modified: facts.mtime } : null;
  }

  return {
    put: (key, bytes) => write(key, bytes, disk.rename),
    putIfAbsent: (key, bytes) =>
      write(key, [bytes], (temporary, path) =>
        disk.link(temporary, path).then(
          () => true,
          (error: unknown) => {
            if ((error as { code?: unknown }).code === "EEXIST") return false;
            throw error;
          },
        ),
      ),
    get: (key, range) =>
      onDisk(`reading object ${key}`, root, () =>
        read(disk, join(root, checkObjectKey(key)), key, range),
      ),
    stat: (key) => onDisk(`looking for object ${key}`, root, () => infoOf(key)),
    list: (prefix, after = "") => listUnder(disk, root, prefix, after),
    remove: (key) =>
      onDisk(`removing object ${key}`, root, async () => {
        if ((await infoOf(key)) === null) return false;
        const path = join(root, key);
        const removed = await orNull(disk.unlink(path).then(() => true));
        await syncFolder(disk, dirname(path));
        return removed ?? false;
      }),
    close: () => Promise.resolve(),
  };
}

/** `folder` and those above it, each one's name synced. Asked once per process for each. */
async function makeFolder(disk: Disk, folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  const topmost = await disk.mkdir(folder, { recursive: true });
  // One that is there may be another process's, which has not synced it yet.
  let above = dirname(folder);
  await syncFolder(disk, above);
  while (topmost !== undefined && above.length >= topmost.length) {
    above = dirname(above);
    await syncFolder(disk, above);
  }
  made.add(folder);
}

async function sweep(disk: Disk, folder: string): Promise<void> {
  for (const name of await disk.readdir(folder)) {
    const path = join(folder, name);
    const facts = await orNull(disk.stat(path));
    if (facts && Date.now() - facts.mtimeMs > ABANDONED_MS) await orNull(disk.unlink(path));
  }
}

async function writeSynced(
  disk: Disk,
  path: string,
  bytes: Bytes | Iterable<Uint8Array>,
): Promise<void> {
  const file = await disk.open(path, "wx");
  try {
    for await (const piece of bytes) {
      for (let at = 0; at < piece.length;) {
        at += (await file.write(piece, at, piece.length - at)).bytesWritten;
      }
      (bytes as Bytes).release?.(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function read(
  disk: Disk,
  path: string,
  key: string,
  range: { start: number; length?: number } | undefined,
): Promise<Bytes | null> {
  const facts = await orNull(disk.stat(path));
  if (!facts?.isFile()) return null;
  const start = range?.start ?? 0;
  const end = range?.length === undefined ? Math.max(start, facts.size) : start + range.length;
  if (end > facts.size) {
    const message = `object ${key} has ${facts.size} bytes; ${end} were asked for: it is damaged`;
    throw new RegistryError("INTEGRITY", message);
  }
  const what = `object ${key}`;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (start === end) return;
    const file = await onDisk(`reading ${what}`, dirname(path), () => disk.open(path, "r"));
    try {
      yield* readSpan(file, { start, end, what, root: dirname(path) });
    } finally {
      await file.close();
    }
  }
  return { [Symbol.asyncIterator]: pieces, release: releasePiece };
}

/** In the order of keys, a folder at a time: at most one folder's names are held for each level. */
async function* listUnder(
  disk: Disk,
  root: string,
  prefix: string,
  after: string,
): AsyncIterable<ObjectInfo> {
  const cut = prefix.lastIndexOf("/") + 1;
  if (cut > 0) checkObjectKey(prefix.slice(0, cut - 1));
  yield* listFolder({ disk, root }, prefix.slice(0, cut), prefix, after);
}

async function* listFolder(
  place: { readonly disk: Disk; readonly root: string },
  folder: string,
  prefix: string,
  after: string,
): AsyncIterable<ObjectInfo> {
  const { disk, root } = place;
  const entries = await onDisk(`listing objects ${folder}`, root, () =>
    orNull(disk.readdir(join(root, folder), { withFileTypes: true })),
  );
  const keys = (entries ?? [])
    .filter(({ name }) => !name.startsWith("."))
    .map((entry) => folder + entry.name + (entry.isDirectory() ? "/" : ""))
    .filter((key) => key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key)))
    .toSorted((a, b) => (a < b ? -1 : 1));
  for (const key of keys) {
    if (key.endsWith("/")) {
      // Everything in it is before `after` if the whole folder is.
      if (key > after || after.startsWith(key)) yield* listFolder(place, key, prefix, after);
    } else if (key > after) {
      const facts = await onDisk(`listing objects ${folder}`, root, () =>
        orNull(disk.stat(join(root, key))),
      );
      if (facts) yield { key, size: facts.size, modified: facts.mtime };
    }
  }
}

/** What `work` gives, or null where there is no such file. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error) || (error as { code?: unknown }).code === "ENOTDIR") return null;
    throw error;
  }
}
