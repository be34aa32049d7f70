import { asDigest, type Descriptor, type Digest, isManifestType, parseTag } from "@entrepot/oci";
import { RegistryError } from "@entrepot/oci";
import { bytesOf, collect, type Repository } from "@entrepot/registry";
import { deleteBlob, deleteManifest } from "./delete-content.ts";
import { deleteTag } from "./delete-tag.ts";
import { listReferrers, listTags } from "./listing.ts";
import { pushBlob, uploadOf } from "./push-blob.ts";
import { pushManifest, tagManifest } from "./push-manifest.ts";
import type { Doer, Room } from "./room.ts";

/**
 * The repository `name` of this registry, changed on behalf of `actor`. Every question is asked of
 * the catalog and the store as they are now: no cache decides that something exists.
 */
export function localRepository(doer: Doer, name: string): Repository {
  const { room } = doer;
  const { catalog, lookups, store } = room;
  const at = { ...doer, repository: name };

  return {
    name,

    async resolve(reference) {
      const isName = asDigest(reference) !== null || parseTag(reference) !== null;
      return isName ? lookups.manifest({ repository: name, reference }) : null;
    },

    stat: (digest) => statBlob(room, name, digest),

    async fetch(content, range) {
      if (isManifestType(content.mediaType)) {
        const bytes = await room.manifestBytes.get(name, content.digest);
        if (bytes) return bytesOf(bytes);
        throw new RegistryError(
          "MANIFEST_UNKNOWN",
          `manifest ${content.digest} is not in repository '${name}'`,
        );
      }
      if ((await lookups.blob({ repository: name, digest: content.digest })) === null) {
        throw new RegistryError(
          "BLOB_UNKNOWN",
          `blob ${content.digest} is not in repository '${name}'`,
        );
      }
      return store.read(content.digest, range);
    },

    ...(store.locate && {
      async locate({ digest }) {
        const isHere = (await lookups.blob({ repository: name, digest })) !== null;
        return isHere ? store.locate!(digest) : null;
      },
    }),

    async push(content, bytes, tags = []) {
      if (!isManifestType(content.mediaType)) return pushBlob(at, content, bytes);
      await pushManifest(at, content, await collect(bytes, content.size), tags);
    },

    mount: (content, from) => mountBlob(room, name, content.digest, from),

    async startUpload(algorithm) {
      return uploadOf(at, await store.start(name, algorithm));
    },

    async resumeUpload(id) {
      const draft = await store.resume(name, id);
      return draft && uploadOf(at, draft);
    },

    tag: (tag, digest) => tagManifest(at, tag, digest),
    tags: (query) => listTags(catalog, name, query),
    referrers: (digest, query) => listReferrers(catalog, name, digest, query),

    async delete(reference) {
      const digest = asDigest(reference);
      return digest ? deleteManifest(at, digest) : deleteTag(at, reference);
    },

    deleteBlob: (digest) => deleteBlob(at, digest),
  };
}

/** The blob, if `repository` has it and its bytes lie in the store whole: else a push heals it. */
async function statBlob(
  { lookups, store }: Room,
  repository: string,
  digest: Digest,
): Promise<Descriptor | null> {
  const size = await lookups.blob({ repository, digest });
  // Mostly asked of what is about to be pushed: then the store is not asked in vain.
  if (size === null || size !== (await store.stat(digest))) return null;
  return { mediaType: "application/octet-stream", digest, size };
}

async function mountBlob(
  { catalog, lookups, store }: Room,
  repository: string,
  digest: Digest,
  from?: string,
): Promise<boolean> {
  let rows = catalog.db.selectFrom("repository_blob").select("size").where("digest", "=", digest);
  if (from !== undefined) rows = rows.where("repository", "=", from);
  const source = await rows.limit(1).executeTakeFirst();
  if (!source || (await store.stat(digest)) !== source.size) return false;
  return lookups.addBlob({ repository, digest, size: source.size });
}
