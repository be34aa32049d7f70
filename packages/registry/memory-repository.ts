import {
  artifactTypeOf,
  asReference,
  childrenOf,
  isManifestType,
  isNonDistributable,
  MANIFEST_LIMIT_BYTES,
  mediaTypes,
  parseManifest,
  parseTag,
  referrerOf,
  RegistryError,
  type Descriptor,
  type Digest,
  type Manifest,
} from "@entrepot/oci";
import { bytesOf, collect, verified } from "./bytes.ts";
import { memoryUploads, type MemoryUpload } from "./memory-uploads.ts";
import { pageOf } from "./page.ts";
import type { ByteRange, Repository } from "./ports.ts";

/** What one repository in memory holds. */
export interface MemoryContents {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, { readonly bytes: Uint8Array; readonly manifest: Manifest }>;
  readonly tags: Map<string, Digest>;
  readonly uploads: Map<string, MemoryUpload>;
}

/** The repository `name` among `all`. It exists from the first thing that is put into it. */
export function memoryRepository(name: string, all: Map<string, MemoryContents>): Repository {
  const read = () => all.get(name) ?? emptyContents();
  const write = () => {
    const contents = read();
    all.set(name, contents);
    return contents;
  };
  return {
    name,
    ...memoryUploads(name, read, write),
    ...reading(name, read),
    ...lists(name, read, () => all.has(name)),
    ...writing(name, read, write),
    ...deleting(read),
    async mount(content, from) {
      const sources = from === undefined ? [...all.values()] : [all.get(from)];
      const bytes = sources.map((source) => source?.blobs.get(content.digest)).find(Boolean);
      if (bytes) write().blobs.set(content.digest, bytes);
      return bytes !== undefined;
    },
  };
}

function reading(
  name: string,
  read: () => MemoryContents,
): Pick<Repository, "resolve" | "stat" | "fetch"> {
  return {
    async resolve(reference) {
      const { tag, digest = read().tags.get(tag ?? "") } = asReference(reference) ?? {};
      const found = digest && read().manifests.get(digest);
      if (!found) return null;
      return { mediaType: found.manifest.mediaType, digest, size: found.bytes.length };
    },
    async stat(digest) {
      const bytes = read().blobs.get(digest);
      return bytes ? { mediaType: mediaTypes.bytes, digest, size: bytes.length } : null;
    },
    async fetch(content, range) {
      if (isManifestType(content.mediaType)) {
        const found = read().manifests.get(content.digest);
        if (!found) throw unknown("MANIFEST_UNKNOWN", name, content.digest);
        return bytesOf(found.bytes);
      }
      const bytes = read().blobs.get(content.digest);
      if (!bytes) throw unknown("BLOB_UNKNOWN", name, content.digest);
      return bytesOf(range ? partOf(bytes, range) : bytes);
    },
  };
}

function writing(
  name: string,
  read: () => MemoryContents,
  write: () => MemoryContents,
): Pick<Repository, "push" | "tag"> {
  return {
    async push(content, bytes, tags = []) {
      if (!isManifestType(content.mediaType)) {
        const whole = await collect(verified(bytes, content), content.size);
        write().blobs.set(content.digest, whole);
        return;
      }
      tags.forEach(parseTag);
      const limit = Math.min(content.size, MANIFEST_LIMIT_BYTES);
      const whole = await collect(verified(bytes, content), limit);
      const manifest = parseManifest(whole, content.mediaType);
      checkChildren(name, read(), manifest);
      const contents = write();
      contents.manifests.set(content.digest, { bytes: whole, manifest });
      for (const tag of tags) contents.tags.set(tag, content.digest);
    },
    async tag(tag, digest) {
      parseTag(tag);
      if (!read().manifests.has(digest)) throw unknown("MANIFEST_UNKNOWN", name, digest);
      read().tags.set(tag, digest);
    },
  };
}

function lists(
  name: string,
  read: () => MemoryContents,
  exists: () => boolean,
): Pick<Repository, "tags" | "referrers"> {
  return {
    async tags(query) {
      if (!exists()) {
        throw new RegistryError("NAME_UNKNOWN", `there is no repository ${name}; push to it first`);
      }
      return pageOf([...read().tags.keys()].toSorted(), (tag) => tag, query);
    },
    async referrers(subject, query = {}) {
      const referrers: Descriptor[] = [];
      for (const [digest, { manifest, bytes }] of read().manifests) {
        if (manifest.subject?.digest !== subject) continue;
        if (query.artifactType && query.artifactType !== artifactTypeOf(manifest)) continue;
        referrers.push(referrerOf(manifest, digest, bytes.length));
      }
      referrers.sort((a, b) => (a.digest < b.digest ? -1 : 1));
      return pageOf(referrers, (referrer) => referrer.digest, query);
    },
  };
}

function deleting(read: () => MemoryContents): Pick<Repository, "delete" | "deleteBlob"> {
  return {
    async delete(reference) {
      const { tag, digest } = asReference(reference) ?? {};
      const { manifests, tags } = read();
      if (!digest) return tags.delete(tag ?? "");
      for (const [name, tagged] of tags) if (tagged === digest) tags.delete(name);
      return manifests.delete(digest);
    },
    async deleteBlob(digest) {
      return read().blobs.delete(digest);
    },
  };
}

function checkChildren(name: string, contents: MemoryContents, manifest: Manifest): void {
  const children = childrenOf(manifest);
  const missing =
    children.blobs.find((blob) => !isNonDistributable(blob) && !contents.blobs.has(blob.digest)) ??
    children.manifests.find((child) => !contents.manifests.has(child.digest));
  if (!missing) return;
  throw new RegistryError(
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest names ${missing.digest}, which is not in ${name}; push that first`,
    { detail: { digest: missing.digest } },
  );
}

function partOf(bytes: Uint8Array, { start, length }: ByteRange): Uint8Array {
  const end = length === undefined ? bytes.length : start + length;
  if (start >= 0 && start <= end && end <= bytes.length) return bytes.subarray(start, end);
  throw new RegistryError(
    "RANGE_INVALID",
    `bytes ${start} to ${end} are not within a blob of ${bytes.length}`,
  );
}

function emptyContents(): MemoryContents {
  return { blobs: new Map(), manifests: new Map(), tags: new Map(), uploads: new Map() };
}

function unknown(
  code: "BLOB_UNKNOWN" | "MANIFEST_UNKNOWN",
  name: string,
  digest: Digest,
): RegistryError {
  return new RegistryError(code, `${digest} is not in ${name}`, { detail: { digest } });
}
