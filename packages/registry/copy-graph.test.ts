import { mediaTypes, type Descriptor } from "@entrepot/oci";
import { describe, expect, test } from "vitest";
import { bytesOf } from "./bytes.ts";
import { copyGraph, copyTag } from "./copy-graph.ts";
import { cutOffAfter, before, recorded } from "./faults.ts";
import { has } from "./has.ts";
import { memoryRegistry } from "./memory.ts";
import type { Repository } from "./ports.ts";
import {
  pushSample,
  sampleBlob,
  sampleImage,
  sampleIndex,
  sampleManifest,
  type Sample,
} from "./samples.ts";
import { seenBlobs } from "./seen-blobs.ts";
import { sharedTransfers } from "./shared-transfers.ts";

const repository = (name = "library/app") => memoryRegistry().repository(name);

async function sourceOf(...samples: readonly Sample[]): Promise<Repository> {
  const source = repository("library/source");
  for (const sample of samples) await pushSample(source, sample);
  return source;
}

/** Descriptors of `sample` and everything below it. */
function partsOf(sample: Sample): Descriptor[] {
  return [sample.content, ...sample.children.flatMap(partsOf)];
}

async function missingFrom(target: Repository, sample: Sample): Promise<Descriptor[]> {
  const missing: Descriptor[] = [];
  for (const part of partsOf(sample)) if (!(await has(target, part))) missing.push(part);
  return missing;
}

const twoPlatforms = () => {
  const shared = sampleBlob();
  return sampleIndex([
    sampleImage({}, [shared, sampleBlob()]),
    sampleImage({}, [shared, sampleBlob()]),
  ]);
};

describe("a copy arrives whole", () => {
  for (let n = 0; n <= 12; n++) {
    test(`cut off after ${n} pushes, it completes when run again`, async () => {
      const index = twoPlatforms();
      const source = await sourceOf(index);
      const target = repository();
      const cut = copyTag(source, cutOffAfter(n, target), "v1", index.content);
      // 3 layers, 2 configs, 2 images, 1 index.
      if (n < 8) {
        await expect(cut).rejects.toThrow(/cut off/);
        expect(await target.resolve("v1")).toBeNull();
        expect(await target.resolve(index.content.digest)).toBeNull();
      } else await cut;

      await copyTag(source, target, "v1", index.content);
      expect(await target.resolve("v1")).toMatchObject(index.content);
      expect(await missingFrom(target, index)).toEqual([]);
    });
  }

  for (let seed = 1; seed <= 30; seed++) {
    test(`a random graph, cut off again and again (seed ${seed})`, async () => {
      const random = randomFrom(seed);
      const graph = randomGraph(random, 3);
      const source = await sourceOf(graph);
      const target = repository();
      const replay = `replay: vitest run copy-graph -t "seed ${seed})"`;
      for (let n = 1; !(await has(target, graph.content)); n++) {
        const concurrency = 1 + Math.floor(random() * 5);
        await copyGraph(source, cutOffAfter(n, target), graph.content, { concurrency }).catch(
          (error: Error) => expect(error.message, replay).toMatch(/cut off/),
        );
        expect(n, replay).toBeLessThan(100);
      }
      expect(await missingFrom(target, graph), replay).toEqual([]);
    });
  }
});

