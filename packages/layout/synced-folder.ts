import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  asReference,
  type Bytes,
  type Descriptor,
  type Digest,
  digestOf,
  hexOf,
  isManifestType,
  mediaTypes,
  parseManifest,
  RegistryError,
} from "@entrepot/oci";
import { bytesOf, type CopySource } from "@entrepot/registry";

const MOST_DEPTH = 8;
const LEAF = /^(?<name>[^:@]+):(?<tag>[\w][\w.-]{0,127})$/;

/** A folder that `skopeo sync` wrote: an image per folder `…/name:tag`, each a skopeo `dir:`. */
export interface SyncedFolder {
  /** Tags by repository. A registry's host in front (`--scoped`) is no part of the name. */
  readonly images: ReadonlyMap<string, ReadonlyMap<string, string>>;
  repository(name: string): CopySource;
}

/** Reads the names in `folder`; null if there are none. Source: containers/image, directory. */
export async function syncedFolder(folder: string): Promise<SyncedFolder | null> {
  const images = new Map<string, Map<string, string>>();
  await findImages(folder, [], images);
  if (images.size === 0) return null;
  return { images, repository: (name) => repositoryIn(name, images.get(name) ?? new Map()) };
}

async function findImages(
  folder: string,
  above: readonly string[],
  images: Map<string, Map<string, string>>,
): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    const { name, tag } = LEAF.exec(entry.name)?.groups ?? {};
    if (name && tag && (await sizeOf(join(path, "manifest.json"))) !== null) {
      const repository = withoutHost([...above, name]).join("/");
      const tags = images.get(repository) ?? new Map<string, string>();
      images.set(repository, tags.set(tag, path));
    } else if (above.length < MOST_DEPTH) {
      await findImages(path, [...above, entry.name], images);
    }
  }
}

function withoutHost(parts: readonly string[]): readonly string[] {
  const [first = ""] = parts;
  return parts.length > 1 && /[.:]|^localhost$/.test(first) ? parts.slice(1) : parts;
}

function repositoryIn(name: string, tags: ReadonlyMap<string, string>): CopySource {
  const folders = [...tags.values()];
  const manifestOf = async (digest: Digest): Promise<Buffer | null> => {
    for (const folder of folders) {
      for (const file of [`${hexOf(digest)}.manifest.json`, "manifest.json"]) {
        const bytes = await readFile(join(folder, file)).catch(absent);
        if (bytes && digestOf(bytes) === digest) return bytes;
      }
    }
    return null;
  };
  const blobOf = async (digest: Digest): Promise<{ path: string; size: number } | null> => {
    for (const folder of folders) {
      const path = join(folder, hexOf(digest));
      const size = await sizeOf(path);
      if (size !== null) return { path, size };
    }
    return null;
  };
  return {
    name,
    async resolve(reference) {
      const { tag, digest } = asReference(reference) ?? {};
      const folder = tags.get(tag ?? "");
      const bytes = digest
        ? await manifestOf(digest)
        : folder && (await readFile(join(folder, "manifest.json")));
      if (!bytes) return null;
      const { mediaType } = parseManifest(bytes);
      return { mediaType, digest: digestOf(bytes), size: bytes.length };
    },
    async stat(digest) {
      const found = await blobOf(digest);
      return found && { mediaType: mediaTypes.bytes, digest, size: found.size };
    },
    async fetch(content, range) {
      const isManifest = isManifestType(content.mediaType);
      const manifest = isManifest ? await manifestOf(content.digest) : null;
      if (manifest) return bytesOf(manifest);
      const blob = isManifest ? null : await blobOf(content.digest);
      if (blob) return read(blob.path, range);
      throw unknown(isManifest ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN", name, content);
    },
    // Skopeo carries none over.
    referrers: async () => ({ items: [], next: null }),
  };
}

async function* read(path: string, range?: { start: number; length?: number }): Bytes {
  const { start = 0, length } = range ?? {};
  if (length === 0) return;
  const end = length === undefined ? undefined : start + length - 1;
  yield* createReadStream(path, { start, ...(end !== undefined && { end }) });
}

async function sizeOf(path: string): Promise<number | null> {
  const facts = await stat(path).catch(absent);
  return facts?.isFile() ? facts.size : null;
}

function absent(error: unknown): null {
  if ((error as { code?: unknown }).code === "ENOENT") return null;
  throw error;
}

function unknown(
  code: "BLOB_UNKNOWN" | "MANIFEST_UNKNOWN",
  name: string,
  { digest }: Descriptor,
): RegistryError {
  const message = `${digest} is not in the folder of ${name}; sync it again`;
  return new RegistryError(code, message, { detail: { digest } });
}
