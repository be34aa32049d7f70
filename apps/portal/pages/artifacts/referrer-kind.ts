/** What an artifact about another is, in a word that texts have: `referrer.<kind>`. */
export type ReferrerKind = "signature" | "sbom" | "attestation" | "other";

const SBOM = /spdx|cyclonedx|syft|sbom/i;
const ATTESTATION = /in-toto|attestation|provenance|slsa|dsse|\.att$/i;
const SIGNATURE = /signature|\.sig\b|cosign\.artifact\.sig/i;

/**
 * The kind of a referrer, by Harbor's word for it and what it says of itself: its artifact type,
 * its media types and, where cosign hung it on by a tag, that tag's ending.
 */
export function referrerKind(
  accessoryType: string,
  artifactType: string,
  tags: readonly string[] = [],
): ReferrerKind {
  const ending = tags.map((tag) => /\.(sig|att|sbom)$/.exec(tag)?.[1]).find(Boolean);
  if (ending === "sbom") return "sbom";
  if (ending === "att") return "attestation";
  if (ending === "sig") return "signature";
  if (SBOM.test(artifactType)) return "sbom";
  if (ATTESTATION.test(artifactType)) return "attestation";
  const isSigned = accessoryType.startsWith("signature.") || SIGNATURE.test(artifactType);
  return isSigned ? "signature" : "other";
}
