import { RegistryError } from "@entrepot/oci";
import { copyTag } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { describe, expect, test } from "vitest";
import type { Origin, Site } from "./ports.ts";
import { takingAlong, waitingTags } from "./tags-together.ts";

const origin = (seq: number): Origin => ({ registry: "here", seq, path: ["here"], clock: "c" });

/** Copies `app:v1` while v2 and v3 wait for the same image. */
async function copyWith(together: Site["together"], isThere = false) {
  const [source, there] = [memoryRegistry(), memoryRegistry()].map((registry) =>
    registry.repository("library/app"),
  ) as [ReturnType<ReturnType<typeof memoryRegistry>["repository"]>, never];
  const image = sampleImage();
  await pushSample(source, image, ["v1", "v2", "v3"]);
  const target = there as typeof source;
  if (isThere) await pushSample(target, image);
  const waiting = waitingTags();
  const others = ["v2", "v3"].map((tag, n) => waiting.wait("key", tag, origin(n + 2)));
  const gone = waiting.wait("key", "v4", origin(4));
  waiting.leave("key", gone);
  const site = { ...(together && { together }) };
  const taking = takingAlong(target, {
    site,
    source,
    waiting,
    content: image.content,
    tag: "v1",
    origin: origin(1),
    artifact: "key",
  });
  const asked: (readonly Origin[])[] = [];
  site.together &&= (origins) => {
    asked.push(origins);
    const registry = together!(origins);
    return registry && { repository: () => ({ ...target, ...registry.repository("library/app") }) };
  };
  await copyTag(source, taking, "v1", image.content);
  return { target, others, asked };
}

const takes = () => ({ repository: () => ({}) as never });
const refusing = (code: "BAD_REQUEST" | "DENIED") => () => ({
  repository: () =>
    ({
      push: async () => {
        throw new RegistryError(code, "no");
      },
    }) as never,
});

describe.each([
  ["new", false],
  ["there already", true],
])("with an artifact that is %s", (_, isThere) => {
  test("those that wait go along, each with its own origin", async () => {
    const { target, others, asked } = await copyWith(takes, isThere);
    expect((await target.tags()).items).toEqual(["v1", "v2", "v3"]);
    expect(asked).toEqual([[origin(1), origin(2), origin(3)]]);
    expect(others.map(({ moved }) => moved)).toEqual([true, true]);
  });

  const ALONE: readonly (readonly [string, Site["together"]])[] = [
    ["takes one tag at a time", undefined],
    ["cannot tell these together", () => null],
    ["is too old to be told", refusing("BAD_REQUEST")],
  ];
  test.each(ALONE)("the tag moves alone where the target %s", async (_why, together) => {
    const { target, others } = await copyWith(together, isThere);
    expect((await target.tags()).items).toEqual(["v1"]);
    expect(others.map(({ moved }) => moved)).toEqual([false, false]);
  });

  test("what else fails, fails the copy", async () => {
    await expect(copyWith(refusing("DENIED"), isThere)).rejects.toThrow("no");
  });
});
