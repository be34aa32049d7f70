import { mediaTypes } from "@entrepot/oci";
import type { Descriptor } from "@entrepot/oci";
import { randomBlob } from "./peer.ts";
import type { Peer, Pushed } from "./peer.ts";

/** An image manifest over `config` and `layers`. `more` adds or overrides members. */
export function imageOf(config: Descriptor, layers: Descriptor[], more: object = {}): object {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { ...config, mediaType: mediaTypes.ociConfig },
    layers: layers.map((layer) => ({ ...layer, mediaType: mediaTypes.ociLayerGzip })),
    ...more,
  };
}

/** An index over `manifests`. */
export function indexOf(manifests: Descriptor[], more: object = {}): object {
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests, ...more };
}

/** A small image nobody else has; its blobs are pushed, the manifest is not. */
export async function newImage(peer: Peer, name: string, more: object = {}): Promise<object> {
  const config = await peer.pushBlob(name, Buffer.from(JSON.stringify({ id: randomId() })));
  const layer = await peer.pushBlob(name, randomBlob());
  return imageOf(config, [layer], more);
}

/** A small image, pushed at `reference` (default: its digest). */
export async function pushImage(
  peer: Peer,
  name: string,
  reference?: string,
  more: object = {},
): Promise<Pushed> {
  return peer.putManifest(name, await newImage(peer, name, more), reference);
}

/** An artifact without layers that refers to `subject`. */
export async function pushReferrer(
  peer: Peer,
  name: string,
  subject: Descriptor,
  more: object = {},
): Promise<Pushed> {
  const config = await peer.pushBlob(name, Buffer.from("{}"));
  return peer.putManifest(name, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { ...config, mediaType: mediaTypes.ociEmpty },
    layers: [],
    subject,
    annotations: { id: randomId() },
    ...more,
  });
}

function randomId(): string {
  return randomBlob(8).toString("hex");
}