describe("a copy asks the target little", () => {
  test("of a new image with k blobs: k stats, k pushes, one resolve, one push", async () => {
    const image = sampleImage({}, [sampleBlob(), sampleBlob()]);
    const target = recorded(repository());
    const result = await copyGraph(await sourceOf(image), target.repository, image.content);
    expect(target.counts()).toEqual({ resolve: 1, stat: 3, "push blob": 3, "push manifest": 1 });
    const bytesSent = partsOf(image).reduce((sum, part) => sum + part.size, 0);
    expect(result).toEqual({
      bytesSent,
      blobsSent: 3,
      blobsMounted: 0,
      blobsSkipped: 0,
      manifestsSent: 1,
    });
  });

  test("of a new tag: one resolve more; the tag comes with the manifest", async () => {
    const image = sampleImage();
    const target = recorded(repository());
    await copyTag(await sourceOf(image), target.repository, "v1", image.content);
    expect(target.counts()).toEqual({ resolve: 2, stat: 2, "push blob": 2, "push manifest": 1 });
    expect(await target.repository.resolve("v1")).toMatchObject(image.content);
  });

  test("of a tag that is right: one resolve", async () => {
    const image = sampleImage();
    const source = await sourceOf(image);
    const plain = repository();
    await copyTag(source, plain, "v1", image.content);
    const target = recorded(plain);
    const result = await copyTag(source, target.repository, "v1", image.content);
    expect(target.calls).toEqual(["resolve"]);
    expect(result.bytesSent).toBe(0);
    await copyTag(source, target.repository, "v1", image.content, { referrers: true });
    expect(target.calls).toEqual(["resolve", "resolve"]);
  });

  test("of a second tag on what is there: two resolves and the tag", async () => {
    const image = sampleImage();
    const source = await sourceOf(image);
    const plain = repository();
    await copyTag(source, plain, "v1", image.content);
    const target = recorded(plain);
    await copyTag(source, target.repository, "v2", image.content);
    expect(target.calls).toEqual(["resolve", "resolve", "tag"]);
    expect(await plain.resolve("v2")).toMatchObject(image.content);
  });

  test("of an index of which one image is there: nothing of that image's blobs", async () => {
    const [there, absent] = [sampleImage(), sampleImage()];
    const index = sampleIndex([there, absent]);
    const plain = repository();
    await pushSample(plain, there);
    const target = recorded(plain);
    await copyGraph(await sourceOf(index), target.repository, index.content);
    expect(target.counts()).toEqual({ resolve: 3, stat: 2, "push blob": 2, "push manifest": 2 });
  });
});

test("deep walks what is there, and heals it", async () => {
  const image = sampleImage();
  const source = await sourceOf(image);
  const target = repository();
  await copyTag(source, target, "v1", image.content);
  await target.deleteBlob(image.children[1]!.content.digest);
  await copyTag(source, target, "v1", image.content);
  expect(await missingFrom(target, image)).toHaveLength(1);
  const result = await copyTag(source, target, "v1", image.content, { deep: true });
  expect(result).toMatchObject({ blobsSent: 1, blobsSkipped: 1, manifestsSent: 1 });
  expect(await missingFrom(target, image)).toEqual([]);
});

test("a blob is mounted where it can be, else sent", async () => {
  const registry = memoryRegistry();
  const image = sampleImage({}, [sampleBlob(), sampleBlob()]);
  const [config, mounted] = image.children;
  const near = registry.repository("library/near");
  await near.push(mounted!.content, bytesOf(mounted!.bytes));
  const target = registry.repository("library/app");
  const mountFrom = (blob: Descriptor) =>
    blob.digest === config!.content.digest ? undefined : near.name;
  const result = await copyGraph(await sourceOf(image), target, image.content, { mountFrom });
  expect(result).toMatchObject({ blobsMounted: 1, blobsSent: 2 });
  expect(await missingFrom(target, image)).toEqual([]);
});

const foreign = () => sampleBlob(undefined, mediaTypes.ociForeignLayerGzip);

describe("a layer that registries need not hold", () => {
  test("is left out if the source does not have it", async () => {
    const image = sampleImage({}, [foreign()]);
    const source = await sourceOf({ ...image, children: image.children.slice(0, 1) });
    const result = await copyGraph(source, repository(), image.content);
    expect(result).toMatchObject({ blobsSent: 1, blobsSkipped: 1, manifestsSent: 1 });
  });

  test("is copied if the source has it", async () => {
    const image = sampleImage({}, [foreign()]);
    const target = repository();
    await copyGraph(await sourceOf(image), target, image.content);
    expect(await missingFrom(target, image)).toEqual([]);
  });
});

