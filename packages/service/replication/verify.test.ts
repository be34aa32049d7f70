import type { Descriptor } from "@entrepot/oci";
import { bytesOf, memoryRegistry, type Repository } from "@entrepot/registry";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { expect, test } from "vitest";
import { verifyGraph } from "./verify.ts";

const image = sampleImage();
const index = sampleIndex([image, sampleImage()]);
const [blob] = image.children;

async function holding() {
  const target = memoryRegistry().repository("library/app");
  await pushSample(target, index);
  return target;
}

test("an index whose parts are all there is proven", async () => {
  const found = await verifyGraph(await holding(), index.content);
  expect(found.manifests).toBe(3);
  expect(found.blobs).toBeGreaterThan(1);
});

const WRONGS: { about: string; wrong: (target: Repository) => Partial<Repository> }[] = [
  {
    about: "a blob that is missing",
    wrong: (target) => ({
      stat: async (digest) => (digest === blob!.content.digest ? null : target.stat(digest)),
    }),
  },
  {
    about: "a blob of another size",
    wrong: (target) => ({
      stat: async (digest) => {
        const there = await target.stat(digest);
        return there && { ...there, size: there.size + 1 };
      },
    }),
  },
  {
    about: "a manifest of other bytes",
    wrong: (target) => ({
      fetch: async (content: Descriptor) =>
        content.digest === image.content.digest
          ? bytesOf("x".repeat(content.size))
          : target.fetch(content),
    }),
  },
];

test.each(WRONGS)("$about is found", async ({ wrong }) => {
  const target = await holding();
  const damaged: Repository = { ...target, ...wrong(target) };
  await expect(verifyGraph(damaged, index.content)).rejects.toMatchObject({ code: "INTEGRITY" });
});

test("nothing at all is found", async () => {
  const target = memoryRegistry().repository("library/app");
  await expect(verifyGraph(target, index.content)).rejects.toMatchObject({ code: "INTEGRITY" });
});
