import type { Descriptor, Platform } from "./descriptor.ts";
import { asDigest } from "./digest.ts";
import { RegistryError } from "./error.ts";
import { isJsonObject, type JsonObject } from "./json.ts";

/** MANIFEST_INVALID for `field` (as `layers[2].size`): what was expected, what is there. */
export function invalidField(field: string, expected: string, value: unknown): RegistryError {
  const found = value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value);
  return new RegistryError(
    "MANIFEST_INVALID",
    `the manifest's ${field} must be ${expected}, not ${found.slice(0, 100)}`,
    { detail: { field } },
  );
}

/** `value`, the member `field` of a manifest, as a descriptor. Throws MANIFEST_INVALID. */
export function parseDescriptor(value: unknown, field: string): Descriptor {
  if (!isJsonObject(value)) throw invalidField(field, "a descriptor", value);
  const digest = typeof value["digest"] === "string" ? asDigest(value["digest"]) : null;
  if (!digest) {
    throw invalidField(`${field}.digest`, "a sha256 or sha512 digest", value["digest"]);
  }
  const size = value["size"];
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
    throw invalidField(`${field}.size`, "a whole number of bytes, 0 or more", size);
  }
  return compact<Descriptor>({
    mediaType: parseMediaType(value["mediaType"], `${field}.mediaType`),
    digest,
    size,
    artifactType: parseOptionalMediaType(value["artifactType"], `${field}.artifactType`),
    annotations: parseAnnotations(value["annotations"], `${field}.annotations`),
    platform: parsePlatform(value["platform"], `${field}.platform`),
    urls: parseStrings(value["urls"], `${field}.urls`),
  });
}

/**
 * `value` as a list of descriptors. `null` is an empty list: that is how Go writes one.
 * Throws MANIFEST_INVALID.
 */
export function parseDescriptors(value: unknown, field: string): Descriptor[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw invalidField(field, "a list of descriptors", value);
  return value.map((item, index) => parseDescriptor(item, `${field}[${index}]`));
}

/** `value` as a media type; undefined if absent or empty. Throws MANIFEST_INVALID. */
export function parseOptionalMediaType(value: unknown, field: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return parseMediaType(value, field);
}

/** `value` as annotations, or undefined if absent. Throws MANIFEST_INVALID. */
export function parseAnnotations(
  value: unknown,
  field: string,
): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw invalidField(field, "an object of texts", value);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw invalidField(`${field}[${JSON.stringify(key.slice(0, 100))}]`, "a text", text);
    }
  }
  return value as Readonly<Record<string, string>>;
}

/** The members of `fields` that are not undefined: an absent member is left out of the view. */
export function compact<T>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

// Printable ASCII without spaces at the ends: it travels in headers.
const MEDIA_TYPE = /^[!-~](?:[ -~]{0,253}[!-~])?$/;

function parseMediaType(value: unknown, field: string): string {
  if (typeof value === "string" && MEDIA_TYPE.test(value)) return value;
  throw invalidField(field, "a media type", value);
}

function parsePlatform(value: unknown, field: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw invalidField(field, "an object", value);
  const text = (key: string) => parseText(value, key, field);
  const [architecture, os] = [text("architecture"), text("os")];
  // Without these two it says nothing, and is no reason to refuse what other registries hold.
  if (architecture === undefined || os === undefined) return undefined;
  return compact<Platform>({
    architecture,
    os,
    variant: text("variant"),
    "os.version": text("os.version"),
    "os.features": parseStrings(value["os.features"], `${field}["os.features"]`),
  });
}

function parseText(object: JsonObject, key: string, field: string): string | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalidField(`${field}.${key}`, "a text", value);
  return value;
}

function parseStrings(value: unknown, field: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw invalidField(field, "a list of texts", value);
}
