import { rm } from "node:fs/promises";
import { join } from "node:path";
import { seeds } from "@entrepot/catalog/testing";
import { digestOf } from "@entrepot/oci";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { CHECK_BEGIN, checkRun } from "./check-run.ts";
import { type CheckWorld, checkWorld } from "./test-world.ts";

/** What one test has: an index of an image at `library/app:v1`, and that image's layer. */
interface Case {
  readonly world: CheckWorld;
  readonly index: Sample;
  readonly image: Sample;
  readonly layer: Sample;
}

const run = (world: CheckWorld, text: string) => sql.raw(text).execute(world.catalog.db);

/** Damage done behind the registry's back, and what a check says then. */
const DAMAGES: Readonly<Record<string, [(of: Case) => Promise<unknown>, (of: Case) => string[]]>> =
  {
    "a flipped bit": [
      ({ world, layer }) => world.flip(layer.content.digest),
      ({ layer }) => [`corrupt ${layer.content.digest}`],
    ],
    "a file cut off": [
      ({ world, layer }) => world.cut(layer.content.digest, 3),
      ({ layer }) => [`truncated ${layer.content.digest}`],
    ],
    "an empty file": [
      ({ world, layer }) => world.cut(layer.content.digest, 0),
      ({ layer }) => [`truncated ${layer.content.digest}`],
    ],
    "a file that is too long": [
      ({ world, layer }) => world.lengthen(layer.content.digest),
      ({ layer }) => [`truncated ${layer.content.digest}`],
    ],
    "a file that is gone": [
      ({ world, layer }) => world.lose(layer.content.digest),
      ({ layer }) => [`missing ${layer.content.digest}`],
    ],
    "a manifest's file that is gone": [
      ({ world, image }) => world.lose(image.content.digest),
      ({ image }) => [`missing ${image.content.digest}`],
    ],
    "a file that nothing names": [
      ({ world }) => world.store.put(digestOf(Buffer.from("nobody's")), Buffer.from("nobody's")),
      () => [`orphan ${digestOf(Buffer.from("nobody's"))}`],
    ],
    "a blob that its repository does not have": [
      ({ world, layer }) =>
        run(world, `DELETE FROM repository_blob WHERE digest = '${layer.content.digest}'`),
      ({ image }) => [`dangling-child library/app@${image.content.digest}`],
    ],
    "an image of an index that its repository does not have": [
      async ({ world, image }) => {
        const { digest } = image.content;
        await run(world, `DELETE FROM manifest WHERE digest = '${digest}'`);
        await run(world, `DELETE FROM journal WHERE key = 'library/app@${digest}'`);
      },
      ({ index }) => [`dangling-child library/app@${index.content.digest}`],
    ],
    "a blob's row with another size": [
      ({ world, layer }) =>
        run(world, `UPDATE repository_blob SET size = 7 WHERE digest = '${layer.content.digest}'`),
      ({ layer }) => [`blob-row ${layer.content.digest}`],
    ],
    "a manifest's row with another size": [
      ({ world, image }) =>
        run(world, `UPDATE manifest SET size = 7 WHERE digest = '${image.content.digest}'`),
      ({ image }) => [`manifest-row library/app@${image.content.digest}`],
    ],
    "a manifest's row with another media type": [
      ({ world, image }) =>
        run(
          world,
          `UPDATE manifest SET media_type = 'application/vnd.oci.image.index.v1+json'
         WHERE digest = '${image.content.digest}'`,
        ),
      ({ image }) => [`manifest-row library/app@${image.content.digest}`],
    ],
    "a manifest's reference that is gone": [
      ({ world, image, layer }) =>
        run(
          world,
          `DELETE FROM manifest_reference WHERE digest = '${layer.content.digest}' AND manifest_id =
          (SELECT id FROM manifest WHERE digest = '${image.content.digest}')`,
        ),
      ({ image }) => [`manifest-row library/app@${image.content.digest}`],
    ],
    "a manifest's bytes in the database": [
      ({ world, image }) =>
        run(
          world,
          `UPDATE manifest SET bytes = set_byte(bytes, 5, 1)
         WHERE digest = '${image.content.digest}'`,
        ),
      ({ image }) => [`manifest-bytes library/app@${image.content.digest}`],
    ],
    "a quota's count": [
      ({ world }) =>
        run(
          world,
          `INSERT INTO quota (project_id, storage, used)
         SELECT id, 1000000, 5 FROM project WHERE name = 'team'`,
        ),
      () => ["journal quota team", "usage team"],
    ],
    "a tag's row that is gone": [
      ({ world }) => run(world, "DELETE FROM tag WHERE name = 'v1'"),
      () => ["journal tag library/app:v1"],
    ],
  };