describe("a copy fails", () => {
  test("with the source's words where the source sends other bytes", async () => {
    const image = sampleImage();
    const layer = image.children[1]!.content;
    const source = await sourceOf(image);
    const lying: Repository = {
      ...source,
      fetch: async (content) =>
        content.digest === layer.digest ? bytesOf(new Uint8Array(64)) : source.fetch(content),
    };
    const target = repository();
    await expect(copyGraph(lying, target, image.content)).rejects.toMatchObject({
      code: "DIGEST_INVALID",
      message: expect.stringContaining(`copying library/source to library/app`),
      cause: expect.objectContaining({ code: "DIGEST_INVALID" }),
    });
    expect(await target.stat(layer.digest)).toBeNull();
    expect(await target.resolve(image.content.digest)).toBeNull();
  });

  test("where indexes are nested too deep, before anything is sent", async () => {
    let graph = sampleIndex([]);
    for (let n = 0; n < 9; n++) graph = sampleIndex([graph]);
    const target = recorded(repository());
    const source = await sourceOf(graph);
    const copy = copyGraph(source, target.repository, graph.content);
    await expect(copy).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(target.counts()).toEqual({ resolve: 9 });
    await copyGraph(source, target.repository, graph.children[0]!.content);
  });

  test("for a manifest that the source lost", async () => {
    const copy = copyGraph(repository(), repository(), sampleImage().content);
    await expect(copy).rejects.toMatchObject({ code: "MANIFEST_UNKNOWN" });
  });
});

describe("a cancelled copy", () => {
  const hang = new Promise<void>(() => {});
  for (const method of ["resolve", "stat", "push"]) {
    test(`ends at once, though the target's ${method} hangs`, async () => {
      const image = sampleImage();
      const abort = new AbortController();
      const target = before(repository(), async (called) => {
        if (called !== method) return;
        abort.abort(new Error("enough"));
        await hang;
      });
      const { signal } = abort;
      await expect(
        copyGraph(await sourceOf(image), target, image.content, { signal }),
      ).rejects.toMatchObject({ code: "CANCELLED", cause: { message: "enough" } });
    });
  }

  test("ends at once, though the source's bytes stop coming, and lets the source go", async () => {
    const image = sampleImage();
    const source = await sourceOf(image);
    const abort = new AbortController();
    const stalled: Repository = {
      ...source,
      fetch: async (content) =>
        content.mediaType === mediaTypes.ociLayerGzip ? stall(abort) : source.fetch(content),
    };
    const { signal } = abort;
    await expect(copyGraph(stalled, repository(), image.content, { signal })).rejects.toMatchObject(
      { code: "CANCELLED" },
    );
  });

  test("that was cancelled before asks nobody", async () => {
    const target = recorded(repository());
    const copy = copyGraph(repository(), target.repository, sampleImage().content, {
      signal: AbortSignal.abort(),
    });
    await expect(copy).rejects.toMatchObject({ code: "CANCELLED" });
    expect(target.calls).toEqual([]);
  });

  async function* stall(abort: AbortController) {
    yield new Uint8Array(1);
    abort.abort();
    await hang;
  }
});

describe("copies at once", () => {
  test("share the transfer of a blob", async () => {
    const layer = sampleBlob();
    const images = Array.from({ length: 5 }, () => sampleImage({}, [layer]));
    const source = await sourceOf(...images);
    const target = recorded(repository());
    const once = sharedTransfers();
    const results = await Promise.all(
      images.map(({ content }) => copyGraph(source, target.repository, content, { once })),
    );
    const pushed = target.counts()["push blob"];
    expect(pushed).toBe(6);
    expect(results.reduce((sum, { blobsSent }) => sum + blobsSent, 0)).toBe(6);
  });

  test("do not share a failure", async () => {
    const image = sampleImage();
    const source = await sourceOf(image);
    const plain = repository();
    const once = sharedTransfers();
    const failing = copyGraph(source, cutOffAfter(0, plain), image.content, { once });
    const working = copyGraph(source, plain, image.content, { once });
    await expect(failing).rejects.toThrow(/cut off/);
    await working;
    expect(await missingFrom(plain, image)).toEqual([]);
  });
});

