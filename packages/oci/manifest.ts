import type { Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { RegistryError } from "./error.ts";
import { parseJsonObject, type JsonObject } from "./json.ts";
import {
  isIndexType,
  isManifestType,
  isNonDistributable,
  isSchema1Type,
  mediaTypeOf,
  mediaTypes,
} from "./media-types.ts";
import {
  compact,
  invalidField,
  parseAnnotations,
  parseDescriptor,
  parseDescriptors,
  parseOptionalMediaType,
} from "./parse-descriptor.ts";

/**
 * Largest manifest in bytes. Source: distribution-spec § Pushing Manifests, which asks for at
 * least this; a server answers 413 to more.
 */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * What a manifest's bytes say. A view only: the bytes themselves are kept and sent on, since the
 * digest is theirs. Lists that the kind does not have are empty.
 */
export interface Manifest {
  readonly mediaType: string;
  readonly kind: "image" | "index";
  /** Always there for an image, never for an index. */
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What must be in a repository before a manifest; no digest twice. The subject is none of it. */
export interface Children {
  /** Config and layers, the non-distributable ones (`isNonDistributable`) included. */
  readonly blobs: readonly Descriptor[];
  readonly manifests: readonly Descriptor[];
}

/**
 * Reads a manifest or index, OCI's or Docker's schema 2. `declaredMediaType` is what the push's
 * Content-Type or the descriptor said; its parameters do not count. OCI's may leave their
 * `mediaType` out; what it then is follows from the declared type, or without one from its members.
 *
 * Throws MANIFEST_INVALID, naming the member at fault, and REQUEST_ENTITY_TOO_LARGE beyond
 * MANIFEST_LIMIT_BYTES. Unknown members are left alone. Source: image-spec manifest, image-index.
 */
export function parseManifest(bytes: Uint8Array, declaredMediaType?: string): Manifest {
  if (bytes.length > MANIFEST_LIMIT_BYTES) {
    throw new RegistryError(
      "REQUEST_ENTITY_TOO_LARGE",
      `the manifest is ${bytes.length} bytes long; at most ${MANIFEST_LIMIT_BYTES} are taken`,
    );
  }
  const json = parseJsonObject(bytes);
  if (json["schemaVersion"] !== 2) {
    throw invalidField("schemaVersion", "2 (schema 1 is not taken)", json["schemaVersion"]);
  }
  const mediaType = typeOf(json, declaredMediaType);
  const about = {
    mediaType,
    subject: json["subject"] == null ? undefined : parseDescriptor(json["subject"], "subject"),
    artifactType: parseOptionalMediaType(json["artifactType"], "artifactType"),
    annotations: parseAnnotations(json["annotations"], "annotations"),
  };
  if (isIndexType(mediaType)) {
    refuse(json, ["config", "layers"], mediaType);
    const manifests = parseDescriptors(json["manifests"], "manifests");
    return compact<Manifest>({ ...about, kind: "index", config: undefined, layers: [], manifests });
  }
  refuse(json, ["manifests"], mediaType);
  const config = parseDescriptor(json["config"], "config");
  // Go's decoders take an absent list for an empty one, so such images are out there.
  const layers = parseDescriptors(json["layers"] ?? null, "layers");
  return compact<Manifest>({ ...about, kind: "image", config, layers, manifests: [] });
}

/**
 * What kind of artifact `manifest` is: its artifactType, else for an image its config's media
 * type, else undefined. Source: distribution-spec § Listing Referrers.
 */
export function artifactTypeOf(
  manifest: Pick<Manifest, "artifactType" | "config">,
): string | undefined {
  return manifest.artifactType ?? manifest.config?.mediaType;
}

/**
 * What `manifest` needs to be there before it. An index's entries that are not manifests count as
 * blobs: build caches are made of such.
 */
export function childrenOf(manifest: Manifest): Children {
  const blobs = new Map<Digest, Descriptor>();
  const manifests = new Map<Digest, Descriptor>();
  const config = manifest.config ? [manifest.config] : [];
  for (const child of [...config, ...manifest.layers, ...manifest.manifests]) {
    const entry = manifest.kind === "index" && isManifestType(child.mediaType);
    const seen = entry ? manifests : blobs;
    const known = seen.get(child.digest);
    // Named twice, once as non-distributable: then it is needed after all.
    if (!known || isNonDistributable(known)) seen.set(child.digest, child);
  }
  return { blobs: [...blobs.values()], manifests: [...manifests.values()] };
}

/** How a list of referrers shows `manifest`. Source: distribution-spec § Listing Referrers. */
export function referrerOf(manifest: Manifest, digest: Digest, size: number): Descriptor {
  return compact<Descriptor>({
    mediaType: manifest.mediaType,
    digest,
    size,
    artifactType: artifactTypeOf(manifest),
    annotations: manifest.annotations,
    platform: undefined,
    urls: undefined,
  });
}

function typeOf(json: JsonObject, declared: string | undefined): string {
  const own = parseOptionalMediaType(json["mediaType"], "mediaType");
  const said = declared === undefined ? undefined : mediaTypeOf(declared);
  if (own !== undefined && said !== undefined && own !== said) {
    throw invalidField("mediaType", `${said}, as declared`, own);
  }
  const mediaType = own ?? said ?? guess(json);
  if (isSchema1Type(mediaType)) {
    throw invalidField("mediaType", "a schema 2 or OCI type (schema 1 is not taken)", mediaType);
  }
  if (!isManifestType(mediaType)) {
    throw invalidField("mediaType", "an OCI or Docker schema 2 manifest's or index's", mediaType);
  }
  if (own === undefined && mediaType.startsWith("application/vnd.docker.")) {
    throw invalidField("mediaType", mediaType, own);
  }
  return mediaType;
}

function guess(json: JsonObject): string {
  return "manifests" in json ? mediaTypes.ociIndex : mediaTypes.ociManifest;
}

/** A document that is a manifest to one reader and an index to another is none (CVE-2021-41190). */
function refuse(json: JsonObject, members: readonly string[], mediaType: string): void {
  for (const member of members) {
    if (json[member] != null) throw invalidField(member, `absent in ${mediaType}`, json[member]);
  }
}
