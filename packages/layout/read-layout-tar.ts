import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { algorithmOf, type Digest, hexOf, RegistryError } from "@entrepot/oci";
import { collect } from "@entrepot/registry";
import { onDisk } from "./disk-failure.ts";
import type { LayoutFiles } from "./layout-files.ts";
import {
  checkLayoutFile,
  INDEX_LIMIT_BYTES,
  type LayoutIndex,
  parseLayoutIndex,
} from "./layout-index.ts";
import { readSpan, type Span, spanOf } from "./read-part.ts";
import { tarEntries } from "./tar-entries.ts";

/**
 * The OCI layout in the plain tar `path` (skopeo's `oci-archive`), for reading: its headers are
 * read once, its contents where they lie. Throws UNAVAILABLE if it cannot be opened, UNSUPPORTED if
 * it is no layout, INTEGRITY if it is cut off.
 */
export async function readLayoutTar(path: string): Promise<LayoutFiles> {
  const { O_NOFOLLOW, O_RDONLY } = constants;
  const file = await onDisk(`opening ${path}`, () => open(path, O_RDONLY | O_NOFOLLOW));
  try {
    const { files } = await tarEntries(file, path);
    const index = await indexIn(file, files, path);
    return tarFiles(path, file, files, index);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What index.json of a tar says; checks its file `oci-layout` too. Throws as `readLayoutTar`. */
export async function indexIn(
  file: FileHandle,
  files: ReadonlyMap<string, Span>,
  path: string,
): Promise<LayoutIndex> {
  const textAt = async (name: string) => {
    const span = files.get(name);
    if (!span)
      throw new RegistryError("UNSUPPORTED", `${path} has no ${name}: it is no OCI layout`);
    const bytes = await collect(readSpan(file, span, "keep"), INDEX_LIMIT_BYTES);
    return new TextDecoder().decode(bytes);
  };
  checkLayoutFile(await textAt("oci-layout"), path);
  return parseLayoutIndex(await textAt("index.json"), path);
}

/** Where a blob lies in a tar. */
export function tarPathOf(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

function tarFiles(
  path: string,
  file: FileHandle,
  files: ReadonlyMap<string, Span>,
  index: LayoutIndex,
): LayoutFiles {
  const readOnly = async (): Promise<never> => {
    throw new RegistryError("UNSUPPORTED", `${path} is a tar, and is only read`);
  };
  let closed: Promise<void> | undefined;
  return {
    path,
    sizeOf: async (digest) => files.get(tarPathOf(digest))?.size ?? null,
    async read(digest, range) {
      const span = files.get(tarPathOf(digest));
      return span ? readSpan(file, spanOf(span, range), "keep") : null;
    },
    write: readOnly,
    index: async () => index,
    changeIndex: readOnly,
    uploads: () => ({ startUpload: readOnly, resumeUpload: async () => null }),
    close: () => (closed ??= file.close()),
  };
}
