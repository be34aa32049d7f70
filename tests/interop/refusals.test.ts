import type { NewPolicy } from "@entrepot/api";
import { apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { faultProxy } from "./fault-proxy.ts";
import { rateStorm } from "./storm.ts";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 40_000, interval: 50 };
const LONG = { timeout: 90_000 };
/** What waits is due at once, so whatever is taken up again and again shows. */
const QUICK = { retryMs: 10, catchUpMs: 200, reconcileMs: 100 };
/** Only what is hurried starts before half a minute is over. */
const PATIENT = { retryMs: 30_000, catchUpMs: 60_000, reconcileMs: 5_000 };

type Account = { readonly username: string; readonly password: string };

let there: TestServer;
beforeAll(async () => {
  there = await testServer({ workers: 0 });
});
afterAll(() => there?.close());

/** A server with an endpoint at `url`, which is `there` in the end. */
async function sender(pace: typeof QUICK, url: string, account: Account = there.credential) {
  const here = await testServer({ pace });
  const api = apiClient({ url: here.url, credential: here.credential });
  const credential = { access_key: account.username, access_secret: account.password };
  const settings = { name: "there", type: "harbor", url, credential };
  const { created } = await api.registries.create({ body: settings as never });
  const endpoint = Number(created);
  const policy = async (name: string, more: Partial<NewPolicy> = {}) => {
    const filters = [{ type: "name", value: `library/${name}` }];
    const wanted = { name, filters, dest_registry: { id: endpoint }, deletion: true, ...more };
    return Number((await api.policies.create({ body: wanted as NewPolicy })).created);
  };
  const of = (server: TestServer, name: string) =>
    server.content.as(ACTOR).repository(`library/${name}`);
  const push = (name: string, tag: string) => pushSample(of(here, name), sampleImage(), [tag]);
  const at = async (name: string, tag: string) =>
    (await of(there, name).resolve(tag))?.digest ?? null;
  const arrived = (name: string, tag: string, digest: string | null) =>
    vi.waitFor(async () => expect(await at(name, tag)).toBe(digest), SOON);
  const remove = (name: string, tag: string) => of(here, name).delete(tag);
  const tasks = async (executionId: number) =>
    (await here.jobs.tasks({ executionId, page: 1, pageSize: 100 })).items;
  const behind = async (id: number) =>
    (await api.replicas.list({ params: { id }, query: { behind: true } })).body;
  return { here, api, endpoint, policy, push, at, arrived, remove, tasks, behind };
}

const EVENTS = { trigger: { type: "event_based" as const } };

test(
  "a deletion that is refused rests, says why, and is tried when something changes",
  LONG,
  async () => {
    const pusher = { username: "pusher", password: "Only4ThisTest" };
    await there.access.createAccount(ACTOR, pusher);
    const may = (role: number) => there.access.setMember(ACTOR, "library", "pusher", role as never);
    await may(2);
    const { here, api, endpoint, policy, ...rest } = await sender(QUICK, there.url, pusher);
    const { push, at, arrived, remove, behind } = rest;
    try {
      const id = await policy("kept", EVENTS);
      for (const tag of ["v1", "v2"]) await arrived("kept", tag, await push("kept", tag));
      const refused = async (tag: string) => {
        await remove("kept", tag);
        await vi.waitFor(async () => {
          expect(await behind(id)).toMatchObject([
            {
              reference: tag,
              cause: "refused",
              why: expect.stringMatching(/denied|right|not allowed|needs/i),
              failure: { kind: "auth" },
              next_attempt: null,
            },
          ]);
        }, SOON);
        const { body: lag } = await api.standing.get({ params: { id } });
        expect(lag).toMatchObject({ lag_items: 1, oldest: { cause: "refused" } });
      };
      await refused("v1");
      const runs = async () =>
        (await api.executions.list({ query: { policy_id: id } })).body.map((one) => one.trigger);
      const before = await runs();
      // Something else passes by it meanwhile, and five times the time after which it would be due.
      await arrived("kept", "v3", await push("kept", "v3"));
      await new Promise((resolve) => setTimeout(resolve, 5 * QUICK.catchUpMs));
      expect((await runs()).toSorted()).toEqual([...before, "event_based"].toSorted());
      expect(await at("kept", "v1")).not.toBeNull();

      await may(4);
      const params = { id: endpoint };
      await api.registries.update({ params, body: { description: "may delete" } as never });
      await arrived("kept", "v1", null);

      await may(2);
      // Tokens of before would do for a while yet.
      await api.registries.update({ params, body: { description: "may not" } as never });
      await refused("v2");
      await may(4);
      await api.executions.start({ body: { policy_id: id } });
      await arrived("kept", "v2", null);
      await vi.waitFor(async () => expect(await behind(id)).toEqual([]), SOON);
    } finally {
      await here.close();
    }
  },
);

