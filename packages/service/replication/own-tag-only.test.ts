import { cosignTagOf } from "@entrepot/oci";
import { copyTag, memoryRegistry } from "@entrepot/registry";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { expect, test } from "vitest";
import { ownTagOnly } from "./own-tag-only.ts";

/** A signed image, and a target at which its signature has been made anew since. */
async function signedAnew() {
  const [source, target] = [memoryRegistry(), memoryRegistry()].map((registry) =>
    registry.repository("library/app"),
  );
  const [image, older, newer] = [sampleImage(), sampleImage(), sampleImage()];
  const signature = `${cosignTagOf(image.content.digest)}.sig`;
  await pushSample(source!, image, ["v1"]);
  await pushSample(source!, older, [signature]);
  await pushSample(target!, newer, [signature]);
  const at = async (tag: string) => (await target!.resolve(tag))?.digest;
  return { source: source!, target: target!, image, older, newer, signature, at };
}

test("a stale copy of an image never overwrites a newer signature's tag", async () => {
  const { source, target, image, newer, signature, at } = await signedAnew();
  const own = ownTagOnly(target, "v1", false);
  await copyTag(source, own, "v1", image.content, { referrers: true });
  expect(await at("v1")).toBe(image.content.digest);
  expect(await at(signature)).toBe(newer.content.digest);
});

test("without that it would, which is why", async () => {
  const { source, target, image, older, signature, at } = await signedAnew();
  await copyTag(source, target, "v1", image.content, { referrers: true });
  expect(await at(signature)).toBe(older.content.digest);
});

test("a signature's own copy moves its tag", async () => {
  const { source, target, older, signature, at } = await signedAnew();
  await copyTag(source, ownTagOnly(target, signature, false), signature, older.content);
  expect(await at(signature)).toBe(older.content.digest);
});

test.each([
  [true, 1],
  [false, 0],
])("a tag that is right already: told again if the target judges (%s)", async (judges, times) => {
  const { source, target, image } = await signedAnew();
  await copyTag(source, target, "v1", image.content);
  const told: string[] = [];
  const heard = {
    ...target,
    push: async (...[content, bytes, tags = []]: Parameters<typeof target.push>) => {
      told.push(...tags);
      await target.push(content, bytes, tags);
    },
    tag: async (tag: string, digest: Parameters<typeof target.tag>[1]) => {
      told.push(tag);
      await target.tag(tag, digest);
    },
  };
  await copyTag(source, ownTagOnly(heard, "v1", judges), "v1", image.content);
  expect(told).toEqual(Array.from({ length: times }, () => "v1"));
});
