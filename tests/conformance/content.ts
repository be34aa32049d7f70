import { digestOf, MANIFEST_LIMIT_BYTES, mediaTypes } from "@entrepot/oci";
import { expect, test } from "vitest";
import { randomBlob } from "./peer.ts";
import type { Peer, Pushed } from "./peer.ts";
import { imageOf, indexOf, newImage, pushImage } from "./samples.ts";

/** Content that registries have stumbled over: each kind goes in and comes out byte for byte. */
export function contentTests(peer: Peer): void {
  const kinds = { ...images(peer), ...artifacts(peer), ...indexes(peer) };
  test.each(Object.entries(kinds))("%s", async (_, make) => {
    const name = peer.newRepository();
    await expectRoundTrip(peer, name, await peer.putManifest(name, await make(name), "latest"));
  });

  test("spaces and line breaks within a manifest are kept", async () => {
    const name = peer.newRepository();
    const bytes = Buffer.from(`\n${JSON.stringify(await newImage(peer, name), null, "\t")}  \n`);
    const answer = await peer.send("PUT", `/v2/${name}/manifests/latest`, { body: bytes });
    expect(answer.status).toBe(201);
    const got = await peer.send("GET", `/v2/${name}/manifests/latest`);
    expect(Buffer.from(got.bytes).equals(bytes)).toBe(true);
    expect(got.headers.get("docker-content-digest")).toBe(digestOf(bytes));
  });

  test("a manifest of exactly 4 MiB", async () => {
    const name = peer.newRepository();
    const image = await newImage(peer, name, { annotations: { fill: "" } });
    const fill = "x".repeat(MANIFEST_LIMIT_BYTES - Buffer.byteLength(JSON.stringify(image)));
    const full = { ...image, annotations: { fill } };
    const pushed = await peer.putManifest(name, full, "latest");
    expect(pushed.bytes.byteLength).toBe(MANIFEST_LIMIT_BYTES);
    await expectRoundTrip(peer, name, pushed);
  });
}

type Kinds = Record<string, (name: string) => Promise<object>>;

function images(peer: Peer): Kinds {
  return {
    "an image without layers": (name) => newImage(peer, name, { layers: [] }),

    "an image whose layer is empty": async (name) => {
      const config = await peer.pushBlob(name, Buffer.from("{}"));
      return imageOf(config, [await peer.pushBlob(name, Buffer.alloc(0))]);
    },

    "an image with one layer twice": async (name) => {
      const layer = await peer.pushBlob(name, randomBlob());
      return imageOf(await peer.pushBlob(name, randomBlob()), [layer, layer]);
    },

    "an image by sha512": async (name) => {
      const config = await peer.pushBlob(name, randomBlob(), "sha512");
      return imageOf(config, [await peer.pushBlob(name, randomBlob(), "sha512")]);
    },

    "an image with unknown fields": (name) =>
      newImage(peer, name, { "org.example.extra": { deep: [1, 2.5, null, "ü", true] } }),

    "an image with 100 KiB of annotations": (name) =>
      newImage(peer, name, { annotations: { "org.example.text": "ä".repeat(50 * 1024) } }),

    "an image with a layer that is elsewhere": async (name) => {
      const layer = {
        mediaType: mediaTypes.ociForeignLayer,
        digest: digestOf(randomBlob()),
        size: 512,
        urls: ["https://example.com/layer.tar"],
      };
      return newImage(peer, name, { layers: [layer] });
    },

    "an image with its config inline": async (name) => {
      const config = await peer.pushBlob(name, Buffer.from("{}"));
      const inline = { ...config, mediaType: mediaTypes.ociEmpty, data: "e30=" };
      return newImage(peer, name, { config: inline });
    },
  };
}

function artifacts(peer: Peer): Kinds {
  return {
    "an artifact with a type of its own": async (name) => {
      const config = await peer.pushBlob(name, Buffer.from("{}"));
      const layer = await peer.pushBlob(name, randomBlob());
      return {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        artifactType: "application/vnd.example.thing+json",
        config: { ...config, mediaType: mediaTypes.ociEmpty },
        layers: [{ ...layer, mediaType: "application/x-anything" }],
      };
    },

    "an artifact named by its config": async (name) => {
      const config = await peer.pushBlob(name, randomBlob());
      const own = { ...config, mediaType: "application/vnd.example.config.v1+json" };
      return { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: own, layers: [] };
    },

    "a Docker image": async (name) => {
      const config = await peer.pushBlob(name, randomBlob());
      const layer = await peer.pushBlob(name, randomBlob());
      return {
        schemaVersion: 2,
        mediaType: mediaTypes.dockerManifest,
        config: { ...config, mediaType: mediaTypes.dockerConfig },
        layers: [{ ...layer, mediaType: mediaTypes.dockerLayerGzip }],
      };
    },
  };
}

function indexes(peer: Peer): Kinds {
  return {
    "an empty index": async () =>
      indexOf([], { annotations: { id: randomBlob(8).toString("hex") } }),

    "an index of two platforms": async (name) => {
      const platforms = ["amd64", "arm64"].map((architecture) => ({ architecture, os: "linux" }));
      const pushed = [await pushImage(peer, name), await pushImage(peer, name)];
      return indexOf(
        pushed.map(({ descriptor }, n) =>
          Object.assign({}, descriptor, { platform: platforms[n] }),
        ),
      );
    },

    "an index of an index": async (name) => {
      const inner = await peer.putManifest(
        name,
        indexOf([(await pushImage(peer, name)).descriptor]),
      );
      return indexOf([inner.descriptor], { artifactType: "application/vnd.example.nested" });
    },

    "a Docker manifest list": async (name) => {
      const { descriptor } = await pushImage(peer, name);
      return { ...indexOf([descriptor]), mediaType: mediaTypes.dockerIndex };
    },

    "a manifest with a subject that is not here": (name) =>
      newImage(peer, name, {
        subject: { mediaType: mediaTypes.ociManifest, digest: digestOf(randomBlob()), size: 9 },
      }),
  };
}

async function expectRoundTrip(peer: Peer, name: string, pushed: Pushed): Promise<void> {
  expect(pushed.answer.status, JSON.stringify(pushed.answer.json)).toBe(201);
  for (const reference of ["latest", pushed.descriptor.digest]) {
    const got = await peer.send("GET", `/v2/${name}/manifests/${reference}`);
    expect(got.status).toBe(200);
    expect(got.headers.get("content-type")).toBe(pushed.descriptor.mediaType);
    expect(Buffer.from(got.bytes).equals(pushed.bytes)).toBe(true);
  }
}
