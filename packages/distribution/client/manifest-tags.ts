import { algorithmOf, RegistryError } from "@entrepot/oci";
import type { Digest } from "@entrepot/oci";
import type { KnownManifest } from "./manifest-memory.ts";
import type { ManifestRequests, PutAnswer } from "./manifest-requests.ts";
import type { Remote } from "./remote.ts";

/** Tags per request, so that the request line stays short. */
const MOST_TAGS = 40;

/** Storing manifests under tags in the remote repository `name`. Repeating is safe. */
export function manifestTags(remote: Remote, name: string, requests: ManifestRequests) {
  /** PUTs by tag hash with sha256, so a tag for any other digest must come with that digest. */
  async function putUnder(
    tag: string,
    digest: Digest,
    manifest: KnownManifest,
  ): Promise<PutAnswer> {
    const bySha256 = algorithmOf(digest) === "sha256";
    const answer = bySha256
      ? await requests.put(tag, manifest)
      : await requests.put(digest, manifest, [tag]);
    const wrong = answer.digest !== null && answer.digest !== digest;
    if (!wrong && (bySha256 || answer.tags.includes(tag))) return answer;
    const message = `PUT ${name}:${tag} at ${remote.root}: it cannot tag ${digest}`;
    throw new RegistryError("UNSUPPORTED", message);
  }

  /** In as few requests as the registry allows; without tags, under its digest alone. */
  async function putWithTags(
    digest: Digest,
    manifest: KnownManifest,
    tags: readonly string[],
  ): Promise<PutAnswer> {
    const [first, ...others] = tags;
    if (first === undefined) return await requests.put(digest, manifest);
    const atOnce = remote.multiTag && others.length > 0;
    const answer = atOnce
      ? await requests.put(digest, manifest, tags.slice(0, MOST_TAGS))
      : await putUnder(first, digest, manifest);
    // A registry that knows nothing of `?tag=` says so by naming none.
    const done = new Set(atOnce ? answer.tags : [first]);
    for (const tag of tags) if (!done.has(tag)) await putUnder(tag, digest, manifest);
    return answer;
  }

  return { putUnder, putWithTags };
}