test("never more blobs under way than allowed", async () => {
  const image = sampleImage(
    {},
    Array.from({ length: 20 }, () => sampleBlob()),
  );
  let underWay = 0;
  let most = 0;
  const plain = repository();
  const target: Repository = {
    ...plain,
    push: async (...args) => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      await plain.push(...args);
      underWay--;
    },
  };
  await copyGraph(await sourceOf(image), target, image.content, { concurrency: 3 });
  expect(most).toBe(3);
});

test("an index of blobs, as build caches are, is copied", async () => {
  const layers = [sampleBlob(), sampleBlob()];
  const manifests = layers.map((layer) => layer.content);
  const cache = sampleManifest({ mediaType: mediaTypes.ociIndex, manifests }, layers);
  const target = repository();
  await copyGraph(await sourceOf(cache), target, cache.content);
  expect(await missingFrom(target, cache)).toEqual([]);
});

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An index of images and indexes that share parts at different depths. */
function randomGraph(random: () => number, depth: number): Sample {
  const below = (limit: number) => Math.floor(random() * limit);
  const pool = Array.from({ length: 5 }, () => sampleBlob());
  const some = <T>(from: readonly T[], most: number): T[] =>
    Array.from({ length: below(most + 1) }, () => from[below(from.length)]!);
  const manifests: Sample[] = Array.from({ length: 4 }, () => sampleImage({}, some(pool, 4)));
  for (let n = 0; n < depth; n++) manifests.push(sampleIndex(some(manifests, 5)));
  return sampleIndex(manifests.slice(below(4)));
}

test("what is small, new or seen already is not asked for", async () => {
  const [small, large] = [sampleBlob("small"), sampleBlob(Buffer.alloc(100))];
  const image = sampleImage({ config: small }, [large]);
  const other = sampleImage({ config: sampleBlob("other") }, [large]);
  const source = await sourceOf(image, other);
  const asked: string[] = [];
  const target = before(repository(), async (method, [what]) => {
    if (method === "stat" || method === "resolve") asked.push(String(what));
  });
  const options = { isNew: true, unaskedBytes: 50, seen: seenBlobs() };
  await copyTag(source, target, "v1", image.content, options);
  expect(asked).toEqual(["v1", large.content.digest]);
  const again = await copyTag(source, target, "v2", other.content, options);
  expect(asked.slice(2)).toEqual(["v2"]);
  expect(again).toMatchObject({ blobsSent: 1, blobsSkipped: 1 });
  expect(await missingFrom(target, other)).toEqual([]);
});

test("a blob that was seen and has gone is found missing, and sent by a deep copy", async () => {
  const image = sampleImage();
  const source = await sourceOf(image);
  const target = repository();
  const seen = seenBlobs();
  const [part] = image.children;
  seen.add(target.name, part!.content.digest);
  await expect(copyTag(source, target, "v1", image.content, { seen })).rejects.toMatchObject({
    code: "MANIFEST_BLOB_UNKNOWN",
  });
  await copyTag(source, target, "v1", image.content, { seen, deep: true });
  expect(await missingFrom(target, image)).toEqual([]);
});

test("what was seen is forgotten after a minute", () => {
  let now = 0;
  const seen = seenBlobs(() => now);
  const { digest } = sampleBlob().content;
  seen.add("library/app", digest);
  now = 59_999;
  expect(seen.has("library/app", digest)).toBe(true);
  expect(seen.has("library/other", digest)).toBe(false);
  now = 60_000;
  expect(seen.has("library/app", digest)).toBe(false);
});
