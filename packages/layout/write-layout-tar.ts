import { constants } from "node:fs";
import { copyFile, type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { type Bytes, type Digest, RegistryError } from "@entrepot/oci";
import { bytesOf, verified } from "@entrepot/registry";
import { isMissing, onDisk } from "./disk-failure.ts";
import type { LayoutFiles } from "./layout-files.ts";
import { EMPTY_INDEX, type LayoutIndex, OCI_LAYOUT } from "./layout-index.ts";
import { readSpan, type Span, spanOf } from "./read-part.ts";
import { indexIn, tarPathOf } from "./read-layout-tar.ts";
import { BLOCK_BYTES, tarEntries } from "./tar-entries.ts";
import { tarHeader, tarPadding } from "./tar-header.ts";
import { takeLock } from "./write-lock.ts";

/** A layout that is being written into a tar. */
export interface LayoutTarWriter extends LayoutFiles {
  /** Ends it without a result; what was at its place before stays as it was. */
  discard(): Promise<void>;
}

interface Draft {
  readonly path: string;
  readonly file: FileHandle;
  readonly files: Map<string, Span>;
  end: number;
}

/**
 * Writes an OCI layout into the plain tar `path`, which skopeo knows as `oci-archive`. What is
 * there already is kept and added to. Everything goes into `path.partial`; `close` gives it its
 * index.json and its name, so that a part is never mistaken for the whole. One writer at a time, by
 * a lock file; uploads in pieces are not taken (UNSUPPORTED).
 */
export async function writeLayoutTar(path: string): Promise<LayoutTarWriter> {
  const unlock = await takeLock(`${path}.lock`, 0);
  try {
    const { draft, index } = await onDisk(`writing ${path}`, () => openDraft(path));
    return tarWriter(path, draft, index, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function openDraft(path: string): Promise<{ draft: Draft; index: LayoutIndex }> {
  const partial = `${path}.partial`;
  await unlink(partial).catch(() => undefined);
  const isNew = await copyFile(path, partial, constants.COPYFILE_FICLONE).then(
    () => false,
    (error: unknown) => {
      if (isMissing(error)) return true;
      throw error;
    },
  );
  const file = await open(partial, isNew ? "wx+" : "r+");
  try {
    const draft = { path: partial, file, files: new Map<string, Span>(), end: 0 };
    if (isNew) {
      await append(draft, "oci-layout", OCI_LAYOUT.length, bytesOf(OCI_LAYOUT));
      return { draft, index: EMPTY_INDEX };
    }
    const { files, last, end } = await tarEntries(file, path);
    const index = await indexIn(file, files, path);
    for (const [name, span] of files) draft.files.set(name, span);
    // Our own index.json comes last and is replaced; another's stays behind, and the later counts.
    draft.end = last?.path === "index.json" ? last.offset : end;
    await file.truncate(draft.end);
    return { draft, index };
  } catch (error) {
    await file.close();
    await unlink(partial);
    throw error;
  }
}

function tarWriter(
  path: string,
  draft: Draft,
  first: LayoutIndex,
  unlock: () => Promise<void>,
): LayoutTarWriter {
  let index = first;
  let queue: Promise<unknown> = Promise.resolve();
  let ended: Promise<void> | undefined;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };
  const end = async (last: () => Promise<void>) => {
    try {
      await inTurn(() => onDisk(`writing ${path}`, last));
    } catch (error) {
      await unlink(draft.path).catch(() => undefined);
      throw error;
    } finally {
      await draft.file.close();
      await unlock();
    }
  };
  const spanAt = (digest: Digest) => draft.files.get(tarPathOf(digest));
  return {
    path,
    sizeOf: async (digest) => spanAt(digest)?.size ?? null,
    async read(digest, range) {
      const span = spanAt(digest);
      return span ? readSpan(draft.file, spanOf(span, range), "keep") : null;
    },
    write: (content, bytes) =>
      inTurn(async () => {
        if (spanAt(content.digest)?.size === content.size) return;
        const checked = verified(bytes, content);
        await onDisk(`writing ${content.digest} into ${path}`, () =>
          append(draft, tarPathOf(content.digest), content.size, checked),
        );
      }),
    index: async () => index,
    changeIndex: (change) =>
      inTurn(async () => {
        index = change(index);
      }),
    uploads: () => ({
      async startUpload() {
        throw new RegistryError("UNSUPPORTED", `${path} is a tar: it takes blobs only whole`);
      },
      resumeUpload: async () => null,
    }),
    close: () => (ended ??= end(() => finish(path, draft, index))),
    discard: () => (ended ??= end(() => unlink(draft.path))),
  };
}

async function finish(path: string, draft: Draft, index: LayoutIndex): Promise<void> {
  const text = Buffer.from(JSON.stringify(index));
  await append(draft, "index.json", text.length, bytesOf(text));
  await draft.file.write(Buffer.alloc(2 * BLOCK_BYTES), 0, null, draft.end);
  await draft.file.sync();
  await rename(draft.path, path);
  const folder = await open(dirname(path));
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Adds a file; what broke off is cut off again, and has never been there. */
async function append(draft: Draft, name: string, size: number, bytes: Bytes): Promise<void> {
  const { file, end: begin } = draft;
  let at = begin;
  const put = async (chunk: Uint8Array) => {
    for (let done = 0; done < chunk.length;) {
      done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
    }
    at += chunk.length;
  };
  try {
    await put(tarHeader(name, size));
    for await (const chunk of bytes) await put(chunk);
    await put(tarPadding(size));
  } catch (error) {
    await file.truncate(begin);
    throw error;
  }
  draft.files.set(name, { offset: begin + BLOCK_BYTES, size });
  draft.end = at;
}
