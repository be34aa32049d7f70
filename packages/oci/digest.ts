import { createHash } from "node:crypto";
import { RegistryError } from "./error.ts";

declare const digestBrand: unique symbol;

/** A content digest, `sha256:<64 hex>` or `sha512:<128 hex>`. Made only by the functions below. */
export type Digest = string & { readonly [digestBrand]: true };

/** The digest algorithms this registry stores under. Source: image-spec descriptor § Digests. */
export type Algorithm = "sha256" | "sha512";

const PATTERN = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** `text` as a digest, or null if it is none. Only lower-case hex is accepted. */
export function asDigest(text: string): Digest | null {
  return PATTERN.test(text) ? (text as Digest) : null;
}

/** `text` as a digest. Throws DIGEST_INVALID if it is none. */
export function parseDigest(text: string): Digest {
  const digest = asDigest(text);
  if (digest) return digest;
  const shown = JSON.stringify(text.slice(0, 150));
  throw new RegistryError(
    "DIGEST_INVALID",
    `${shown} is not a digest; expected sha256:<64 hex digits> or sha512:<128 hex digits>`,
  );
}

/** The digest of `bytes`. */
export function digestOf(bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` as Digest;
}

/** The algorithm of `digest`. */
export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith("sha256:") ? "sha256" : "sha512";
}

/** The hexadecimal part of `digest`. */
export function hexOf(digest: Digest): string {
  return digest.slice(7);
}
