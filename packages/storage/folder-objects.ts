import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { RegistryError } from "@entrepot/oci";
import type { Bytes } from "@entrepot/oci";
import { isMissing, onDisk, realDisk } from "./disk.ts";
import { syncFolder } from "./layout.ts";
import { checkObjectKey } from "./object-key.ts";
import type { ObjectInfo, ObjectStore } from "./objects.ts";

/** Files that are being written. A key cannot begin with a dot. */
const WRITING = ".writing";
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Objects as files under `root`, each under its key. A key that goes on where another ends (`a/b`
 * beside `a`) is refused by the disk, with UNAVAILABLE as everything that it refuses. The folder is
 * made if it is missing; files that a killed process left half-written are removed after a day.
 */
export async function openFolderObjects(folder: string): Promise<ObjectStore> {
  const root = resolve(folder);
  const made = new Set<string>();
  await onDisk("opening the folder of objects", root, async () => {
    await makeFolder(join(root, WRITING), made);
    await sweep(join(root, WRITING));
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
      await makeFolder(dirname(path), made);
      try {
        await writeSynced(temporary, bytes);
        const placed = await place(temporary, path);
        await syncFolder(realDisk, dirname(path));
        return placed;
      } finally {
        await unlink(temporary).catch(() => undefined); // renamed, as a rule
      }
    });
  }

  async function infoOf(key: string): Promise<ObjectInfo | null> {
    const facts = await orNull(stat(join(root, checkObjectKey(key))));
    return facts?.isFile() ? { key, size: facts.size, modified: facts.mtime } : null;
  }

  return {
    put: (key, bytes) => write(key, bytes, rename),
    putIfAbsent: (key, bytes) =>
      write(key, [bytes], (temporary, path) =>
        link(temporary, path).then(
          () => true,
          (error: unknown) => {
            if ((error as { code?: unknown }).code === "EEXIST") return false;
            throw error;
          },
        ),
      ),
    get: (key, range) =>
      onDisk(`reading object ${key}`, root, () =>
        read(join(root, checkObjectKey(key)), key, range),
      ),
    stat: (key) => onDisk(`looking for object ${key}`, root, () => infoOf(key)),
    list: (prefix, after = "") => listUnder(root, prefix, after),
    remove: (key) =>
      onDisk(`removing object ${key}`, root, async () => {
        if ((await infoOf(key)) === null) return false;
        const path = join(root, key);
        const removed = await orNull(unlink(path).then(() => true));
        await syncFolder(realDisk, dirname(path));
        return removed ?? false;
      }),
    close: () => Promise.resolve(),
  };
}

/** `folder` and those above it, each one's name synced. Asked once per process for each. */
async function makeFolder(folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return;
  const topmost = await mkdir(folder, { recursive: true });
  // One that is there may be another process's, which has not synced it yet.
  let above = dirname(folder);
  await syncFolder(realDisk, above);
  while (topmost !== undefined && above.length >= topmost.length) {
    above = dirname(above);
    await syncFolder(realDisk, above);
  }
  made.add(folder);
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await orNull(stat(path));
    if (facts && Date.now() - facts.mtimeMs > ABANDONED_MS) await orNull(unlink(path));
  }
}

async function writeSynced(path: string, bytes: Bytes | Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, "wx");
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
  path: string,
  key: string,
  range: { start: number; length?: number } | undefined,
): Promise<Bytes | null> {
  const facts = await orNull(stat(path));
  if (!facts?.isFile()) return null;
  const start = range?.start ?? 0;
  const end = range?.length === undefined ? Math.max(start, facts.size) : start + range.length;
  if (end > facts.size) {
    const message = `object ${key} has ${facts.size} bytes; ${end} were asked for: it is damaged`;
    throw new RegistryError("INTEGRITY", message);
  }
  return readFile(path, key, start, end);
}

async function* readFile(path: string, key: string, start: number, end: number): Bytes {
  if (start === end) return;
  // The stream opens the file with the first piece, and closes it however reading ends.
  const pieces = createReadStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 });
  let left = end - start;
  try {
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      left -= piece.length;
      yield piece;
    }
  } catch (error) {
    throw await onDisk(`reading object ${key}`, dirname(path), () => Promise.reject(error)).catch(
      (failure: unknown) => failure,
    );
  }
  if (left > 0) throw new RegistryError("INTEGRITY", `object ${key} ends ${left} bytes early`);
}

/** In the order of keys, a folder at a time: at most one folder's names are held for each level. */
async function* listUnder(root: string, prefix: string, after: string): AsyncIterable<ObjectInfo> {
  const cut = prefix.lastIndexOf("/") + 1;
  if (cut > 0) checkObjectKey(prefix.slice(0, cut - 1));
  yield* listFolder(root, prefix.slice(0, cut), prefix, after);
}

async function* listFolder(
  root: string,
  folder: string,
  prefix: string,
  after: string,
): AsyncIterable<ObjectInfo> {
  const entries = await onDisk(`listing objects ${folder}`, root, () =>
    orNull(readdir(join(root, folder), { withFileTypes: true })),
  );
  const keys = (entries ?? [])
    .filter(({ name }) => !name.startsWith("."))
    .map((entry) => folder + entry.name + (entry.isDirectory() ? "/" : ""))
    .filter((key) => key.startsWith(prefix) || (key.endsWith("/") && prefix.startsWith(key)))
    .toSorted((a, b) => (a < b ? -1 : 1));
  for (const key of keys) {
    if (key.endsWith("/")) {
      // Everything in it is before `after` if the whole folder is.
      if (key > after || after.startsWith(key)) yield* listFolder(root, key, prefix, after);
    } else if (key > after) {
      const facts = await onDisk(`listing objects ${folder}`, root, () =>
        orNull(stat(join(root, key))),
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
