import { expect, test } from "vitest";
import { referrerKind } from "./referrer-kind.ts";

test.each([
  ["signature.notation", "application/vnd.cncf.notary.signature", [], "signature"],
  ["signature.cosign", "application/vnd.oci.image.config.v1+json", ["sha256-aa.sig"], "signature"],
  [
    "signature.cosign",
    "application/vnd.oci.image.config.v1+json",
    ["sha256-aa.att"],
    "attestation",
  ],
  ["signature.cosign", "text/spdx", ["sha256-aa.sbom"], "sbom"],
  ["subject.accessory", "application/spdx+json", [], "sbom"],
  ["subject.accessory", "application/vnd.cyclonedx+json", [], "sbom"],
  ["subject.accessory", "application/vnd.in-toto+json", [], "attestation"],
  ["subject.accessory", "application/vnd.dev.sigstore.bundle.signature", [], "signature"],
  ["subject.accessory", "application/vnd.example.note", [], "other"],
] as const)("%s of %s, tags %j: %s", (type, artifactType, tags, kind) =>
  expect(referrerKind(type, artifactType, tags)).toBe(kind),
);
