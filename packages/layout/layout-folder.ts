import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { algorithmOf, type Bytes, type Digest, hexOf, RegistryError } from "@entrepot/oci";
import { verified } from "@entrepot/registry";
import { isMissing, onDisk } from "./disk-failure.ts";
import { folderUploads } from "./folder-uploads.ts";
import { indexWriter } from "./index-writer.ts";
import type { LayoutFiles } from "./layout-files.ts";
import {
  checkLayoutFile,
  EMPTY_INDEX,
  INDEX_LIMIT_BYTES,
  type LayoutIndex,
  OCI_LAYOUT,
  parseLayoutIndex,
} from "./layout-index.ts";
import { readSpan, spanOf } from "./read-part.ts";
import { takeLock } from "./write-lock.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
/** Where files arrive before they are whole; oras calls it the same. */
const INGEST = "ingest";
const INDEX = "index.json";
const FOLDERS: readonly string[] = ["blobs", "blobs/sha256", "blobs/sha512", INGEST];

/**
 * The OCI layout in the folder `path`: an empty or missing folder becomes one when first written
 * to. Every file appears whole (temporary file, fsync, rename, fsync of its folder), writers of
 * index.json queue up behind a lock file, and symbolic links are not followed.
 */
export function layoutFolder(path: string): LayoutFiles {
  const place = (digest: Digest) => join(path, "blobs", algorithmOf(digest), hexOf(digest));
  const readIndex = indexReader(path);
  let safe: Promise<void> | undefined;
  const checked = () => (safe ??= checkFolders(path));
  let ready: Promise<void> | undefined;
  const prepare = async () => {
    await (ready ??= prepareFolder(path)).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
  };

  async function write(content: { digest: Digest; size: number }, bytes: Bytes): Promise<void> {
    await prepare();
    const draft = join(path, INGEST, randomUUID());
    await onDisk(`writing ${content.digest} into ${path}`, async () => {
      try {
        await writeFile(draft, verified(bytes, content));
        await moveInto(draft, place(content.digest));
      } catch (error) {
        await unlink(draft).catch(() => undefined);
        throw error;
      }
    });
  }

  return {
    path,
    async sizeOf(digest) {
      const found = await ifThere(lstat(place(digest)));
      return found?.isFile() ? found.size : null;
    },
    async read(digest, range) {
      await checked();
      const file = await ifThere(openPlain(place(digest)));
      if (!file) return null;
      try {
        const { size } = await file.stat();
        return readSpan(file, spanOf({ offset: 0, size }, range), "close");
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    write,
    index: readIndex,
    changeIndex: indexWriter({
      lock: async () => {
        await prepare();
        return takeLock(join(path, `${INDEX}.lock`));
      },
      read: readIndex,
      write: (index) => replaceFile(path, INDEX, JSON.stringify(index)),
    }),
    uploads: (name) =>
      folderUploads({ folder: join(path, INGEST), name, prepare, place, moveInto }),
    close: async () => undefined,
  };
}

function indexReader(path: string): () => Promise<LayoutIndex> {
  let known: { key: string; index: LayoutIndex } | undefined;
  return async () => {
    const file = await ifThere(openPlain(join(path, INDEX)));
    if (!file) return checkEmpty(path);
    try {
      const { ino, size, mtimeMs, ctimeMs } = await file.stat();
      const key = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (known?.key === key) return known.index;
      if (size > INDEX_LIMIT_BYTES) {
        throw new RegistryError("UNSUPPORTED", `${path}/${INDEX} is larger than is read`);
      }
      checkLayoutFile(await textOf(join(path, "oci-layout"), path), path);
      known = { key, index: parseLayoutIndex(await file.readFile("utf8"), path) };
      return known.index;
    } finally {
      await file.close();
    }
  };
}

async function textOf(file: string, path: string): Promise<string> {
  const handle = await ifThere(openPlain(file));
  if (!handle) {
    throw new RegistryError("UNSUPPORTED", `${path} has no file oci-layout: it is no OCI layout`);
  }
  try {
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** The index of a folder that holds nothing yet. Throws NOT_FOUND, or UNSUPPORTED for another's. */
async function checkEmpty(path: string): Promise<LayoutIndex> {
  const names = await ifThere(readdir(path));
  if (!names) throw new RegistryError("NOT_FOUND", `there is no folder ${path}`);
  const others = names.filter((name) => !["blobs", INGEST, "oci-layout"].includes(name));
  if (others.every((name) => name.startsWith(`${INDEX}.`))) return EMPTY_INDEX;
  throw new RegistryError(
    "UNSUPPORTED",
    `${path} is no OCI layout: it has no ${INDEX}, but holds ${others[0]}`,
  );
}

async function prepareFolder(path: string): Promise<void> {
  await onDisk(`making the layout ${path}`, async () => {
    await mkdir(path, { recursive: true });
    if (!(await ifThere(lstat(join(path, INDEX))))) await checkEmpty(path);
    await checkFolders(path);
    for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true });
    if (!(await ifThere(stat(join(path, "oci-layout"))))) {
      await replaceFile(path, "oci-layout", OCI_LAYOUT);
    }
  });
}

/** Throws UNSUPPORTED where a layout's own folder is a link, or else no folder. */
async function checkFolders(path: string): Promise<void> {
  for (const folder of FOLDERS) {
    const found = await ifThere(lstat(join(path, folder)));
    if (!found || found.isDirectory()) continue;
    throw new RegistryError("UNSUPPORTED", `${join(path, folder)} is no folder`);
  }
}

async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const draft = join(folder, INGEST, randomUUID());
  await onDisk(`writing ${join(folder, name)}`, async () => {
    await writeFile(draft, [Buffer.from(text)]);
    await moveInto(draft, join(folder, name));
  });
}

async function writeFile(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    for await (const chunk of bytes) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives the synced file `draft` its place, to stay there after a crash. */
async function moveInto(draft: string, place: string): Promise<void> {
  await rename(draft, place);
  const folder = await open(join(place, ".."), O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Opens a file itself, never what a symbolic link points to. */
function openPlain(path: string): Promise<FileHandle> {
  return open(path, O_RDONLY | O_NOFOLLOW);
}

async function ifThere<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
