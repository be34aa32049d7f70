import { describe, expect, test } from "vitest";
import { digestOf } from "./digest.ts";
import {
  artifactTypeOf,
  childrenOf,
  MANIFEST_LIMIT_BYTES,
  parseManifest,
  referrerOf,
} from "./manifest.ts";
import { mediaTypes } from "./media-types.ts";

const descriptor = (mediaType: string, text: string = mediaType) => ({
  mediaType,
  digest: digestOf(Buffer.from(text)),
  size: text.length,
});
const config = descriptor(mediaTypes.ociConfig);
const layer = descriptor(mediaTypes.ociLayerGzip);
const child = descriptor(mediaTypes.ociManifest);

const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] };

const bytesOf = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

describe("takes", () => {
  const GOOD: readonly (readonly [string, object, string | undefined, object])[] = [
    ["an image", image, undefined, { kind: "image", config, layers: [layer], manifests: [] }],
    ["an index", index, undefined, { kind: "index", layers: [], manifests: [child] }],
    ["the declared type's parameters", image, `${image.mediaType}; charset=utf-8`, {}],
    [
      "an image without its media type, as declared",
      { ...image, mediaType: undefined },
      mediaTypes.ociManifest,
      { mediaType: mediaTypes.ociManifest, kind: "image" },
    ],
    ["one without and undeclared", { ...image, mediaType: undefined }, undefined, image],
    ["an index without and undeclared", { ...index, mediaType: undefined }, undefined, index],
    ["Go's null for an empty list", { ...image, layers: null }, undefined, { layers: [] }],
    ["an index with null", { ...index, manifests: null }, undefined, { manifests: [] }],
    ["an image without layers", { ...image, layers: undefined }, undefined, { layers: [] }],
    ["a subject", { ...image, subject: child }, undefined, { subject: child }],
    ["unknown members", { ...image, x: { y: [1] }, _: null }, undefined, { layers: [layer] }],
    ["an empty artifact type", { ...image, artifactType: "" }, undefined, image],
    [
      "a platform, and one that says nothing",
      {
        ...index,
        manifests: [
          { ...child, platform: { os: "linux", architecture: "arm", variant: "v7" } },
          { ...child, platform: {} },
        ],
      },
      undefined,
      {
        manifests: [
          { ...child, platform: { os: "linux", architecture: "arm", variant: "v7" } },
          child,
        ],
      },
    ],
    [
      "Docker's",
      { ...image, mediaType: mediaTypes.dockerManifest },
      mediaTypes.dockerManifest,
      { mediaType: mediaTypes.dockerManifest, kind: "image" },
    ],
    [
      "a hostile annotation's name",
      JSON.parse(`{"schemaVersion":2,"manifests":[],"annotations":{"__proto__":"x"}}`),
      undefined,
      { kind: "index" },
    ],
  ];

  test.each(GOOD)("%s", (_, json, declared, expected) => {
    const { schemaVersion: _version, ...view } = expected as { schemaVersion?: number };
    expect(parseManifest(bytesOf(json), declared)).toMatchObject(view);
  });
});

