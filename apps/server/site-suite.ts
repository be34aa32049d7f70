import { randomBytes } from "node:crypto";
import { type Digest, digestOf } from "@entrepot/oci";
import { copyGraph, copyTag, has } from "@entrepot/registry";
import { memoryRegistry } from "@entrepot/registry/memory";
import {
  pushSample,
  type Sample,
  sampleBlob,
  sampleImage,
  sampleIndex,
} from "@entrepot/registry/samples";
import { compileFilters, type Filter, type Origin, type Site } from "@entrepot/replication";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A site of one type, with what the suite needs to know of it. */
export interface SiteFixture {
  readonly site: Site;
  /** Namespace or project to work in; it need not exist. */
  readonly project: string;
  /** The same registry with a wrong password; null if it has no accounts. */
  readonly refused: Site | null;
  /** A site of the same type where nothing is. */
  readonly absent: Site;
  close(): Promise<void>;
}

/** What a type of site cannot do by its nature. */
export interface SiteLimits {
  /** `read`: what is tested was put there otherwise, by `put`. */
  readonly readOnly?: boolean;
  /** Its projects are made, and are public or not. */
  readonly knowsProjects?: boolean;
  /** It says where a blob can be mounted from. */
  readonly findsMounts?: boolean;
  /** Its pings bring a registry id. */
  readonly isEntrepot?: boolean;
}

/** As if a change made in a registry of this id were carried on. */
const ORIGIN: Origin = {
  registry: "00000000-0000-4000-8000-000000000001",
  seq: 1,
  path: ["00000000-0000-4000-8000-000000000001"],
};

/** What every site is tested with: an index with a signature, an image under several tags. */
interface Goods {
  readonly index: Sample;
  readonly image: Sample;
  readonly signature: Sample;
}

/** Puts the goods into a repository of `registry`: what a read-only site is made of. */
export async function putGoods(
  registry: Pick<ReturnType<typeof memoryRegistry>, "repository">,
  name: string,
  { index, image, signature }: Goods,
): Promise<void> {
  const repository = registry.repository(name);
  await pushSample(repository, image, ["v1", "v1.0", "latest"]);
  await pushSample(repository, index, ["multi"]);
  await pushSample(repository, signature);
}

/** New goods that nobody else has; their layers are worth mounting. */
function makeGoods(): Goods {
  const image = sampleImage({}, [sampleBlob(randomBytes(300_000))]);
  const index = sampleIndex([sampleImage(), sampleImage()]);
  const signature = sampleImage({ subject: index.content });
  return { index, image, signature };
}

/**
 * Declares the tests that every type of site passes. `make` gets the goods, which a read-only site
 * must hold as `project/app` already.
 */
export function siteSuite(
  name: string,
  make: (goods: Goods) => Promise<SiteFixture>,
  limits: SiteLimits = {},
): void {
  describe(`${name} is a site`, () => {
    const goods = makeGoods();
    let at: SiteFixture;
    beforeAll(async () => {
      at = await make(goods);
    }, 60_000);
    afterAll(() => at?.close());
    const get = () => ({ ...at, goods, app: `${at.project}/app` });

    copying(get, limits);
    listing(get);
    if (!limits.readOnly) changing(get, limits);
    reaching(get, limits);
  });
}

type Get = () => SiteFixture & { goods: Goods; app: string };

const listOf = (site: Site, filters: readonly Filter[]) =>
  Array.fromAsync(site.list(compileFilters(filters)), ({ repository, reference, digest }) => ({
    name: `${repository}:${reference}`,
    digest,
  }));

function copying(get: Get, { readOnly = false }: SiteLimits): void {
  test.skipIf(readOnly)("takes an index, an image under several tags, a signature", async () => {
    const { site, app, goods } = get();
    const source = memoryRegistry();
    await putGoods(source, app, goods);
    await site.prepare(app, async () => true);
    await site.prepare(app, async () => true);
    const target = site.registry(ORIGIN).repository(app);
    const options = { referrers: true };
    const from = source.repository(app);
    await copyTag(from, target, "multi", goods.index.content, options);
    for (const tag of ["v1", "v1.0", "latest"]) {
      await copyTag(from, target, tag, goods.image.content, options);
    }
    const again = await copyTag(from, target, "multi", goods.index.content, options);
    expect(again.bytesSent).toBe(0);
  });

  test("gives back what it holds, signature and all", async () => {
    const { site, app, goods } = get();
    const source = site.registry(ORIGIN).repository(app);
    const target = memoryRegistry().repository(app);
    expect(await source.resolve("multi")).toMatchObject(goods.index.content);
    const options = { referrers: true };
    await copyTag(source, target, "multi", goods.index.content, options);
    await copyGraph(source, target, goods.image.content, options);
    for (const { content } of [goods.index, goods.image, goods.signature]) {
      expect(await has(target, content)).toBe(true);
    }
    const referrers = (await target.referrers(goods.index.content.digest)).items;
    expect(referrers.map(({ digest }) => digest)).toEqual([goods.signature.content.digest]);
  });

  test("knows nothing of what is not there", async () => {
    const { site, app } = get();
    const repository = site.registry(ORIGIN).repository(app);
    const digest = digestOf(randomBytes(8));
    expect(await repository.resolve("none")).toBeNull();
    expect(await repository.resolve(digest)).toBeNull();
    expect(await repository.stat(digest)).toBeNull();
  });
}

