import type { Catalog } from "@entrepot/catalog";
import { firstSeed, seededRandom, testCatalog } from "@entrepot/catalog/testing";
import type { Digest } from "@entrepot/oci";
import { bytesOf, collect, listOf, pages, type Registry } from "@entrepot/registry";
import { type Sample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { asOf } from "./as-of.ts";
import { countDifferences, diffMoments, type MomentDifference } from "./diff-moments.ts";
import { history } from "./history.ts";
import { type ModelRepository, type ModelState, type PastModel, pastModel } from "./past-model.ts";

/*
 * Random acts over real content, then the past as it is read back, compared with a model that has
 * kept every state.
 */

const SEED = Number(process.env["ENTREPOT_TEST_SEED"] ?? firstSeed(process.env));
const FILE = "packages/service/recovery/history/past.property.test.ts";
const REPLAY = `ENTREPOT_TEST_SEED=${SEED} npx vitest run ${FILE}`;
const ACTS = 160;
const random = seededRandom(SEED);
const store = memoryStore();

let catalog: Catalog;
let close: () => Promise<void>;
let model: PastModel;

beforeAll(async () => {
  ({ catalog, close } = await testCatalog());
  model = await pastModel({ catalog, store }, random);
  for (let n = 0; n < ACTS; n++) await model.act();
}, 60_000);
afterAll(() => close());

const someState = () => model.states[Math.floor(random() * model.states.length)]!;
const names = (registry: Registry, n: number) =>
  listOf(pages(({ last }) => registry.repositories(last === undefined ? { n } : { n, last })));
const sorted = (keys: Iterable<string>) => [...keys].toSorted();

test(`the registry as of a moment is what it was (seed ${SEED})`, async () => {
  for (let round = 0; round < 8; round++) {
    const { seq, state } = someState();
    const registry = asOf({ catalog, store }, { seq, at: new Date(0) });
    expect(await names(registry, 2), REPLAY).toEqual(sorted(state.keys()));
    for (const name of ["library/app", "library/app-two", "library/app/web", "team/app"]) {
      await compareRepository(registry, name, state.get(name));
    }
  }
}, 120_000);

async function compareRepository(
  registry: Registry,
  name: string,
  then: ModelRepository | undefined,
): Promise<void> {
  const repository = registry.repository(name);
  if (!then) {
    await expect(repository.tags(), REPLAY).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
  } else {
    const tags = await listOf(
      pages(({ last }) => repository.tags(last === undefined ? { n: 1 } : { n: 1, last })),
    );
    expect(tags, REPLAY).toEqual(sorted(then.tags.keys()));
    for (const [tag, digest] of then.tags) {
      expect((await repository.resolve(tag))?.digest, REPLAY).toBe(digest);
    }
  }
  expect(await repository.resolve("never"), REPLAY).toBeNull();
  const manifests = then?.manifests ?? new Map<Digest, Sample>();
  const blobs = new Set(blobsOf([...manifests.values()]).map(({ content }) => content.digest));
  for (const sample of model.samples) {
    const { content, bytes } = sample;
    const there = manifests.has(content.digest);
    const { mediaType, digest, size } = content;
    const wanted = there ? { mediaType, digest, size } : null;
    expect(await repository.resolve(digest), REPLAY).toEqual(wanted);
    if (there) {
      expect(Buffer.from(await collect(await repository.fetch(content), size))).toEqual(
        Buffer.from(bytes),
      );
    } else {
      const fetching = repository.fetch(content);
      await expect(fetching, REPLAY).rejects.toMatchObject({ code: "MANIFEST_UNKNOWN" });
    }
    await compareReferrers(registry, name, digest, manifests);
  }
  for (const blob of blobsOf(model.samples)) {
    const { digest, size } = blob.content;
    const there = blobs.has(digest);
    expect((await repository.stat(digest))?.size, `${name} ${digest} ${REPLAY}`).toBe(
      there ? size : undefined,
    );
    if (!there) continue;
    const part = await collect(await repository.fetch(blob.content, { start: 3, length: 7 }), 7);
    expect(Buffer.from(part), REPLAY).toEqual(Buffer.from(blob.bytes.slice(3, 10)));
  }
}

async function compareReferrers(
  registry: Registry,
  name: string,
  subject: Digest,
  manifests: ReadonlyMap<Digest, Sample>,
): Promise<void> {
  const { items } = await registry.repository(name).referrers(subject);
  const wanted = [...manifests].filter(([, { bytes }]) => {
    const json = JSON.parse(Buffer.from(bytes).toString()) as { subject?: { digest: string } };
    return json.subject?.digest === subject;
  });
  expect(
    items.map(({ digest }) => digest),
    REPLAY,
  ).toEqual(sorted(wanted.map(([digest]) => digest)));
  for (const item of items) expect(item.artifactType, REPLAY).toBe("test/signature");
}

/** Blobs that `samples` refer to, whether directly or by an index's children. */
function blobsOf(samples: readonly Sample[]): Sample[] {
  return samples.flatMap(({ children }) =>
    children.flatMap((child) => (child.children.length > 0 ? blobsOf([child]) : [child])),
  );
}

test(`two moments differ as their states do (seed ${SEED})`, async () => {
  for (let round = 0; round < 30; round++) {
    const [a, b] = [someState(), someState()].toSorted((x, y) => x.seq - y.seq) as [
      ReturnType<typeof someState>,
      ReturnType<typeof someState>,
    ];
    const query = { from: a.seq, to: b.seq, kinds: ["tag"] as const };
    const found: MomentDifference[] = [];
    for (;;) {
      const page = await diffMoments(catalog, query, { last: found.at(-1), limit: 3 });
      found.push(...page);
      if (page.length < 3) break;
    }
    const shown = found.map(
      ({ key, difference, before, after }) =>
        `${difference} ${key} ${String(before?.["digest"])} ${String(after?.["digest"])}`,
    );
    const wanted = differencesOf(a.state, b.state);
    expect(sorted(shown), REPLAY).toEqual(sorted(wanted));
    const counts = await countDifferences(catalog, query);
    for (const [how, count] of Object.entries(counts)) {
      const ofIt = wanted.filter((line) => line.startsWith(`${how} `));
      expect(count, `${how} ${REPLAY}`).toBe(ofIt.length);
    }
  }
});

function differencesOf(a: ModelState, b: ModelState): string[] {
  const [before, after] = [tagsOf(a), tagsOf(b)];
  return sorted(new Set([...before.keys(), ...after.keys()])).flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was === is) return [];
    const how = was === undefined ? "created" : is === undefined ? "gone" : "moved";
    return [`${how} ${key} ${was} ${is}`];
  });
}

