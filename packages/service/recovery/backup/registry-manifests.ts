import { type Descriptor, digestOf, mediaTypes, RegistryError } from "@entrepot/oci";
import { bytesOf, type Repository } from "@entrepot/registry";

/** The config of every manifest here. Source: image-spec § Guidance for an Empty Descriptor. */
export const EMPTY: Descriptor = {
  mediaType: mediaTypes.ociEmpty,
  digest: digestOf(Buffer.from("{}")),
  size: 2,
};

/** Stores a manifest, all but what they have in common, under a tag; returns what it is now. */
export type PushManifest = (content: object, tag: string) => Promise<Descriptor>;

/** Pushes manifests into a repository that it asks for each time. */
export function manifestPusher(repository: () => Promise<Repository>): PushManifest {
  /** The config that all share: brought once, and again when it has been lost. */
  let shared: Promise<void> | null = null;
  return async (content, tag) => {
    const there = await repository();
    const { ociManifest: mediaType } = mediaTypes;
    const text = JSON.stringify({ schemaVersion: 2, mediaType, config: EMPTY, ...content });
    const bytes = Buffer.from(text);
    const manifest = { mediaType, digest: digestOf(bytes), size: bytes.length };
    const push = async () => {
      await (shared ??= there.push(EMPTY, bytesOf("{}")));
      await there.push(manifest, bytesOf(bytes), [tag]);
    };
    await push().catch(async (error: unknown) => {
      shared = null;
      if (!(error instanceof RegistryError) || error.code !== "MANIFEST_BLOB_UNKNOWN") throw error;
      await push();
    });
    return manifest;
  };
}

/** The pages of a repository that may not be there before the first push. */
export function unlessNone(error: unknown): { readonly items: string[]; readonly next: null } {
  if (error instanceof RegistryError && error.code === "NAME_UNKNOWN") {
    return { items: [], next: null };
  }
  throw error;
}
