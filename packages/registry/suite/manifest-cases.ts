import { mediaTypes } from "@entrepot/oci";
import { expect } from "vitest";
import { bytesOf } from "../bytes.ts";
import {
  pushSample,
  sampleBlob,
  sampleImage,
  sampleIndex,
  sampleManifest,
  type Sample,
} from "../samples.ts";
import { expectBytes, expectCode, pushOnly, type Cases } from "./fixture.ts";

const KINDS: Readonly<Record<string, () => Sample>> = {
  "an OCI image": () => sampleImage(),
  "an OCI index": () => sampleIndex([sampleImage(), sampleImage()]),
  "a Docker image": () => sampleImage({ mediaType: mediaTypes.dockerManifest }),
  "a Docker manifest list": () =>
    sampleIndex([sampleImage({ mediaType: mediaTypes.dockerManifest })], {
      mediaType: mediaTypes.dockerIndex,
    }),
  "an image under a sha512 digest": () => sampleImage({ algorithm: "sha512" }),
  "an index of an index": () => sampleIndex([sampleIndex([sampleImage()])]),
  "an empty index": () => sampleIndex([]),
  "an image without layers": () => sampleImage({}, []),
  "an image that names one layer twice": () => {
    const layer = sampleBlob();
    return sampleImage({}, [layer, layer]);
  },
  "an artifact": () =>
    sampleImage({
      artifactType: "application/vnd.example.sbom",
      config: sampleBlob("{}", mediaTypes.ociEmpty),
    }),
  "an image that does not say its media type": () => {
    const { content, bytes, children } = sampleImage();
    const { mediaType: _, ...members } = JSON.parse(Buffer.from(bytes).toString());
    return { ...sampleBlob(JSON.stringify(members), content.mediaType), children };
  },
  "odd spaces and unknown members": () => {
    const { content, bytes, children } = sampleImage();
    const text = `${Buffer.from(bytes).toString().trimEnd().slice(0, -1)} ,\t"é": [{}, null] }\n\n`;
    return { ...sampleBlob(text, content.mediaType), children };
  },
  "a layer that registries need not hold": () => {
    const image = sampleImage({}, [sampleBlob(undefined, mediaTypes.ociForeignLayerGzip)]);
    return { ...image, children: image.children.slice(0, 1) };
  },
  "a subject that is not there": () => sampleImage({ subject: sampleImage().content }),
};

const keepsExactBytes = Object.fromEntries(
  Object.entries(KINDS).map(([kind, make]): [string, Cases[string]] => [
    `keeps ${kind} byte for byte`,
    async ({ repository }) => {
      const sample = make();
      await pushSample(repository, sample, ["v1"]);
      expect(await repository.resolve("v1")).toMatchObject(sample.content);
      expect(await repository.resolve(sample.content.digest)).toMatchObject(sample.content);
      await expectBytes(repository, sample);
    },
  ]),
);

const BROKEN: Readonly<Record<string, string>> = {
  "what is not JSON": "{",
  "what is not an object": "[]",
  "schema 1": JSON.stringify({ schemaVersion: 1, name: "library/x", fsLayers: [] }),
  "another media type than declared": JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [],
  }),
  "a bad digest": JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: mediaTypes.ociConfig, digest: "sha256:../../etc", size: 2 },
    layers: [],
  }),
};

const refusesBroken = Object.fromEntries(
  Object.entries(BROKEN).map(([what, text]): [string, Cases[string]] => [
    `refuses ${what}, and stores nothing`,
    async ({ repository }) => {
      const sample = sampleBlob(text, mediaTypes.ociManifest);
      await expectCode(pushOnly(repository, sample, ["v1"]), "MANIFEST_INVALID");
      expect(await repository.resolve("v1")).toBeNull();
      expect(await repository.resolve(sample.content.digest)).toBeNull();
    },
  ]),
);

const missingChildren = Object.fromEntries(
  Object.entries({
    "an image without its config": () => sampleImage({}, []),
    "an image without one of its layers": () => {
      const image = sampleImage({}, [sampleBlob(), sampleBlob()]);
      return { ...image, children: image.children.slice(0, 2) };
    },
    "an index without its image": () => ({ ...sampleIndex([sampleImage()]), children: [] }),
  }).map(([what, make]): [string, Cases[string]] => [
    `refuses ${what}, and stores nothing`,
    async ({ repository }) => {
      const sample = make();
      const there = sample.children.length > 1 ? sample.children : [];
      for (const child of there) await pushSample(repository, child);
      await expectCode(pushOnly(repository, sample, ["v1"]), "MANIFEST_BLOB_UNKNOWN");
      expect(await repository.resolve("v1")).toBeNull();
      expect(await repository.resolve(sample.content.digest)).toBeNull();
    },
  ]),
);

/** Manifests: pushed, resolved, fetched. */
export const manifestCases: Cases = {
  ...keepsExactBytes,
  ...refusesBroken,
  ...missingChildren,

  "knows nothing of what was never pushed": async ({ repository }) => {
    const { content } = sampleImage();
    expect(await repository.resolve("v1")).toBeNull();
    expect(await repository.resolve(content.digest)).toBeNull();
    await expectCode(repository.fetch(content), "MANIFEST_UNKNOWN", "NAME_UNKNOWN");
  },

  "pushes the same again without a change": async ({ repository }) => {
    const image = sampleImage();
    await pushSample(repository, image, ["v1"]);
    await pushSample(repository, image, ["v1"]);
    expect((await repository.tags()).items).toEqual(["v1"]);
    await expectBytes(repository, image);
  },

  "refuses bytes that are not the digest's, and stores nothing": async ({ repository }) => {
    const [image, another] = [sampleImage(), sampleImage()];
    for (const child of [...image.children, ...another.children]) {
      await pushSample(repository, child);
    }
    const push = repository.push(image.content, bytesOf(another.bytes), ["v1"]);
    await expectCode(push, "DIGEST_INVALID", "SIZE_INVALID");
    for (const reference of ["v1", image.content.digest, another.content.digest]) {
      expect(await repository.resolve(reference)).toBeNull();
    }
  },

  "takes a manifest again that differs only in where it is": async ({ repository, other }) => {
    const image = sampleImage();
    await pushSample(repository, image);
    expect(await other.resolve(image.content.digest)).toBeNull();
    await pushSample(other, image);
    await expectBytes(other, image);
  },

  "finds children again after a manifest was refused": async ({ repository }) => {
    const image = sampleImage();
    await expectCode(pushOnly(repository, image), "MANIFEST_BLOB_UNKNOWN");
    await pushSample(repository, image, ["v1"]);
    expect(await repository.resolve("v1")).toMatchObject(image.content);
  },

  "keeps a manifest of many layers": async ({ repository }) => {
    const layer = sampleBlob();
    const config = sampleBlob("{}", mediaTypes.ociConfig);
    const layers = Array.from({ length: 500 }, () => layer.content);
    const members = { mediaType: mediaTypes.ociManifest, config: config.content, layers };
    const image = sampleManifest(members, [config, layer]);
    await pushSample(repository, image, ["v1"]);
    await expectBytes(repository, image);
  },
};
