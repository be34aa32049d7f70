import { artifactTypeOf, isIndexType, type Manifest, platformText } from "@entrepot/oci";

/** What filters may ask of an artifact beyond its names. */
export type Fact = "labels" | "mediaType" | "artifactType" | "platforms" | "signed" | "pushedAt";

/** What is known of an artifact; only what was asked for is told. */
export interface Facts {
  /** Names of its labels. */
  readonly labels?: readonly string[];
  readonly mediaType?: string;
  /** As the manifest says it, else its config's media type; empty if it says none. */
  readonly artifactType?: string;
  /** `os/architecture[/variant]` of the manifests in an index; null for what is no index. */
  readonly platforms?: readonly string[] | null;
  /** A signature refers to it. */
  readonly signed?: boolean;
  readonly pushedAt?: Date;
}

/** Of an artifact's facts those that its manifest tells. */
export function factsOfManifest(
  manifest: Manifest,
): Required<Pick<Facts, "mediaType" | "artifactType" | "platforms">> {
  const { mediaType } = manifest;
  return {
    mediaType,
    artifactType: artifactTypeOf(manifest) ?? "",
    platforms: isIndexType(mediaType)
      ? manifest.manifests.flatMap(({ platform }) =>
          platform && platform.os !== "unknown" ? [platformText(platform)] : [],
        )
      : null,
  };
}

/** Artifact types of signatures. Source: cosign, notation. */
export const SIGNATURE_TYPES = [
  "application/vnd.dev.cosign.artifact.sig.v1+json",
  "application/vnd.dev.sigstore.bundle.v0.3+json",
  "application/vnd.cncf.notary.signature",
] as const;
