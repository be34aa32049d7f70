import {
  asReference,
  childrenOf,
  type Descriptor,
  isManifestType,
  isNonDistributable,
  type Manifest,
  MANIFEST_LIMIT_BYTES,
  mediaTypes,
  parseManifest,
  parseTag,
  RegistryError,
} from "@entrepot/oci";
import { bytesOf, collect, pageOf, type Repository, verified } from "@entrepot/registry";
import { withManifest, withoutManifest, withoutTag } from "./index-changes.ts";
import type { LayoutFiles } from "./layout-files.ts";
import type { LayoutView } from "./layout-view.ts";
import type { RefNames } from "./ref-names.ts";

/** The repository `name` of the layout `files`. It exists from its first manifest. */
export function layoutRepository(
  name: string,
  files: LayoutFiles,
  names: RefNames,
  view: LayoutView,
): Repository {
  const reading = readings(name, files, view);
  return {
    name,
    ...files.uploads(name),
    ...reading,
    ...writings(name, files, names, reading),

    async tags(query) {
      const repository = (await view.now()).repositories.get(name);
      if (repository) return pageOf([...repository.tags.keys()].toSorted(), (tag) => tag, query);
      throw new RegistryError("NAME_UNKNOWN", `there is no repository ${name} in ${files.path}`);
    },

    async referrers(digest, query = {}) {
      const found = await view.referrers(name, digest, query.artifactType);
      return pageOf(found, (referrer) => referrer.digest, query);
    },

    async deleteBlob(digest) {
      if ((await files.sizeOf(digest)) === null) return false;
      throw new RegistryError(
        "UNSUPPORTED",
        `blobs belong to the whole layout ${files.path}, so ${name} alone cannot delete ${digest}`,
      );
    },
  };
}

function readings(
  name: string,
  files: LayoutFiles,
  view: LayoutView,
): Pick<Repository, "resolve" | "stat" | "fetch" | "mount"> {
  const resolve: Repository["resolve"] = async (reference) => {
    const { tag, digest } = asReference(reference) ?? {};
    const repository = (await view.now()).repositories.get(name);
    if (!repository) return null;
    if (!digest) return repository.tags.get(tag ?? "") ?? null;
    const listed = repository.listed.get(digest);
    return listed ?? (await view.manifests(name)).get(digest) ?? null;
  };
  return {
    resolve,
    async stat(digest) {
      const size = await files.sizeOf(digest);
      return size === null ? null : { mediaType: mediaTypes.bytes, digest, size };
    },
    async fetch(content, range) {
      const isManifest = isManifestType(content.mediaType);
      const known = !isManifest || (await resolve(content.digest)) !== null;
      const bytes = known ? await files.read(content.digest, range) : null;
      if (bytes) return bytes;
      throw unknown(isManifest ? "MANIFEST_UNKNOWN" : "BLOB_UNKNOWN", name, content.digest);
    },
    mount: async (content) => (await files.sizeOf(content.digest)) !== null,
  };
}

function writings(
  name: string,
  files: LayoutFiles,
  names: RefNames,
  { resolve }: Pick<Repository, "resolve">,
): Pick<Repository, "push" | "tag" | "delete"> {
  return {
    async push(content, bytes, tags = []) {
      if (!isManifestType(content.mediaType)) return files.write(content, bytes);
      tags.forEach(parseTag);
      const limit = Math.min(content.size, MANIFEST_LIMIT_BYTES);
      const whole = await collect(verified(bytes, content), limit);
      const manifest = parseManifest(whole, content.mediaType);
      await checkChildren(name, files, manifest);
      await files.write(content, bytesOf(whole));
      const stored = { mediaType: manifest.mediaType, digest: content.digest, size: whole.length };
      const within = childrenOf(manifest).manifests.map((child) => child.digest);
      await files.changeIndex((index) =>
        withManifest(index, names, { repository: name, content: stored, tags, within }),
      );
    },

    async tag(tag, digest) {
      parseTag(tag);
      const content = await resolve(digest);
      if (!content) throw unknown("MANIFEST_UNKNOWN", name, digest);
      const put = { repository: name, content: asListed(content), tags: [tag], within: [] };
      await files.changeIndex((index) => withManifest(index, names, put));
    },

    async delete(reference) {
      const { tag, digest } = asReference(reference) ?? {};
      const found = await resolve(reference);
      if (!found) return false;
      let deleted = false;
      await files.changeIndex((index) => {
        const after = digest
          ? withoutManifest(index, names, name, digest)
          : withoutTag(index, names, name, tag!);
        deleted = after !== index;
        return after;
      });
      if (deleted || !digest || !(await resolve(digest))) return deleted;
      throw new RegistryError("DENIED", `${digest} is part of an index; delete that first`);
    },
  };
}

const asListed = ({ mediaType, digest, size }: Descriptor): Descriptor => ({
  mediaType,
  digest,
  size,
});

async function checkChildren(name: string, files: LayoutFiles, manifest: Manifest): Promise<void> {
  const { blobs, manifests } = childrenOf(manifest);
  for (const child of [...blobs.filter((blob) => !isNonDistributable(blob)), ...manifests]) {
    if ((await files.sizeOf(child.digest)) !== null) continue;
    throw new RegistryError(
      "MANIFEST_BLOB_UNKNOWN",
      `the manifest names ${child.digest}, which is not in ${name}; push that first`,
      { detail: { digest: child.digest } },
    );
  }
}

function unknown(
  code: "BLOB_UNKNOWN" | "MANIFEST_UNKNOWN",
  name: string,
  digest: string,
): RegistryError {
  return new RegistryError(code, `${digest} is not in ${name}`, { detail: { digest } });
}
