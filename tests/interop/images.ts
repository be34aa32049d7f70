import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { digestOf, hexOf, mediaTypes } from "@entrepot/oci";
import { type Sample, sampleBlob, sampleManifest } from "@entrepot/registry/samples";
import { tar } from "./tar.ts";

/** What an image is made of; what is absent is made up, and unlike any other image's. */
export interface ImageParts {
  readonly architecture?: string;
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly entrypoint?: readonly string[];
}

/** An image as any client takes it: gzipped tar layers, and a config that names their contents. */
export function makeImage(parts: ImageParts = {}): Sample {
  const { architecture = "amd64", files = { made: randomBytes(2_000) }, entrypoint } = parts;
  const layers = Object.entries(files).map(([name, bytes]) => tar({ [name]: bytes }));
  const config = sampleBlob(
    JSON.stringify({
      architecture,
      os: "linux",
      created: new Date().toISOString(),
      config: { ...(entrypoint && { Entrypoint: entrypoint }) },
      rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
      history: layers.map(() => ({ created_by: "a test" })),
    }),
    mediaTypes.ociConfig,
  );
  const packed = layers.map((layer) => sampleBlob(gzipSync(layer), mediaTypes.ociLayerGzip));
  return sampleManifest(
    {
      mediaType: mediaTypes.ociManifest,
      config: config.content,
      layers: packed.map((layer) => layer.content),
    },
    [config, ...packed],
  );
}

/** An index of two new images, one per platform. */
export function makeTwoPlatforms(): Sample {
  const images = ["amd64", "arm64"].map((architecture) => ({
    architecture,
    image: makeImage({ architecture }),
  }));
  return sampleManifest(
    {
      mediaType: mediaTypes.ociIndex,
      manifests: images.map(({ architecture, image }) => ({
        ...image.content,
        platform: { architecture, os: "linux" },
      })),
    },
    images.map(({ image }) => image),
  );
}

/** An artifact about `subject`: what `oras attach` makes. */
export function makeReferrer(subject: Sample, text: string): Sample {
  const layer = sampleBlob(text, "text/plain");
  const empty = sampleBlob("{}", "application/vnd.oci.empty.v1+json");
  return sampleManifest(
    {
      mediaType: mediaTypes.ociManifest,
      artifactType: "application/vnd.example.note",
      config: empty.content,
      layers: [layer.content],
      subject: subject.content,
    },
    [empty, layer],
  );
}

/** Writes an OCI layout folder with `samples` by their names there. Returns the folder. */
export async function writeLayout(
  folder: string,
  samples: Readonly<Record<string, Sample>>,
): Promise<string> {
  const blobs = join(folder, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const write = async ({ content, bytes, children }: Sample): Promise<void> => {
    await writeFile(join(blobs, hexOf(content.digest)), bytes);
    for (const child of children) await write(child);
  };
  for (const sample of Object.values(samples)) await write(sample);
  const manifests = Object.entries(samples).map(([name, { content }]) => ({
    ...content,
    annotations: { "org.opencontainers.image.ref.name": name },
  }));
  await writeFile(join(folder, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`);
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return folder;
}