test("a storm of 429 uses up no attempt and fails nothing", LONG, async () => {
  const storm = await rateStorm(there.url);
  const { here, api, policy, push, at, tasks, behind } = await sender(QUICK, storm.url);
  try {
    const id = await policy("stormy");
    const digests = new Map<string, string>();
    for (let n = 0; n < 8; n++) digests.set(`v${n}`, await push("stormy", `v${n}`));
    storm.limit(8_000, 40);
    const { created } = await api.executions.start({ body: { policy_id: id } });
    const run = Number(created);
    await vi.waitFor(
      async () => {
        const { body } = await api.executions.get({ params: { id: run } });
        expect(body).toMatchObject({ status: "Succeed", failed: 0 });
      },
      { timeout: 60_000 },
    );
    // How many fall into it depends on the machine; each would have been a failed attempt.
    expect(storm.refused).toBeGreaterThan(0);
    for (const task of await tasks(run)) {
      expect(task).toMatchObject({ status: "Success", attempts: 1 });
    }
    for (const [tag, digest] of digests) expect(await at("stormy", tag)).toBe(digest);
    expect(await behind(id)).toEqual([]);
    expect((await api.executions.list({ query: { policy_id: id } })).total).toBe(1);
  } finally {
    await here.close();
    await storm.close();
  }
});

test("an endpoint that answers again has what waits for it within 10 s", LONG, async () => {
  const line = await faultProxy(there.url);
  const { here, api, endpoint, policy, push, arrived, tasks } = await sender(PATIENT, line.url);
  try {
    const id = await policy("hurried", EVENTS);
    const first = await push("hurried", "v0");
    await arrived("hurried", "v0", first);
    await vi.waitFor(async () => {
      const { body } = await api.executions.list({ query: { policy_id: id } });
      expect(body.map(({ status }) => status)).not.toContain("InProgress");
    }, SOON);
    line.plan(() => ({ refuse: true }));
    const digest = await push("hurried", "v1");
    const promoted = await api.artifacts.promote({
      params: { project_name: "library", repository_name: "hurried", reference: "v0" },
      body: { registry_id: endpoint, repository: "library/promoted", tags: ["v0"] },
    });
    const promotion = Number(promoted.created);
    const waiting = async () => {
      const { body } = await api.executions.list({ query: { policy_id: id } });
      const open = [promotion, ...body.filter((one) => one.in_progress > 0).map((one) => one.id)];
      return (await Promise.all(open.map(tasks))).flat();
    };
    await vi.waitFor(async () => {
      expect((await waiting()).map(({ status }) => status)).toEqual(["Scheduled", "Scheduled"]);
      const { body } = await api.registries.get({ params: { id: endpoint } });
      expect(body.status).toBe("unhealthy");
    }, SOON);
    const were = await waiting();
    line.plan(() => ({}));
    const since = performance.now();
    await arrived("hurried", "v1", digest);
    await arrived("promoted", "v0", first);
    expect(performance.now() - since).toBeLessThan(10_000);
    // The same tasks, not others that catching up made.
    for (const { id: taskId } of were) {
      await vi.waitFor(async () => {
        expect(await here.jobs.task(taskId)).toMatchObject({ status: "Success", attempts: 2 });
      }, SOON);
    }
  } finally {
    await here.close();
    await line.close();
  }
});

test("a promotion that has failed for good is tried again by hand, and arrives", LONG, async () => {
  const line = await faultProxy(there.url);
  const { here, api, endpoint, push, arrived, tasks } = await sender(QUICK, line.url);
  try {
    const digest = await push("late", "v1");
    line.plan(() => ({ answer: { status: 500 } }));
    const promoted = await api.artifacts.promote({
      params: { project_name: "library", repository_name: "late", reference: "v1" },
      body: { registry_id: endpoint, repository: "library/late", tags: ["v1", "stable"] },
    });
    const id = Number(promoted.created);
    const ended = (status: string) =>
      vi.waitFor(async () => {
        expect((await api.executions.get({ params: { id } })).body.status).toBe(status);
      }, SOON);
    await ended("Failed");
    expect(await tasks(id)).toMatchObject([{ status: "Error", attempts: 6 }]);
    line.plan(() => ({}));
    await api.executions.retry({ params: { id } });
    await ended("Succeed");
    for (const tag of ["v1", "stable"]) await arrived("late", tag, digest);
  } finally {
    await here.close();
    await line.close();
  }
});
