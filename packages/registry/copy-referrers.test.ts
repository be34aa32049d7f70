import { cosignTagOf } from "@entrepot/oci";
import { expect, test } from "vitest";
import { copyGraph, copyTag } from "./copy-graph.ts";
import { recorded } from "./faults.ts";
import { memoryRegistry } from "./memory.ts";
import { pushSample, sampleImage, sampleIndex } from "./samples.ts";

const repository = () => memoryRegistry().repository("library/app");

test("referrers travel with an index, its images, and each other", async () => {
  const source = repository();
  const image = sampleImage();
  const index = sampleIndex([sampleIndex([image])]);
  const sbom = sampleImage({ subject: image.content, artifactType: "application/vnd.e.sbom" });
  const signed = sampleImage({ subject: sbom.content, artifactType: "application/vnd.e.sig" });
  const onIndex = sampleIndex([], { subject: index.content });
  for (const sample of [index, sbom, signed, onIndex]) await pushSample(source, sample);

  const target = repository();
  await copyTag(source, target, "v1", index.content, { referrers: true });
  for (const [subject, referrer] of [
    [image, sbom],
    [sbom, signed],
    [index, onIndex],
  ] as const) {
    const { items } = await target.referrers(subject.content.digest);
    expect(items.map((item) => item.digest)).toEqual([referrer.content.digest]);
  }
});

test("referrers stay behind unless asked for", async () => {
  const source = repository();
  const image = sampleImage();
  await pushSample(source, image);
  await pushSample(source, sampleImage({ subject: image.content }));
  const target = repository();
  await copyGraph(source, target, image.content);
  expect((await target.referrers(image.content.digest)).items).toEqual([]);
});

test("cosign's tags travel, and follow the source when they move", async () => {
  const source = repository();
  const image = sampleImage();
  const index = sampleIndex([image]);
  await pushSample(source, index);
  const tags = [
    `${cosignTagOf(image.content.digest)}.sig`,
    `${cosignTagOf(index.content.digest)}.att`,
    `${cosignTagOf(index.content.digest)}.sbom`,
  ];
  const target = repository();
  for (let round = 0; round < 2; round++) {
    for (const tag of tags) await pushSample(source, sampleImage(), [tag]);
    await copyTag(source, target, "v1", index.content, { referrers: true });
    for (const tag of tags) expect(await target.resolve(tag)).toEqual(await source.resolve(tag));
  }
});

test("a referrer that came later is brought though the tag is right", async () => {
  const source = repository();
  const image = sampleImage();
  await pushSample(source, image, ["v1"]);
  const target = repository();
  await copyTag(source, target, "v1", image.content, { referrers: true });
  const signature = sampleImage({ subject: image.content });
  await pushSample(source, signature);
  const asked = recorded(target);
  await copyTag(source, asked.repository, "v1", image.content, { referrers: true });
  expect(await target.resolve(signature.content.digest)).not.toBeNull();
  expect(asked.counts()).toEqual({ resolve: 2, stat: 2, "push blob": 2, "push manifest": 1 });
});

test("many referrers come page by page", async () => {
  const source = repository();
  const image = sampleImage();
  await pushSample(source, image);
  for (let n = 0; n < 25; n++) await pushSample(source, sampleImage({ subject: image.content }));
  const paged = {
    ...source,
    referrers: (...[digest, query]: Parameters<typeof source.referrers>) =>
      source.referrers(digest, { ...query, n: 10 }),
  };
  const target = repository();
  await copyGraph(paged, target, image.content, { referrers: true });
  expect((await target.referrers(image.content.digest)).items).toHaveLength(25);
});
