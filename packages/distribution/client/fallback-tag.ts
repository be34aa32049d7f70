import { cosignTagOf, mediaTypes, parseManifest, referrerOf } from "@entrepot/oci";
import type { Descriptor, Digest, Manifest } from "@entrepot/oci";
import type { KnownManifest } from "./manifest-memory.ts";
import type { ManifestRequests } from "./manifest-requests.ts";
import type { Remote } from "./remote.ts";

/**
 * Referrers at registries without an API for them: an index under a tag made of the subject's
 * digest, which clients keep. Source: distribution-spec § Referrers Tag Schema.
 */
export interface FallbackTag {
  /** The referrers of `subject`, as its index lists them; empty if there is none. */
  list(subject: Digest): Promise<readonly Descriptor[]>;
  /** Lists `manifest` under its subject, if it has one. Doing so again changes nothing. */
  add(digest: Digest, manifest: KnownManifest): Promise<void>;
  /** Does `remove`, which deletes the manifest `digest`, then takes it off its subject's list. */
  around(digest: Digest, remove: () => Promise<boolean>): Promise<boolean>;
}

/** The fallback tags of the remote repository `name`. Updates of one tag wait for each other. */
export function fallbackTag(
  remote: Remote,
  name: string,
  requests: Pick<ManifestRequests, "get" | "put">,
): FallbackTag {
  async function list(subject: Digest): Promise<readonly Descriptor[]> {
    const found = await requests.get(cosignTagOf(subject));
    return (found && manifestView(found)?.manifests) ?? [];
  }

  async function change(
    subject: Digest,
    edit: (list: readonly Descriptor[]) => readonly Descriptor[],
  ): Promise<void> {
    const before = await list(subject);
    const manifests = edit(before);
    if (manifests === before) return;
    const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
    const bytes = Buffer.from(JSON.stringify(index));
    await requests.put(cosignTagOf(subject), { bytes, mediaType: mediaTypes.ociIndex });
  }

  /** Two writers of one index would lose one's entry, so here at least they stand in line. */
  async function inLine(subject: Digest, work: () => Promise<void>): Promise<void> {
    const { fallbackUpdates } = remote.learned;
    const key = `${name}:${cosignTagOf(subject)}`;
    const turn = (fallbackUpdates.get(key) ?? Promise.resolve()).catch(() => {}).then(work);
    fallbackUpdates.set(key, turn);
    try {
      await turn;
    } finally {
      if (fallbackUpdates.get(key) === turn) fallbackUpdates.delete(key);
    }
  }

  return {
    list,
    async add(digest, manifest) {
      const read = manifestView(manifest);
      if (!read?.subject) return;
      const entry = referrerOf(read, digest, manifest.bytes.length);
      const subject = read.subject.digest;
      const isEntry = (other: Descriptor) => other.digest === digest;
      await inLine(subject, () =>
        change(subject, (before) => (before.some(isEntry) ? before : [...before, entry])),
      );
    },
    async around(digest, remove) {
      if (remote.learned.noReferrersUntil < remote.clock()) return await remove();
      const manifest = await requests.get(digest);
      const subject = manifest && manifestView(manifest)?.subject?.digest;
      const removed = await remove();
      if (!removed || !subject) return removed;
      await inLine(subject, () =>
        change(subject, (before) => {
          const after = before.filter((entry) => entry.digest !== digest);
          return after.length === before.length ? before : after;
        }),
      );
      return true;
    },
  };
}

/** What a manifest says, or null where it says nothing that we understand. */
export function manifestView({ bytes, mediaType }: KnownManifest): Manifest | null {
  try {
    return parseManifest(bytes, mediaType);
  } catch {
    return null;
  }
}