function listing(get: Get): void {
  const tags = (value: string, decoration?: "excludes"): Filter => ({
    type: "tag",
    value,
    ...(decoration && { decoration }),
  });
  const CASES: readonly (readonly [string, readonly Filter[], readonly string[]])[] = [
    ["everything of a repository", [], ["latest", "multi", "v1", "v1.0"]],
    ["by tag", [tags("v1*")], ["v1", "v1.0"]],
    ["without some tags", [tags("v1*", "excludes")], ["latest", "multi"]],
    ["nothing", [tags("x*")], []],
  ];
  test.each(CASES)("lists %s", async (_, filters, expected) => {
    const { site, app, goods } = get();
    const found = await listOf(site, [{ type: "name", value: app }, ...filters]);
    const shown = found.filter(({ name }) => !/:sha256-[0-9a-f]{64}$/.test(name));
    expect(shown.map(({ name }) => name).toSorted()).toEqual(
      expected.map((tag) => `${app}:${tag}`),
    );
    const digests: Record<string, Digest> = { multi: goods.index.content.digest };
    for (const { name, digest } of shown) {
      const wanted = digests[name.slice(app.length + 1)] ?? goods.image.content.digest;
      expect([null, wanted]).toContain(digest);
    }
  });

  test("lists nothing of a project that nobody has", async () => {
    const { site } = get();
    expect(await listOf(site, [{ type: "name", value: "nobody/**" }])).toEqual([]);
  });
}

function changing(get: Get, { findsMounts = false, knowsProjects = false }: SiteLimits): void {
  test("deletes a tag alone, and says when there is none", async () => {
    const { site, app, goods } = get();
    const repository = site.registry(ORIGIN).repository(app);
    expect(await site.deleteTag(app, "v1.0", ORIGIN)).toBe(true);
    expect(await repository.resolve("v1.0")).toBeNull();
    expect(await repository.resolve("v1")).toMatchObject(goods.image.content);
    expect(await site.deleteTag(app, "v1.0", ORIGIN)).toBe(false);
  });

  test("moves a tag", async () => {
    const { site, app } = get();
    const image = sampleImage();
    const repository = site.registry(ORIGIN).repository(app);
    await pushSample(repository, image, ["v1"]);
    expect(await repository.resolve("v1")).toMatchObject(image.content);
  });

  test.runIf(findsMounts)("says where a blob can be mounted from, and mounts it: 201", async () => {
    const { site, app, project, goods } = get();
    const layer = goods.image.children[1]!.content;
    const from = await site.mountFrom!(layer);
    expect(from).toBe(app);
    const other = site.registry(ORIGIN).repository(`${project}/mounted`);
    expect(await other.mount(layer, from)).toBe(true);
    expect(await site.mountFrom!({ ...layer, digest: digestOf(randomBytes(8)) })).toBeUndefined();
  });

  test.runIf(knowsProjects)("makes projects public or private, as it is told", async () => {
    const { site, project } = get();
    for (const isPublic of [true, false]) {
      const name = `${project}-${isPublic ? "public" : "private"}/app`;
      await site.prepare(name, async () => isPublic);
      expect(await site.isPublic(name)).toBe(isPublic);
    }
    expect(await site.isPublic("nobody/app")).toBe(false);
  });
}

function reaching(get: Get, { isEntrepot = false }: SiteLimits): void {
  test("answers a ping", async () => {
    const { peerId } = await get().site.ping();
    if (isEntrepot) expect(peerId).toMatch(/^[0-9a-f-]{36}$/);
    else expect(peerId).toBeNull();
  });

  test("says that a wrong password is wrong", async () => {
    const { refused } = get();
    if (!refused) return;
    await expect(refused.ping()).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:UNAUTHORIZED|DENIED)$/),
    });
    await refused.close();
  });

  test("says that nothing answers, and lists nothing in part", async () => {
    const { absent, app } = get();
    const code = { code: expect.stringMatching(/^(?:UNREACHABLE|DENIED)$/) };
    await expect(absent.ping()).rejects.toMatchObject(code);
    await expect(listOf(absent, [{ type: "name", value: app }])).rejects.toMatchObject(code);
    const repository = absent.registry(ORIGIN).repository(app);
    await expect(repository.resolve("v1")).rejects.toMatchObject(code);
  });
}
