import { type Descriptor, digestOf, mediaTypes } from "@entrepot/oci";

/** A manifest that nobody else has, with the one blob it needs. */
export interface ThrowawayArtifact {
  readonly config: Descriptor;
  readonly configBytes: Uint8Array;
  readonly manifest: Descriptor;
  readonly manifestBytes: Uint8Array;
}

/**
 * An artifact made for nothing but to be deleted: `about` (made unique by `salt`) is in its config,
 * so that no other manifest has its digest.
 */
export function throwawayArtifact(about: string, salt: string): ThrowawayArtifact {
  const configBytes = Buffer.from(JSON.stringify({ comment: `deleting ${about}`, salt }));
  const config = {
    mediaType: mediaTypes.ociConfig,
    digest: digestOf(configBytes),
    size: configBytes.length,
  };
  const manifestBytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] }),
  );
  const manifest = {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(manifestBytes),
    size: manifestBytes.length,
  };
  return { config, configBytes, manifest, manifestBytes };
}
