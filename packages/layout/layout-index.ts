import { asDigest, type Descriptor, mediaTypes, RegistryError } from "@entrepot/oci";

/** What index.json says. Members that are not ours are kept as they are. */
export interface LayoutIndex {
  readonly manifests: readonly Descriptor[];
  readonly [member: string]: unknown;
}

/** The annotation by which a layout names what is in it. Source: image-spec annotations. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** Largest index.json that is read, in bytes: some 200,000 names. */
export const INDEX_LIMIT_BYTES = 64 * 1024 * 1024;

/** The index of a layout that holds nothing. */
export const EMPTY_INDEX: LayoutIndex = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [],
};

/** The text of the file `oci-layout`. Source: image-spec image-layout § oci-layout file. */
export const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/** Checks the file `oci-layout`. Throws UNSUPPORTED for a version other than 1. */
export function checkLayoutFile(text: string, path: string): void {
  const { imageLayoutVersion: version } = parsed(text, `${path}: oci-layout`);
  if (typeof version === "string" && version.startsWith("1.")) return;
  throw new RegistryError(
    "UNSUPPORTED",
    `${path}: oci-layout names version ${JSON.stringify(version)}; only 1.x is known`,
  );
}

/** Reads index.json of the layout at `path`. Throws UNSUPPORTED, saying what is amiss. */
export function parseLayoutIndex(text: string, path: string): LayoutIndex {
  const json = parsed(text, `${path}: index.json`);
  const { manifests } = json;
  if (json["schemaVersion"] !== 2 || !Array.isArray(manifests) || !manifests.every(isDescriptor)) {
    throw new RegistryError(
      "UNSUPPORTED",
      `${path}: index.json is no image index: each of its manifests needs media type, digest, size`,
    );
  }
  return { ...json, manifests };
}

function isDescriptor(value: unknown): value is Descriptor {
  const { mediaType, digest, size, annotations } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof mediaType === "string" &&
    typeof digest === "string" &&
    asDigest(digest) !== null &&
    Number.isSafeInteger(size) &&
    (size as number) >= 0 &&
    (annotations == null || typeof annotations === "object")
  );
}

function parsed(text: string, what: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RegistryError("UNSUPPORTED", `${what} is not JSON`, { cause });
  }
  if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  throw new RegistryError("UNSUPPORTED", `${what} is no JSON object`);
}