function tagsOf(state: ModelState): Map<string, Digest> {
  return new Map(
    [...state].flatMap(([name, { tags }]) =>
      [...tags].map(([tag, digest]): [string, Digest] => [`${name}:${tag}`, digest]),
    ),
  );
}

test(`every page of history has what was before each change (seed ${SEED})`, async () => {
  const all = await catalog.entries(0, 100_000);
  const scope = { project: "library", repository: "app" };
  const wanted = all.filter(({ key }) => /^library\/app(?:[:@]|$)/.test(key));
  const found = [];
  for (;;) {
    const olderThan = found.at(-1)?.seq;
    const page = await history(catalog, { scope, olderThan, limit: 7 });
    found.push(...page);
    if (page.length < 7) break;
  }
  expect(
    found.map(({ seq }) => seq),
    REPLAY,
  ).toEqual(wanted.map(({ seq }) => seq).toReversed());
  for (const { kind, key, seq, before } of found) {
    const earlier = all.findLast((one) => one.kind === kind && one.key === key && one.seq < seq);
    expect(before, REPLAY).toEqual(earlier?.after ?? null);
  }
});

test("nothing of the past can be changed", async () => {
  const { seq } = model.states.at(-1)!;
  const repository = asOf({ catalog, store }, { seq, at: new Date(0) }).repository("library/app");
  const { content, bytes } = sampleImage();
  for (const change of [
    () => repository.push(content, bytesOf(bytes), ["v1"]),
    () => repository.mount(content),
    () => repository.tag("v1", content.digest),
    () => repository.delete("v1"),
    () => repository.deleteBlob(content.digest),
    () => repository.startUpload(),
    () => repository.resumeUpload("1"),
  ]) {
    await expect(change()).rejects.toMatchObject({ code: "UNSUPPORTED" });
  }
});
