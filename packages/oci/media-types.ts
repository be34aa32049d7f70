/** The media types that have a meaning here. Any other is an artifact's own business. */
export const mediaTypes = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociLayerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  ociForeignLayer: "application/vnd.oci.image.layer.nondistributable.v1.tar",
  ociForeignLayerGzip: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
  ociForeignLayerZstd: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerIndex: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerForeignLayerGzip: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
  /** What a blob is when nobody says. */
  bytes: "application/octet-stream",
} as const;

const IMAGES: ReadonlySet<string> = new Set([mediaTypes.ociManifest, mediaTypes.dockerManifest]);
const INDEXES: ReadonlySet<string> = new Set([mediaTypes.ociIndex, mediaTypes.dockerIndex]);
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;
const FOREIGN: ReadonlySet<string> = new Set([
  mediaTypes.ociForeignLayer,
  mediaTypes.ociForeignLayerGzip,
  mediaTypes.ociForeignLayerZstd,
  mediaTypes.dockerForeignLayerGzip,
]);

/** All media types of manifests and indexes: what a client puts in `Accept`. */
export const manifestTypes: readonly string[] = [...IMAGES, ...INDEXES];

/** Whether content of `mediaType` is stored as a manifest: an image's or an index. */
export function isManifestType(mediaType: string): boolean {
  return IMAGES.has(mediaType) || INDEXES.has(mediaType);
}

/** Whether `mediaType` is an index's (Docker: manifest list). */
export function isIndexType(mediaType: string): boolean {
  return INDEXES.has(mediaType);
}

/** Whether `mediaType` is Docker's schema 1, which nothing here stores or copies. */
export function isSchema1Type(mediaType: string): boolean {
  return SCHEMA_1.test(mediaType);
}

/**
 * Whether `content` is a layer that registries need not hold ("foreign" or "non-distributable"):
 * whoever runs the image takes it from `urls`. Source: image-spec layer § Non-Distributable Layers.
 */
export function isNonDistributable(content: { readonly mediaType: string }): boolean {
  return FOREIGN.has(content.mediaType);
}

/** A `Content-Type` without its parameters, in lower case. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}
