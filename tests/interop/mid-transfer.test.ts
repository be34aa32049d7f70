import { randomBytes } from "node:crypto";
import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { pushSample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 30_000, interval: 50 };
const MIB = 1024 * 1024;
/** At this rate the layer takes over two minutes. */
const [SIZE, SLOW] = [8 * MIB, 64 * 1024];

let here: TestServer;
let there: TestServer;
let api: ReturnType<typeof apiClient>;
let endpoint: number;

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer({ workers: 0 })]);
  api = apiClient({ url: here.url, credential: here.credential });
  const { username, password } = there.credential;
  const credential = { access_key: username, access_secret: password };
  const body = { name: "there", type: "harbor" as const, url: there.url, credential };
  endpoint = Number((await api.registries.create({ body: body as never })).created);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

const at = async (name: string) =>
  (await there.content.as(ACTOR).repository(`library/${name}`).resolve("v1"))?.digest;

async function pushBig(name: string): Promise<string> {
  const image = sampleImage({}, [sampleBlob(randomBytes(SIZE))]);
  return pushSample(here.content.as(ACTOR).repository(`library/${name}`), image, ["v1"]);
}

/** A policy for some repositories by their pattern, and a run of it. */
async function running(name: string, pattern: string) {
  const settings = (more: Partial<NewPolicy>): NewPolicy =>
    ({
      name,
      filters: [{ type: "name", value: `library/${pattern}` }],
      dest_registry: { id: endpoint },
      bytes_per_second: SLOW,
      ...more,
    }) as NewPolicy;
  const id = Number((await api.policies.create({ body: settings({}) })).created);
  const run = Number((await api.executions.start({ body: { policy_id: id } })).created);
  const change = (more: Partial<NewPolicy>) =>
    api.policies.update({ params: { id }, body: settings(more) });
  const copies = async () => {
    const { items } = await here.jobs.tasks({ executionId: run, page: 1, pageSize: 100 });
    return items.filter(({ kind }) => kind === "replicate");
  };
  return { id, run, change, copies };
}

test("a rate that is edited holds for the transfer that is under way", async () => {
  const digest = await pushBig("paced");
  const { run, change, copies } = await running("paced", "paced");
  await vi.waitFor(async () => {
    const [task] = await copies();
    expect(task?.progress.bytesSent).toBeGreaterThan(SLOW);
  }, SOON);
  const [before] = await copies();
  expect(before!.progress.bytesSent).toBeLessThan(SIZE / 2);
  const began = performance.now();
  await change({ bytes_per_second: 0 });
  await vi.waitFor(async () => expect(await at("paced")).toBe(digest), SOON);
  expect(performance.now() - began).toBeLessThan(20_000);
  await vi.waitFor(async () => {
    const { status } = (await api.executions.get({ params: { id: run } })).body;
    expect(status).toBe("Succeed");
  }, SOON);
  // It went on; it was not begun anew.
  expect(await copies()).toMatchObject([{ id: before!.id, attempts: 1, status: "Success" }]);
});

test("a filter that is narrowed stops what no longer matches, and nothing else", async () => {
  await Promise.all([pushBig("wide-a"), pushBig("wide-b")]);
  const { id, change, copies } = await running("narrowed", "wide-*");
  await vi.waitFor(async () => {
    const sent = (await copies()).map(({ progress }) => progress.bytesSent ?? 0);
    expect(sent).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.min(...sent)).toBeGreaterThan(0);
  }, SOON);
  const began = performance.now();
  await change({ filters: [{ type: "name", value: "library/wide-a" }] });
  // The change is answered when what it ends has ended: within a second, and the requests.
  expect(performance.now() - began).toBeLessThan(3_000);
  const of = (tasks: Awaited<ReturnType<typeof copies>>) =>
    Object.fromEntries(tasks.map(({ payload, status }) => [payload["repository"], status]));
  expect(of(await copies())).toEqual({ "library/wide-a": "Running", "library/wide-b": "Stopped" });

  await change({ filters: [{ type: "name", value: "library/wide-a" }], bytes_per_second: 0 });
  await vi.waitFor(async () => expect(await at("wide-a")).toBeDefined(), SOON);
  await vi.waitFor(async () => {
    const list = { params: { id }, query: { behind: true } };
    expect((await api.replicas.list(list)).body).toEqual([]);
  }, SOON);
  expect(await at("wide-b")).toBeUndefined();
});
