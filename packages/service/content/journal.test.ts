import { compareWithTables, type Catalog } from "@entrepot/catalog";
import { firstSeed, seededRandom, testCatalog } from "@entrepot/catalog/testing";
import type { Descriptor } from "@entrepot/oci";
import { bytesOf, type Repository } from "@entrepot/registry";
import { pushSample, type Sample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Content, openContent } from "./content.ts";

const ACTOR = { name: "test", cause: "test" };
const SEED = Number(process.env["ENTREPOT_TEST_SEED"] ?? firstSeed(process.env));

let catalog: Catalog;
let content: Content;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ catalog, close } = await testCatalog());
  content = openContent({ catalog, store: memoryStore() });
  await content.projects.create(ACTOR, { name: "library", public: true });
});
afterAll(() => close());

/** An image whose blobs are there already, so that only its manifest is left to push. */
async function prepared(repository: Repository): Promise<Sample> {
  const image = sampleImage();
  for (const child of image.children) await pushSample(repository, child);
  return image;
}

async function tagEntries(name: string) {
  const entries = await catalog.entries(0, 100_000);
  return entries.filter((entry) => entry.kind === "tag" && entry.key.startsWith(`${name}:`));
}

const put = (repository: Repository, { content: it, bytes }: Sample, tags: string[]) =>
  repository.push(it, bytesOf(bytes), tags);

test("every tag of one digest is an entry: pushed together, pushed again, put by API", async () => {
  const repository = content.as(ACTOR).repository("library/tags");
  const image = await prepared(repository);
  await put(repository, image, ["a", "b", "c"]);
  await put(repository, image, ["d"]);
  await repository.tag("e", image.content.digest);

  const entries = await tagEntries("library/tags");
  expect(entries.map(({ key }) => key.split(":")[1])).toEqual(["a", "b", "c", "d", "e"]);
  expect(new Set(entries.map(({ after }) => after?.["digest"]))).toEqual(
    new Set([image.content.digest]),
  );
});

test("of two pushes of one tag at once both are journalled, the last one wins", async () => {
  const repository = content.as(ACTOR).repository("library/race");
  for (let round = 0; round < 10; round++) {
    const images = await Promise.all([prepared(repository), prepared(repository)]);
    await Promise.all(images.map((image) => put(repository, image, [`t${round}`])));

    const entries = await tagEntries(`library/race`);
    const [first, second] = entries.filter(({ key }) => key.endsWith(`:t${round}`));
    const now = await repository.resolve(`t${round}`);
    expect(now?.digest).toBe(second?.after?.["digest"]);
    expect(new Set([first?.after?.["digest"], second?.after?.["digest"]]).size).toBe(2);
  }
});

test(`all at once, the journal tells the tables (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const repository = content.as(ACTOR).repository("library/busy");
  const images = await Promise.all(Array.from({ length: 4 }, () => prepared(repository)));
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const unlessGone = (error: unknown) => {
    if ((error as { code?: string }).code !== "MANIFEST_UNKNOWN") throw error;
  };

  const steps = Array.from({ length: 300 }, () => {
    const image = pick(images);
    const tag = `t${Math.floor(random() * 5)}`;
    const { digest } = image.content as Descriptor;
    return pick([
      () => put(repository, image, [tag, `${tag}-too`]),
      () => repository.tag(tag, digest).catch(unlessGone),
      () => repository.delete(tag),
      () => repository.delete(digest),
    ]);
  });
  const workers = Array.from({ length: 8 }, async () => {
    for (let step = steps.shift(); step; step = steps.shift()) await step();
  });
  await Promise.all(workers);
  const file = "packages/service/content/journal.test.ts";
  const replay = `ENTREPOT_TEST_SEED=${SEED} npx vitest run ${file}`;
  expect(await compareWithTables(catalog), replay).toEqual([]);
});
