import { type NewPolicy, routes } from "@entrepot/api";
import { apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 20_000, interval: 50 };

let here: TestServer;
let there: TestServer;
let endpoint: number;
let api: ReturnType<typeof apiClient>;
let round = 0;

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
  api = apiClient({ url: here.url, credential: here.credential });
  const { username, password } = there.credential;
  const created = await api.registries.create({
    body: {
      name: "there",
      type: "harbor",
      url: there.url,
      credential: { type: "basic", access_key: username, access_secret: password },
      insecure: false,
    } as never,
  });
  endpoint = Number(created.created);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
});

/** A repository and a policy for it alone. */
async function world(settings: Partial<NewPolicy> = {}) {
  const name = `library/app${++round}`;
  const policy: NewPolicy = {
    name: `p${round}`,
    description: "",
    dest_registry: { id: endpoint },
    dest_namespace: "",
    dest_namespace_replace_count: -1,
    filters: [{ type: "name", value: name }],
    deletion: true,
    override: true,
    enabled: true,
    ...settings,
  } as NewPolicy;
  const push = (tag: string) =>
    pushSample(here.content.as(ACTOR).repository(name), sampleImage(), [tag]);
  const remove = (tag: string) => here.content.as(ACTOR).repository(name).delete(tag);
  const at = async (tag: string) =>
    (await there.content.as(ACTOR).repository(name).resolve(tag))?.digest ?? null;
  const create = async () => Number((await api.policies.create({ body: policy })).created);
  return { name, policy, push, remove, at, create };
}

async function ended(id: number) {
  return vi.waitFor(async () => {
    const { body } = await api.executions.get({ params: { id } });
    expect(body.status).not.toBe("InProgress");
    return body;
  }, SOON);
}

async function run(policyId: number, more: { confirm_deletions?: number } = {}) {
  const { created } = await api.executions.start({ body: { policy_id: policyId, ...more } });
  return ended(Number(created));
}

test("a preview says what the run then does, and the run keeps its plan", async () => {
  const { name, policy, push, remove, create } = await world();
  await push("v1");
  await push("v2");
  const before = await api.plans.previewNew({ body: policy, query: { limit: 1 } });
  expect(before.body.counts).toMatchObject({ copy: 2, equal: 0, delete: 0 });
  expect(before.body.items).toHaveLength(1);
  expect(before.body.bytes_to_send).toBeGreaterThan(0);
  expect(before.body.partial).toBe(false);
  const id = await create();
  const first = await run(id);
  expect(first.status).toBe("Succeed");
  const kept = await api.plans.ofExecution({ params: { id: first.id } });
  expect(kept.body).toMatchObject({ complete: true, counts: { copy: 2 } });
  expect(kept.body.items.map((item) => item.src_resource)).toEqual([`${name}:v1`, `${name}:v2`]);

  await push("v2");
  await remove("v1");
  const { body: after } = await api.plans.preview({ params: { id } });
  expect(after.counts).toMatchObject({ copy: 0, overwrite: 1, delete: 1 });
  const lines = await Array.fromAsync(
    api.lines(routes.plans.preview, { params: { id }, query: {} }),
  );
  expect(lines.at(-1)).toMatchObject({ type: "end", counts: after.counts });
});

test("a run that would delete more than its ceiling asks, and deletes when told to", async () => {
  const { push, remove, at, create } = await world({ max_deletions: 1 } as never);
  for (const tag of ["v1", "v2", "v3"]) await push(tag);
  const id = await create();
  await run(id);
  await remove("v1");
  await remove("v2");
  const { body: plan } = await api.plans.preview({ params: { id } });
  expect(plan.deletions_held).toBe(2);
  const asked = await run(id);
  expect(asked).toMatchObject({ status: "Failed", deletions_to_confirm: 2 });
  expect(asked.status_text).toContain("confirm_deletions 2");
  expect(await at("v1")).not.toBeNull();
  const told = await run(id, { confirm_deletions: 2 });
  expect(told.status).toBe("Succeed");
  expect([await at("v1"), await at("v2")]).toEqual([null, null]);
  expect(await at("v3")).not.toBeNull();
});

test("an event batch beyond the ceiling asks as well", async () => {
  const settings = { trigger: { type: "event_based" }, max_deletions: 0 };
  const { push, remove, at, create } = await world(settings as never);
  const id = await create();
  const digest = await push("v1");
  await vi.waitFor(async () => expect(await at("v1")).toBe(digest), SOON);
  await remove("v1");
  const asked = await vi.waitFor(async () => {
    const { body } = await api.executions.list({ query: { policy_id: id } });
    const held = body.find((one) => one.deletions_to_confirm === 1);
    expect(held?.status).toBe("Failed");
    return held!;
  }, SOON);
  expect(asked.trigger).toBe("event_based");
  expect(await at("v1")).toBe(digest);
  await run(id, { confirm_deletions: 1 });
  expect(await at("v1")).toBeNull();
});

