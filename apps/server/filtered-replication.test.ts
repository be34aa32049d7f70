import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 60_000, interval: 50 };

let here: TestServer;
let there: TestServer;
let api: ReturnType<typeof apiClient>;
let endpoint: number;

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
  api = apiClient({ url: here.url, credential: here.credential });
  const { username, password } = there.credential;
  const credential = { access_key: username, access_secret: password };
  const body = { name: "there", type: "harbor", url: there.url, credential };
  endpoint = Number((await api.registries.create({ body })).created);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

const push = (server: TestServer, name: string, sample: Sample, tag: string) =>
  pushSample(server.content.as(ACTOR).repository(`library/${name}`), sample, [tag]);
const at = (server: TestServer, name: string, reference: string) =>
  server.content.as(ACTOR).repository(`library/${name}`).resolve(reference);
const arrived = (name: string, tag: string, digest: string) =>
  vi.waitFor(async () => expect((await at(there, name, tag))?.digest).toBe(digest), SOON);

async function policy(name: string, filters: NewPolicy["filters"], rest: Partial<NewPolicy> = {}) {
  const settings = { name, filters, dest_registry: { id: endpoint }, ...rest };
  const { created } = await api.policies.create({ body: settings as NewPolicy });
  return Number(created);
}
const EVENTS = { trigger: { type: "event_based" as const } };

async function label(name: string, repository: string, tag: string) {
  const { body } = await api.labels.list({ query: { name } });
  const known = body.find((one) => one.name === name)?.id;
  const id = known ?? Number((await api.labels.create({ body: { name } })).created);
  const params = { project_name: "library", repository_name: repository, reference: tag };
  await api.artifacts.addLabel({ params, body: { id } });
}

test("a label that is set sends what carries it, and nothing else", async () => {
  const [first, second] = [sampleImage(), sampleImage()];
  await policy(
    "promote",
    [
      { type: "name", value: "library/promoted" },
      { type: "label", value: ["production"] },
    ],
    EVENTS,
  );
  await push(here, "promoted", first, "v1");
  await push(here, "promoted", second, "v2");
  await label("production", "promoted", "v2");
  await arrived("promoted", "v2", second.content.digest);
  expect(await at(there, "promoted", "v1")).toBeNull();
  await label("production", "promoted", "v1");
  await arrived("promoted", "v1", first.content.digest);
});

test("a signature sends the image that only signed ones are sent of", async () => {
  const [plain, image] = [sampleImage(), sampleImage()];
  await policy(
    "signed",
    [
      { type: "name", value: "library/sealed" },
      { type: "signed", value: "true" },
    ],
    EVENTS,
  );
  await push(here, "sealed", plain, "plain");
  await push(here, "sealed", image, "v1");
  const signature = sampleImage();
  const tag = `${image.content.digest.replace(":", "-")}.sig`;
  await push(here, "sealed", signature, tag);
  await arrived("sealed", "v1", image.content.digest);
  await arrived("sealed", tag, signature.content.digest);
  expect(await at(there, "sealed", "plain")).toBeNull();
});

test("a run takes the newest versions of a range, here and as a pull", async () => {
  const images = [sampleImage(), sampleImage(), sampleImage()];
  for (const [i, tag] of ["v1.0.0", "v1.2.0", "v2.0.0"].entries()) {
    await push(here, "ranged", images[i]!, tag);
    await push(there, "pulled", images[i]!, tag);
  }
  await push(here, "ranged", sampleImage(), "v1.1.0");
  await push(there, "pulled", sampleImage(), "v1.1.0");
  const filters = (name: string): NewPolicy["filters"] => [
    { type: "name", value: `library/${name}` },
    { type: "tag_semver", value: "^1" },
    { type: "newest", value: "2" },
  ];
  const pull = { dest_registry: null, src_registry: { id: endpoint } };
  const ids = [
    await policy("range", filters("ranged")),
    await policy("range-pull", filters("pulled"), pull),
  ];
  for (const policy_id of ids) {
    const { created } = await api.executions.start({ body: { policy_id } });
    await vi.waitFor(async () => {
      const { body } = await api.executions.get({ params: { id: Number(created) } });
      expect(body.status).toBe("Succeed");
    }, SOON);
  }
  const tagsAt = async (server: TestServer, name: string) =>
    (await server.content.as(ACTOR).repository(`library/${name}`).tags()).items;
  expect(await tagsAt(there, "ranged")).toEqual(["v1.1.0", "v1.2.0"]);
  expect(await tagsAt(here, "pulled")).toEqual(["v1.1.0", "v1.2.0"]);
});

/** An index of an image for each of these architectures, and the images. */
function indexFor(...architectures: string[]) {
  const images = architectures.map((architecture) => {
    const image = sampleImage();
    return { ...image, content: { ...image.content, platform: { os: "linux", architecture } } };
  });
  return { index: sampleIndex(images), images };
}

test("of an index only the selected platforms arrive, as an index rewritten", async () => {
  const { index, images } = indexFor("amd64", "arm64", "s390x");
  const rewritten = { index_mode: "rewritten" as const };
  const filters: NewPolicy["filters"] = [
    { type: "name", value: "library/multi" },
    { type: "platform", value: "linux/amd64,linux/arm64" },
  ];
  const id = await policy("platforms", filters, { ...EVENTS, ...rewritten, verify: true });
  await push(here, "multi", index, "v1");
  await vi.waitFor(async () => expect(await at(there, "multi", "v1")).not.toBeNull(), SOON);
  const found = (await at(there, "multi", "v1"))!.digest;
  expect(found).not.toBe(index.content.digest);
  const kept = images.map(({ content }) => at(there, "multi", content.digest));
  expect((await Promise.all(kept)).map((one) => one !== null)).toEqual([true, true, false]);

  // A run finds it equal, and so has nothing to copy.
  const { created } = await api.executions.start({ body: { policy_id: id } });
  const params = { id: Number(created) };
  await vi.waitFor(async () => {
    expect((await api.executions.get({ params })).body.status).toBe("Succeed");
  }, SOON);
  expect((await api.executions.get({ params })).body.total).toBe(1);
});

test("a target that takes no sparse index says so, with what to do", async () => {
  const { index } = indexFor("amd64", "arm64");
  await push(here, "sparse", index, "v1");
  const id = await policy("sparse", [
    { type: "name", value: "library/sparse" },
    { type: "platform", value: "linux/amd64" },
  ]);
  const { created } = await api.executions.start({ body: { policy_id: id } });
  const params = { id: Number(created) };
  await vi.waitFor(async () => {
    const { body } = await api.replicas.list({ params: { id } });
    expect(body[0]?.last_error).toMatch(/rewritten/);
  }, SOON);
  await api.executions.stop({ params });
});

test("what is to be verified is proven at an Entrepot, tags and all, at once", async () => {
  const image = sampleImage();
  await push(here, "proven", image, "v1");
  await push(here, "proven", image, "v2");
  const filters = [{ type: "name" as const, value: "library/proven" }];
  const id = await policy("proven", filters, { ...EVENTS, verify: true, override: false });
  for (const tag of ["v1", "v2"]) await arrived("proven", tag, image.content.digest);
  const list = () => api.replicas.list({ params: { id }, query: { behind: true } });
  await vi.waitFor(async () => expect((await list()).body).toEqual([]), SOON);
  const { body: all } = await api.replicas.list({ params: { id } });
  expect(all.map(({ attempts, last_error: error }) => [attempts, error])).toEqual([
    [0, null],
    [0, null],
  ]);
});
