import { digestOf, parseManifest } from "@entrepot/oci";
import { expect, test } from "vitest";
import { collect } from "./bytes.ts";
import { copyGraph, copyTag } from "./copy-graph.ts";
import { memoryRegistry } from "./memory.ts";
import { entriesFor, rewriteIndex, withPlatforms } from "./platforms.ts";
import type { Repository } from "./ports.ts";
import { pushSample, type Sample, sampleImage, sampleIndex } from "./samples.ts";

const isAmd64 = (platform: string) => platform === "linux/amd64";
const repository = () => memoryRegistry().repository("library/app");

const on = (sample: Sample, os: string, architecture: string, about?: Sample): Sample => ({
  ...sample,
  content: {
    ...sample.content,
    platform: { os, architecture },
    ...(about && { annotations: { "vnd.docker.reference.digest": about.content.digest } }),
  },
});

/** An index as BuildKit makes it: two images, and an attestation about each. */
function built() {
  const images = [on(sampleImage(), "linux", "amd64"), on(sampleImage(), "linux", "arm64")];
  const attestations = images.map((image) => on(sampleImage(), "unknown", "unknown", image));
  const bare = sampleImage();
  return { index: sampleIndex([...images, ...attestations, bare]), images, attestations, bare };
}

async function sourceOf(sample: Sample): Promise<Repository> {
  const source = repository();
  await pushSample(source, sample, ["v1"]);
  return source;
}

test("attestations stay with their images, and what has no platform stays", () => {
  const { images, attestations, bare } = built();
  const entries = [...images, ...attestations, bare].map(({ content }) => content);
  expect(entriesFor(entries, isAmd64)).toEqual([entries[0], entries[2], entries[4]]);
});

test("a rewritten index is the same each time, and otherwise as it was", () => {
  const { index } = built();
  const once = rewriteIndex(index.bytes, index.content.mediaType, isAmd64)!;
  const again = rewriteIndex(index.bytes, index.content.mediaType, isAmd64)!;
  expect(again).toEqual(once);
  expect(digestOf(once.bytes)).toBe(once.content.digest);
  const [before, after] = [index.bytes, once.bytes].map((bytes) => parseManifest(bytes));
  expect({ ...after, manifests: [] }).toEqual({ ...before, manifests: [] });
  expect(after!.manifests).toHaveLength(3);
});

test("an index that keeps all its entries stays as it is", () => {
  const { index, images } = built();
  expect(rewriteIndex(index.bytes, index.content.mediaType, () => true)).toBeNull();
  expect(rewriteIndex(images[0]!.bytes, images[0]!.content.mediaType, isAmd64)).toBeNull();
});

test("a source with platforms has rewritten indexes, which copy whole", async () => {
  const { index, images } = built();
  const source = withPlatforms(await sourceOf(index), isAmd64);
  const target = repository();
  const root = (await source.resolve("v1"))!;
  expect(await source.resolve(index.content.digest)).toEqual(root);

  await copyTag(source, target, "v1", root);
  expect((await target.resolve("v1"))?.digest).toBe(root.digest);
  expect(await target.resolve(images[0]!.content.digest)).not.toBeNull();
  expect(await target.resolve(images[1]!.content.digest)).toBeNull();
});

/** A target that takes an index whatever it lacks, as some registries can be told to. */
function lenient(): Repository {
  const target = repository();
  const taken = new Map<string, Uint8Array>();
  return {
    ...target,
    async push(content, bytes, tags) {
      if (!content.mediaType.includes("index")) return target.push(content, bytes, tags);
      for (const name of [content.digest, ...(tags ?? [])]) {
        taken.set(name, await collect(bytes, content.size));
      }
    },
    resolve: async (reference) =>
      taken.has(reference) ? sampleContent(taken.get(reference)!) : target.resolve(reference),
  };
}
function sampleContent(bytes: Uint8Array) {
  const { mediaType } = parseManifest(bytes);
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

test("a sparse index arrives with the selected children, and grows", async () => {
  const { index, images } = built();
  const source = await sourceOf(index);
  const target = lenient();
  await copyGraph(source, target, index.content, { platforms: isAmd64 });
  expect(await target.resolve(index.content.digest)).not.toBeNull();
  expect(await target.resolve(images[0]!.content.digest)).not.toBeNull();
  expect(await target.resolve(images[1]!.content.digest)).toBeNull();

  await copyGraph(source, target, index.content, { platforms: () => true });
  expect(await target.resolve(images[1]!.content.digest)).not.toBeNull();
});

test("a target that refuses a sparse index: the error says what helps", async () => {
  const { index } = built();
  const copy = copyGraph(await sourceOf(index), repository(), index.content, {
    platforms: isAmd64,
  });
  await expect(copy).rejects.toMatchObject({
    code: "UNSUPPORTED",
    message: expect.stringMatching(/without all of its children; have it rewritten/),
  });
});