test("deletions one by one do not pass the ceiling together", async () => {
  const settings = { trigger: { type: "event_based" }, max_deletions: 2 };
  const { push, remove, at, create } = await world(settings as never);
  const id = await create();
  for (const tag of ["v1", "v2", "v3", "v4"]) {
    const digest = await push(tag);
    await vi.waitFor(async () => expect(await at(tag)).toBe(digest), SOON);
  }
  const list = () => api.replicas.list({ params: { id }, query: { q: "reference=~v" } });
  for (const [tag, left] of [
    ["v1", 3],
    ["v2", 2],
  ] as const) {
    await remove(tag);
    await vi.waitFor(async () => expect(await at(tag)).toBeNull(), SOON);
    // Each is over and done with before the next begins.
    await vi.waitFor(async () => expect((await list()).body).toHaveLength(left), SOON);
  }
  await remove("v3");
  await vi.waitFor(async () => {
    const { body } = await api.executions.list({ query: { policy_id: id } });
    expect(body.filter((one) => one.deletions_to_confirm === 1)).toHaveLength(1);
  }, SOON);
  expect(await at("v3")).not.toBeNull();
  await run(id, { confirm_deletions: 1 });
  expect(await at("v3")).toBeNull();
  expect(await at("v4")).not.toBeNull();
});

test("an all-or-nothing run moves its tags at the end, verified", async () => {
  const { name, push, at, create } = await world({
    all_or_nothing: true,
    verify: true,
    deletion: true,
  } as never);
  const digests = [await push("v1"), await push("v2")];
  const id = await create();
  const done = await run(id);
  expect(done.status).toBe("Succeed");
  expect([await at("v1"), await at("v2")]).toEqual(digests);
  const { body } = await api.executions.tasks({ params: { id: done.id } });
  const tasks = body.toSorted((a, b) => a.id - b.id);
  expect(tasks.map((task) => task.operation)).toEqual(["plan", "copy", "copy", "move"]);
  expect(tasks[1]).toMatchObject({ stage: "verify", blobs_done: 2, blobs_total: 2 });
  expect(tasks[1]!.dst_resource).toBe(`${name}@${digests[0]}`);
});

test("one of two runs at once is skipped where only one may be active", async () => {
  const never = { kind: "run", days: [], from: "00:00", to: "00:01", time_zone: "UTC" };
  const { push, create } = await world({
    single_active_replication: true,
    windows: [never],
    deletion: false,
  } as never);
  await push("v1");
  const id = await create();
  const started = await Promise.all(
    [1, 2, 3].map(() => api.executions.start({ body: { policy_id: id } })),
  );
  const all = await Promise.all(
    started.map(({ created }) => api.executions.get({ params: { id: Number(created) } })),
  );
  const text = "Execution skipped: active replication still in progress.";
  const skipped = all.filter(({ body }) => body.status_text === text);
  expect(skipped.map(({ body }) => body.status)).toEqual(["Failed", "Failed"]);
  const waiting = all.find(({ body }) => body.status === "InProgress")!.body.id;
  await vi.waitFor(async () => {
    const { body } = await api.executions.tasks({ params: { id: waiting } });
    expect(body[0]).toMatchObject({ status: "Scheduled", attempts: 0 });
    expect(body[0]!.status_text).toContain("next window");
  }, SOON);
  // Deleting it stops what waits.
  await api.policies.delete({ params: { id } });
  expect((await ended(waiting)).status).toBe("Stopped");
});

test("a policy that is enabled again catches up with exactly what it missed", async () => {
  const settings = { trigger: { type: "event_based" } };
  const { policy, push, remove, at, create } = await world(settings as never);
  const id = await create();
  const [v1, v2] = [await push("v1"), await push("v2")];
  await vi.waitFor(async () => expect([await at("v1"), await at("v2")]).toEqual([v1, v2]), SOON);
  await api.policies.update({ params: { id }, body: { ...policy, enabled: false } });
  const [newer, v3] = [await push("v1"), await push("v3")];
  await remove("v2");
  await push("gone");
  await remove("gone");
  const started = new Date();
  await api.policies.update({ params: { id }, body: policy });
  await vi.waitFor(
    async () => expect([await at("v1"), await at("v2"), await at("v3")]).toEqual([newer, null, v3]),
    SOON,
  );
  const { body } = await api.executions.list({ query: { policy_id: id } });
  const resumed = body.filter((one) => new Date(one.start_time) >= started);
  const tasks = await Promise.all(
    resumed.map(({ id: execution }) => api.executions.tasks({ params: { id: execution } })),
  );
  const done = tasks.flatMap(({ body: some }) =>
    some.map((task) => `${task.operation} ${task.src_resource.split(":")[1]}`),
  );
  // Another Entrepot may be told of `gone` as well: something older may be on its way there.
  expect(done.filter((text) => / v\d$/.test(text)).toSorted()).toEqual([
    "copy v1",
    "copy v3",
    "tag deletion v2",
  ]);
});

test("a pull deletes what its source has no more, not what it selects no more", async () => {
  const { name, policy } = await world({ dest_registry: null, src_registry: { id: endpoint } });
  const source = there.content.as(ACTOR).repository(name);
  for (const tag of ["v1", "v2", "v3"]) await pushSample(source, sampleImage(), [tag]);
  const isHere = async (tag: string) =>
    (await here.content.as(ACTOR).repository(name).resolve(tag)) !== null;
  const all = () => Promise.all(["v1", "v2", "v3"].map(isHere));
  const id = Number((await api.policies.create({ body: policy })).created);
  expect((await run(id)).status).toBe("Succeed");
  expect(await all()).toEqual([true, true, true]);
  await source.delete("v1");
  const filters: NewPolicy["filters"] = [
    { type: "name", value: name },
    { type: "tag", value: "v2" },
  ];
  await api.policies.update({ params: { id }, body: { ...policy, filters } });
  expect((await run(id)).status).toBe("Succeed");
  expect(await all()).toEqual([false, true, true]);
});
