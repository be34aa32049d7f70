import { asDigest, algorithmOf, hexOf, type Digest } from "./digest.ts";

/** What cosign hangs on an image by tag: signatures, attestations, bills of materials. */
export const cosignSuffixes = ["sig", "att", "sbom"] as const;

const TAG_OF_SUBJECT = /^sha256-([0-9a-f]{64})(?:\.(?:sig|att|sbom))?$/;

/**
 * The tag that stands for `digest` where tags stand for referrers: the referrers fallback tag as
 * it is, cosign's tags with a suffix. Source: distribution-spec § Referrers Tag Schema, which cuts
 * the hexadecimal part at 64 characters.
 */
export function cosignTagOf(digest: Digest): string {
  return `${algorithmOf(digest)}-${hexOf(digest).slice(0, 64)}`;
}

/**
 * The manifest that `tag` belongs to if it is one of cosign's or a referrers fallback tag, else
 * null. Always null for sha512, whose tag keeps only half of the digest.
 */
export function cosignSubjectOf(tag: string): Digest | null {
  const hex = TAG_OF_SUBJECT.exec(tag)?.[1];
  return hex ? asDigest(`sha256:${hex}`) : null;
}
