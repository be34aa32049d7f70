import { randomBytes } from "node:crypto";
import { digestOf, mediaTypes, type Algorithm, type Descriptor, type Digest } from "@entrepot/oci";
import { bytesOf } from "./bytes.ts";
import type { Repository } from "./ports.ts";

/** Content made for a test, with everything that must be pushed before it. */
export interface Sample {
  readonly content: Descriptor;
  readonly bytes: Uint8Array;
  readonly children: readonly Sample[];
}

/** What a sample of a manifest may say beyond its children. */
export interface SampleFields {
  readonly mediaType?: string;
  readonly algorithm?: Algorithm;
  readonly config?: Sample;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A blob: by default 64 bytes that no other sample has. */
export function sampleBlob(
  bytes: Uint8Array | string = randomBytes(64),
  mediaType: string = mediaTypes.ociLayerGzip,
  algorithm: Algorithm = "sha256",
): Sample {
  const raw = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const content = { mediaType, digest: digestOf(raw, algorithm), size: raw.length };
  return { content, bytes: raw, children: [] };
}

/** An image of `layers`: by default one of its own. Its config is its own too. */
export function sampleImage(fields: SampleFields = {}, layers?: readonly Sample[]): Sample {
  const { mediaType = mediaTypes.ociManifest, algorithm, config, ...rest } = fields;
  const json = JSON.stringify({ made: randomBytes(8).toString("hex") });
  const configured = config ?? sampleBlob(json, mediaTypes.ociConfig);
  const layered = layers ?? [sampleBlob()];
  return sampleManifest(
    {
      mediaType,
      config: configured.content,
      layers: layered.map((layer) => layer.content),
      ...rest,
    },
    [configured, ...layered],
    algorithm,
  );
}

/** An index of `manifests`. An annotation makes it unlike any other. */
export function sampleIndex(manifests: readonly Sample[], fields: SampleFields = {}): Sample {
  const { mediaType = mediaTypes.ociIndex, algorithm, config: _, ...rest } = fields;
  const annotations = { made: randomBytes(8).toString("hex"), ...rest.annotations };
  const entries = manifests.map((manifest) => manifest.content);
  return sampleManifest(
    { mediaType, manifests: entries, ...rest, annotations },
    manifests,
    algorithm,
  );
}

/** A manifest of exactly these members. */
export function sampleManifest(
  members: { readonly mediaType: string } & Readonly<Record<string, unknown>>,
  children: readonly Sample[] = [],
  algorithm: Algorithm = "sha256",
): Sample {
  const text = JSON.stringify({ schemaVersion: 2, ...members }, null, 1);
  return { ...sampleBlob(text, members.mediaType, algorithm), children };
}

/** Pushes `sample`, its children first, itself under `tags`. Returns its digest. */
export async function pushSample(
  repository: Pick<Repository, "push">,
  sample: Sample,
  tags: readonly string[] = [],
): Promise<Digest> {
  for (const child of sample.children) await pushSample(repository, child);
  await repository.push(sample.content, bytesOf(sample.bytes), tags);
  return sample.content.digest;
}
