import { asDigest, parseDigest, type Digest } from "./digest.ts";
import { RegistryError } from "./error.ts";

/** What stands after a repository's name in a request: a tag or a digest, never both. */
export type Reference =
  | { readonly tag: string; readonly digest?: undefined }
  | { readonly digest: Digest; readonly tag?: undefined };

/** Longest repository name in characters; the host's name before it does not count. */
export const REPOSITORY_NAME_LIMIT = 255;

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REPOSITORY_NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})+$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Whether `text` is a repository's name as `parseRepositoryName` takes it. */
export function isRepositoryName(text: string): boolean {
  return text.length <= REPOSITORY_NAME_LIMIT && REPOSITORY_NAME.test(text);
}

/**
 * `text` as a repository's name: at least `project/repository`. Throws NAME_INVALID.
 * Source: distribution-spec § Pulling manifests, `<name>`.
 */
export function parseRepositoryName(text: string): string {
  if (isRepositoryName(text)) return text;
  throw new RegistryError(
    "NAME_INVALID",
    `${shown(text)} is not a repository name; expected project/repository, at most ` +
      `${REPOSITORY_NAME_LIMIT} characters: lower-case letters and digits, joined by . _ __ - or /`,
  );
}

/** The project of the repository `name`: what stands before its first slash. */
export function projectOf(name: string): string {
  const slash = name.indexOf("/");
  return slash < 0 ? name : name.slice(0, slash);
}

/** Whether `text` is a tag. Source: distribution-spec § Pulling manifests, `<reference>`. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** `text` as a tag. Throws TAG_INVALID. */
export function parseTag(text: string): string {
  if (isTag(text)) return text;
  throw new RegistryError(
    "TAG_INVALID",
    `${shown(text)} is not a tag; expected 1 to 128 letters, digits, _ . - (the first no . or -)`,
  );
}

/** `text` as a tag or a digest, or null if it is neither. */
export function asReference(text: string): Reference | null {
  if (isTag(text)) return { tag: text };
  const digest = asDigest(text);
  return digest ? { digest } : null;
}

/** `text` as a tag or a digest. Throws DIGEST_INVALID if it has a colon, else TAG_INVALID. */
export function parseReference(text: string): Reference {
  return text.includes(":") ? { digest: parseDigest(text) } : { tag: parseTag(text) };
}

function shown(text: string): string {
  return JSON.stringify(text.length > 150 ? `${text.slice(0, 150)}…` : text);
}
