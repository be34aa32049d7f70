import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runGuide } from "./guide.ts";
import { makeReferrer, makeTwoPlatforms } from "./images.ts";
import { hasSkopeo } from "./skopeo.ts";

const ACTOR = { name: "test", cause: "test" };

describe.skipIf(!hasSkopeo)("the guide to carrying images across an air gap", () => {
  let build: TestServer;
  let plant: TestServer;
  beforeAll(async () => {
    [build, plant] = await Promise.all([testServer({ workers: 0 }), testServer({ workers: 0 })]);
  });
  afterAll(() => Promise.all([build?.close(), plant?.close()]));

  test("its commands do what it says", async () => {
    const [image, other] = [makeTwoPlatforms(), makeTwoPlatforms()];
    const signature = makeReferrer(image, "signed");
    await build.content.projects.create(ACTOR, { name: "team", public: false });
    const source = build.content.as(ACTOR).repository("team/app");
    await pushSample(source, image, ["1.0", "1.1"]);
    await pushSample(source, signature);
    await pushSample(source, other, ["2.0"]);

    const said = await runGuide("air-gapped.md", [
      { name: "build.example", url: build.url, password: build.credential.password },
      { name: "plant.example", url: plant.url, password: plant.credential.password },
    ]);
    const results = said.split("\n").filter((line) => /^(?:Ex|Im)ported/.test(line));
    expect(results).toEqual([
      expect.stringMatching(/^Exported to transfer: 2 images, \d unchanged, .* compared 2, all/),
      "Exported to transfer: 2 images, 2 unchanged, 0 B moved; compared 2, all the same.",
      expect.stringMatching(/^Exported to transfer\.tar: 3 images, .* compared 3, all the same/),
      expect.stringMatching(/^Imported transfer: 2 images, .* compared 2, all the same/),
      expect.stringMatching(/^Imported transfer\.tar: 3 images, 2 unchanged, .* compared 3, all/),
      expect.stringMatching(/^Imported app\.tar: 1 image, .* compared 1, all the same/),
    ]);
    const target = plant.content.as(ACTOR).repository("team/app");
    expect((await target.tags()).items).toEqual(["1.0", "1.1", "2.0"]);
    expect(await target.resolve("1.1")).toMatchObject(image.content);
    const { items } = await target.referrers(image.content.digest);
    expect(items.map(({ digest }) => digest)).toEqual([signature.content.digest]);
    const again = plant.content.as(ACTOR).repository("team/again");
    expect(await again.resolve("1.0")).toMatchObject(image.content);
  });
});
