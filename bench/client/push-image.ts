import { randomBytes } from "node:crypto";
import { type Content, contentOf } from "./content.ts";
import type { HttpClient } from "./http-client.ts";

/** The media type of every manifest pushed here. */
export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

/** What is pushed. */
export interface Image {
  readonly repository: string;
  /** At least one. */
  readonly tags: readonly string[];
  readonly layers: readonly Content[];
}

/**
 * Pushes an image with a config of its own the way Docker and skopeo do, one request after the
 * other: for each blob HEAD, POST, PATCH and PUT; then its manifest once for each tag. Returns the
 * manifest's digest.
 */
export async function pushImage(client: HttpClient, image: Image): Promise<string> {
  const config = contentOf(configOf(image.layers));
  for (const blob of [...image.layers, config]) await pushBlob(client, image.repository, blob);
  const manifest = manifestOf(config, image.layers);
  for (const tag of image.tags) {
    const target = `/v2/${image.repository}/manifests/${tag}`;
    const headers = { "content-type": MANIFEST };
    await client.send({ method: "PUT", target, headers, body: manifest }, 201);
  }
  return manifest.digest;
}

/**
 * Pushes an image to an Entrepot as fast as can be, for what is only there to be copied: each blob
 * and all of the tags in one request.
 */
export async function pushImageAtOnce(client: HttpClient, image: Image): Promise<string> {
  const { repository, tags, layers } = image;
  const config = contentOf(configOf(layers));
  for (const blob of [...layers, config]) {
    const target = `/v2/${repository}/blobs/uploads/?digest=${blob.digest}`;
    const headers = { "content-type": "application/octet-stream" };
    await client.send({ method: "POST", target, headers, body: blob }, 201);
  }
  const manifest = manifestOf(config, layers);
  const query = tags.map((tag) => `tag=${tag}`).join("&");
  const target = `/v2/${repository}/manifests/${manifest.digest}?${query}`;
  const headers = { "content-type": MANIFEST };
  await client.send({ method: "PUT", target, headers, body: manifest }, 201);
  return manifest.digest;
}

/** Pushes one blob: HEAD, POST, PATCH, PUT. */
export async function pushBlob(
  client: HttpClient,
  repository: string,
  blob: Content,
): Promise<void> {
  const path = `/v2/${repository}/blobs`;
  const there = await client.send({ method: "HEAD", target: `${path}/${blob.digest}` }, 200, 404);
  if (there.status === 200) return;
  const started = await client.send({ method: "POST", target: `${path}/uploads/` }, 202);
  const headers = { "content-type": "application/octet-stream" };
  const patch = {
    method: "PATCH",
    target: started.headers.location!,
    headers,
    body: blob,
  } as const;
  const sent = await client.send(patch, 202);
  const end = new URL(sent.headers.location!, "http://any");
  end.searchParams.set("digest", blob.digest);
  await client.send({ method: "PUT", target: end.pathname + end.search }, 201);
}

function manifestOf(config: Content, layers: readonly Content[]): Content {
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described(config, CONFIG),
    layers: layers.map((layer) => described(layer, LAYER)),
  };
  return contentOf(Buffer.from(JSON.stringify(manifest)));
}

function configOf(layers: readonly Content[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Labels: { unique: randomBytes(16).toString("hex") } },
      // Not what the layers unpack to: no registry and no copier looks.
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
}

function described({ digest, sizeBytes }: Content, mediaType: string) {
  return { mediaType, digest, size: sizeBytes };
}
