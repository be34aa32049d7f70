import {
  algorithmOf,
  asDigest,
  asReference,
  digestOf,
  isManifestType,
  mediaTypeOf,
  MANIFEST_LIMIT_BYTES,
  parseTag,
  RegistryError,
} from "@entrepot/oci";
import type { Bytes, Descriptor, Digest } from "@entrepot/oci";
import { bytesOf, collect, verified } from "@entrepot/registry";
import type { Repository } from "@entrepot/registry";
import { header } from "../wire/index.ts";
import { fallbackTag } from "./fallback-tag.ts";
import type { KnownManifest } from "./manifest-memory.ts";
import { manifestRequests } from "./manifest-requests.ts";
import { manifestTags } from "./manifest-tags.ts";
import type { Remote } from "./remote.ts";

/** Answers that mean: I do not delete tags. */
const NO_TAG_DELETION = new Set([
  "BAD_REQUEST",
  "DIGEST_INVALID",
  "METHOD_NOT_ALLOWED",
  "TAG_INVALID",
  "UNSUPPORTED",
]);

/** Manifests and tags of the remote repository `name`. */
export function remoteManifests(
  remote: Remote,
  name: string,
): Pick<Repository, "resolve" | "tag" | "delete"> & {
  fetchManifest(content: Descriptor): Promise<Bytes>;
  pushManifest(content: Descriptor, bytes: Bytes, tags?: readonly string[]): Promise<void>;
} {
  const requests = manifestRequests(remote, name);
  const { putUnder, putWithTags } = manifestTags(remote, name, requests);
  const fallback = fallbackTag(remote, name, requests);

  return {
    async resolve(reference) {
      if (!asReference(reference)) return null;
      const head = await requests.head(reference);
      if (!head) return null;
      const described = descriptorIn(head.headers, asDigest(reference));
      if (described) return described;
      const manifest = await requests.get(reference);
      if (!manifest) return null;
      const { bytes, mediaType } = manifest;
      const digest = asDigest(reference) ?? digestOf(bytes);
      return { mediaType, digest, size: bytes.length };
    },

    async fetchManifest({ digest, mediaType }) {
      const manifest = await requests.get(digest, mediaType);
      if (!manifest) throw unknown(remote, name, digest);
      if (isTrue(manifest, digest)) remote.manifests.set(name, digest, manifest);
      return bytesOf(manifest.bytes);
    },

    async pushManifest(content, bytes, tags = []) {
      tags.forEach(parseTag);
      const whole = await collect(verified(bytes, content), MANIFEST_LIMIT_BYTES);
      const manifest = { bytes: whole, mediaType: content.mediaType };
      const answer = await putWithTags(content.digest, manifest, tags);
      remote.manifests.set(name, content.digest, manifest);
      if (!answer.knowsSubject) await fallback.add(content.digest, manifest);
    },

    async tag(tag, digest) {
      parseTag(tag);
      const manifest = remote.manifests.get(name, digest) ?? (await requests.get(digest));
      if (!manifest) throw unknown(remote, name, digest);
      if (!isTrue(manifest, digest)) {
        const message = `GET ${name}@${digest} at ${remote.root}: the manifest is damaged there`;
        throw new RegistryError("DIGEST_INVALID", message);
      }
      await putUnder(tag, digest, manifest);
      remote.manifests.set(name, digest, manifest);
    },

    async delete(reference) {
      const { tag, digest } = asReference(reference) ?? {};
      if (digest) {
        remote.manifests.drop(name, digest);
        return await fallback.around(digest, () => requests.delete(digest));
      }
      if (tag === undefined) return false;
      return await requests.delete(tag).catch((error: unknown) => {
        if (!(error instanceof RegistryError) || !NO_TAG_DELETION.has(error.code)) throw error;
        // Deleting the digest instead would take all other tags of the manifest with it.
        const message = `DELETE ${name}:${tag} at ${remote.root}: it cannot delete a tag alone`;
        throw new RegistryError("UNSUPPORTED", message, { cause: error });
      });
    },
  };
}

function descriptorIn(
  headers: { get(name: string): string | null },
  asked: Digest | null,
): Descriptor | null {
  const mediaType = mediaTypeOf(headers.get("content-type") ?? "");
  const digest = asked ?? asDigest(headers.get(header.CONTENT_DIGEST) ?? "");
  const length = headers.get("content-length");
  if (!digest || length === null || !isManifestType(mediaType)) return null;
  return { mediaType, digest, size: Number(length) };
}

function isTrue({ bytes }: KnownManifest, digest: Digest): boolean {
  return digestOf(bytes, algorithmOf(digest)) === digest;
}

function unknown(remote: Remote, name: string, digest: Digest): RegistryError {
  const message = `${digest} is not in ${name} at ${remote.root}`;
  return new RegistryError("MANIFEST_UNKNOWN", message, { detail: { digest } });
}