for (const [what, [damage, found]] of Object.entries(DAMAGES)) {
  test(`a check finds ${what}, and nothing else`, async () => {
    const world = await checkWorld();
    try {
      const layer = { ...sampleImage().children[1]! };
      const image = sampleImage({}, [layer]);
      const index = sampleIndex([image]);
      await pushSample(world.repository("library/app"), index, ["v1"]);
      await pushSample(world.repository("library/app"), sampleImage(), ["other"]);
      expect((await world.check()).said).toEqual([]);
      const of = { world, index, image, layer };
      await damage(of);
      const { said, items } = await world.check();
      expect(said).toEqual(found(of));
      const [first] = items;
      if (first && ["missing", "truncated", "corrupt"].includes(first.class)) {
        expect(first.harms[0]).toBe("library/app:v1");
        expect((await world.check({ scope: "library" })).said).toEqual(found(of));
        expect((await world.check({ scope: "library/app" })).said).toEqual(found(of));
        expect((await world.check({ scope: "team" })).said).toEqual([]);
      }
      const quick = (await world.check({ quick: true })).said;
      expect(quick).toEqual(what === "a flipped bit" ? [] : found(of));
    } finally {
      await world.close();
    }
  });
}

test("a referrer whose subject never came is told, and harms nothing", async () => {
  const world = await checkWorld();
  try {
    const referrer = sampleImage({ subject: sampleImage().content });
    await pushSample(world.repository("library/app"), referrer);
    const { said } = await world.check();
    expect(said).toEqual([`dangling-referrer library/app@${referrer.content.digest}`]);
  } finally {
    await world.close();
  }
});

const FILE = "packages/service/recovery/check/check.test.ts";
test.each(seeds(FILE, process.env))(
  "whatever clients do, nothing is wrong: %s",
  async (_replay, seed) => {
    const world = await checkWorld(seed);
    try {
      await world.act(40);
      const isInformation = /^(?:orphan|dangling-referrer) /;
      const { said, report } = await world.check();
      expect(said.filter((one) => !isInformation.test(one))).toEqual([]);
      let blobs = 0;
      for await (const _ of world.store.list()) blobs += 1;
      expect(report.blobs).toBe(blobs);
    } finally {
      await world.close();
    }
  },
);

test("a check of many blobs goes on where another process left off, each read once", async () => {
  const world = await checkWorld();
  try {
    const repository = world.repository("library/app");
    const images = Array.from({ length: 90 }, () => sampleImage());
    for (const image of images) await pushSample(repository, image);
    const lost = images.flatMap(({ children }) => children).slice(0, 30);
    for (const { content } of lost) await world.lose(content.digest);
    const id = await world.begin();
    const whole = { quick: false, scope: "", bytesPerSecond: 0 };
    const context = { ...world.context, batch: 200 };
    const begun = await checkRun(context, whole, id).step(CHECK_BEGIN);
    expect([begun.stage, begun.report.blobs]).toEqual(["blobs", 200]);
    // Its state was lost once: the same step is done again.
    await checkRun(context, whole, id).step(CHECK_BEGIN);
    const { report, said } = await world.check({}, begun, id);
    expect(report).toMatchObject({ blobs: 270, blobsRead: 240, manifests: 90 });
    expect(said).toEqual(lost.map(({ content }) => `missing ${content.digest}`).toSorted());
  } finally {
    await world.close();
  }
});

test("a whole folder of the store that is gone is told blob by blob", async () => {
  const world = await checkWorld();
  try {
    const image = sampleImage();
    await pushSample(world.repository("library/app"), image, ["v1"]);
    await rm(join(world.folder, "blobs"), { recursive: true });
    const { said } = await world.check();
    expect(said).toHaveLength(3);
    expect(said.every((one) => one.startsWith("missing "))).toBe(true);
  } finally {
    await world.close();
  }
});
