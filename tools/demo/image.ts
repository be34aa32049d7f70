import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Bytes, type Descriptor, digestOf, mediaTypes, parseDigest } from "@entrepot/oci";
import { bytesOf, type Repository } from "@entrepot/registry";
import { type TarFile, tarOf } from "./tar.ts";

/** A layer's archive in a file. */
export interface Layer {
  readonly descriptor: Descriptor;
  /** The digest of the archive before it was compressed. */
  readonly diffId: string;
  readonly path: string;
  /** What is in it, for the image's history. */
  readonly about: string;
}

/** An image that is ready to be pushed. */
export interface Image {
  readonly manifest: Descriptor;
  readonly manifestBytes: Uint8Array;
  readonly config: Descriptor;
  readonly configBytes: Uint8Array;
  readonly layers: readonly Layer[];
}

/**
 * Makes a layer of `files` in `folder`; `gzip` is the level, 0 stores the archive as it is. Throws
 * AbortError as soon as `signal` says so.
 */
export async function makeLayer(
  folder: string,
  about: string,
  files: readonly TarFile[],
  gzip: number,
  signal?: AbortSignal,
): Promise<Layer> {
  const path = join(folder, `${about.replaceAll(/\W+/g, "-")}.tar`);
  const before = createHash("sha256");
  const after = createHash("sha256");
  let size = 0;
  const hashed = (bytes: Bytes) => tap(bytes, (chunk) => before.update(chunk));
  const counted = (bytes: Bytes) =>
    tap(bytes, (chunk) => {
      after.update(chunk);
      size += chunk.length;
    });
  const archive = hashed(tarOf(files));
  const file = createWriteStream(path);
  const until = signal ? { signal } : {};
  if (gzip > 0) await pipeline(archive, createGzip({ level: gzip }), counted, file, until);
  else await pipeline(archive, counted, file, until);

  const mediaType = gzip > 0 ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer;
  const digest = parseDigest(`sha256:${after.digest("hex")}`);
  const diffId = `sha256:${before.digest("hex")}`;
  return { descriptor: { mediaType, digest, size }, diffId, path, about };
}

async function* tap(bytes: Bytes, see: (chunk: Uint8Array) => void): Bytes {
  for await (const chunk of bytes) {
    see(chunk);
    yield chunk;
  }
}

/** The image that consists of `layers`, lowest first, and starts `command`. */
export function imageOf(layers: readonly Layer[], command: readonly string[]): Image {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const configBytes = encoded({
    architecture,
    os: "linux",
    config: { Entrypoint: command, WorkingDir: "/entrepot" },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((layer) => ({ created_by: layer.about })),
  });
  const config = described(mediaTypes.ociConfig, configBytes);
  const manifestBytes = encoded({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config,
    layers: layers.map((layer) => layer.descriptor),
  });
  const manifest = described(mediaTypes.ociManifest, manifestBytes);
  return { manifest, manifestBytes, config, configBytes, layers };
}

function encoded(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function described(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** Bytes of an image's blobs, each counted once. */
export function sizeOf(...images: readonly Image[]): number {
  const blobs = images.flatMap(({ config, layers }) => [config, ...layers.map(descriptorOf)]);
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return sizes.values().reduce((sum, size) => sum + size, 0);
}

const descriptorOf = (layer: Layer): Descriptor => layer.descriptor;

/** Pushes `image` under `tags`; blobs that `repository` has are not sent again. */
export async function pushImage(
  repository: Pick<Repository, "stat" | "push">,
  image: Image,
  tags: readonly string[],
): Promise<void> {
  for (const { descriptor, path } of image.layers) {
    if (await repository.stat(descriptor.digest)) continue;
    await repository.push(descriptor, createReadStream(path, { highWaterMark: 1 << 20 }));
  }
  await repository.push(image.config, bytesOf(image.configBytes));
  await repository.push(image.manifest, bytesOf(image.manifestBytes), tags);
}