describe("refuses", () => {
  const bad = (member: string, value: unknown) => ({
    ...image,
    layers: [{ ...layer, [member]: value }],
  });
  const BAD: readonly (readonly [string, unknown, string | undefined, RegExp])[] = [
    ["no bytes", "", undefined, /not JSON/],
    ["half a document", "{", undefined, /not JSON/],
    ["a byte order mark", `\ufeff${JSON.stringify(image)}`, undefined, /not JSON/],
    ["a list", "[]", undefined, /not a JSON object/],
    ["null", "null", undefined, /not a JSON object/],
    ["a tower of lists", "[".repeat(1_000_000), undefined, /nested deeper/],
    ["a tower of objects", `{"a":`.repeat(100_000), undefined, /nested deeper/],
    ["schema 1", { ...image, schemaVersion: 1 }, undefined, /schemaVersion.*schema 1/],
    ["no schema version", { ...image, schemaVersion: undefined }, undefined, /schemaVersion/],
    ["a text for it", { ...image, schemaVersion: "2" }, undefined, /schemaVersion/],
    ["schema 1's type", image, "application/vnd.docker.distribution.manifest.v1+json", /mediaType/],
    [
      "another type than declared",
      image,
      mediaTypes.ociIndex,
      /mediaType must be .*index.*declared/,
    ],
    ["an unknown type", { ...image, mediaType: "text/plain" }, undefined, /mediaType/],
    ["a declared type that is none", { ...image, mediaType: undefined }, "text/plain", /mediaType/],
    [
      "a Docker image that does not say so",
      { ...image, mediaType: undefined },
      mediaTypes.dockerManifest,
      /mediaType/,
    ],
    ["a type that is a number", { ...image, mediaType: 7 }, undefined, /mediaType/],
    ["an image that is an index too", { ...image, manifests: [] }, undefined, /manifests/],
    ["an index that is an image too", { ...index, layers: [] }, undefined, /layers/],
    ["an index with a config", { ...index, config }, undefined, /config/],
    ["an image without a config", { ...image, config: undefined }, undefined, /config/],
    ["an index without manifests", { ...index, manifests: undefined }, undefined, /manifests/],
    ["layers that are no list", { ...image, layers: {} }, undefined, /layers must be a list/],
    ["a layer that is a text", { ...image, layers: [layer, "x"] }, undefined, /layers\[1\]/],
    ["a size below 0", bad("size", -1), undefined, /layers\[0\]\.size .*-1/],
    ["a broken size", bad("size", 1.5), undefined, /layers\[0\]\.size/],
    ["a size beyond all bounds", bad("size", 2 ** 60), undefined, /layers\[0\]\.size/],
    ["a size that is a text", bad("size", "1"), undefined, /layers\[0\]\.size/],
    ["no size", bad("size", undefined), undefined, /layers\[0\]\.size.*nothing/],
    ["a digest that is a path", bad("digest", "sha256:../../x"), undefined, /layers\[0\]\.digest/],
    [
      "an unknown algorithm",
      bad("digest", `md5:${"a".repeat(32)}`),
      undefined,
      /layers\[0\]\.digest/,
    ],
    ["a digest that is an object", bad("digest", {}), undefined, /layers\[0\]\.digest/],
    ["no media type", bad("mediaType", undefined), undefined, /layers\[0\]\.mediaType/],
    [
      "a media type of two lines",
      bad("mediaType", "a/b\r\nx: y"),
      undefined,
      /layers\[0\]\.mediaType/,
    ],
    [
      "an endless media type",
      bad("mediaType", "a".repeat(300)),
      undefined,
      /layers\[0\]\.mediaType/,
    ],
    ["urls that are no list", bad("urls", "http://x"), undefined, /layers\[0\]\.urls/],
    [
      "an annotation that is a number",
      { ...image, annotations: { a: 1 } },
      undefined,
      /annotations\["a"\]/,
    ],
    ["annotations that are a list", { ...image, annotations: [] }, undefined, /annotations/],
    ["a subject that is a text", { ...image, subject: "x" }, undefined, /subject/],
    ["an artifact type that is a list", { ...image, artifactType: [] }, undefined, /artifactType/],
    [
      "a platform that is a text",
      { ...index, manifests: [{ ...child, platform: "x" }] },
      undefined,
      /manifests\[0\]\.platform/,
    ],
  ];

  test.each(BAD)("%s", (_, json, declared, message) => {
    expect(() => parseManifest(bytesOf(json), declared)).toThrow(
      expect.objectContaining({
        code: "MANIFEST_INVALID",
        message: expect.stringMatching(message),
      }),
    );
  });

  test("broken UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(() => parseManifest(bytes)).toThrow(/UTF-8/);
  });

  test("more than the limit, by another code", () => {
    const text = JSON.stringify(image);
    const full = text + " ".repeat(MANIFEST_LIMIT_BYTES - text.length);
    expect(parseManifest(bytesOf(full)).kind).toBe("image");
    expect(() => parseManifest(bytesOf(`${full} `))).toThrow(
      expect.objectContaining({ code: "REQUEST_ENTITY_TOO_LARGE" }),
    );
  });
});

test("brackets within texts do not count as nesting", () => {
  const annotations = { a: '[{"'.repeat(1000), b: "\\" };
  expect(parseManifest(bytesOf({ ...image, annotations })).annotations).toEqual(annotations);
});

test("the artifact type falls back on an image's config", () => {
  const type = "application/vnd.example";
  expect(artifactTypeOf(parseManifest(bytesOf(image)))).toBe(mediaTypes.ociConfig);
  expect(artifactTypeOf(parseManifest(bytesOf({ ...image, artifactType: type })))).toBe(type);
  expect(artifactTypeOf(parseManifest(bytesOf({ ...index, artifactType: type })))).toBe(type);
  expect(artifactTypeOf(parseManifest(bytesOf(index)))).toBeUndefined();
});

test("children: each once, blobs in an index apart from manifests, the subject is none", () => {
  const twice = { ...image, layers: [layer, layer, config], subject: child };
  expect(childrenOf(parseManifest(bytesOf(twice)))).toEqual({
    blobs: [config, layer],
    manifests: [],
  });
  const cache = { ...index, manifests: [child, layer, child] };
  expect(childrenOf(parseManifest(bytesOf(cache)))).toEqual({ blobs: [layer], manifests: [child] });
});

test("a layer that is named once as non-distributable is needed all the same", () => {
  const foreign = { ...layer, mediaType: mediaTypes.ociForeignLayerGzip };
  const manifest = parseManifest(bytesOf({ ...image, layers: [foreign, layer] }));
  expect(childrenOf(manifest).blobs).toEqual([config, layer]);
});

test("a referrer shows its artifact type and annotations", () => {
  const annotations = { by: "me" };
  const bytes = bytesOf({ ...image, annotations });
  expect(referrerOf(parseManifest(bytes), digestOf(bytes), bytes.length)).toEqual({
    mediaType: image.mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
    artifactType: mediaTypes.ociConfig,
    annotations,
  });
});

test("random damage is refused or read, never worse (seeds 1 to 300)", () => {
  const text = JSON.stringify({ ...image, subject: child, annotations: { a: "b" } });
  for (let seed = 1; seed <= 300; seed++) {
    const bytes = Buffer.from(text);
    bytes[(seed * 7919) % bytes.length] = (seed * 104_729) % 256;
    try {
      parseManifest(bytes);
    } catch (error) {
      expect(error, `seed ${seed}`).toMatchObject({ code: "MANIFEST_INVALID" });
    }
  }
});
