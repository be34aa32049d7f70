import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "@entrepot/catalog/testing";
import { expect, test } from "vitest";
import type { TaskRun } from "./ports.ts";
import { handlerOf, testNodes } from "./test-nodes.ts";

const SEEDS = process.env["SEED"] ? [Number(process.env["SEED"])] : [1, 2, 3];
const LIMITS = { "endpoint:1": 2, "endpoint:2": 3, "policy:1": 1 } as const;

test.each(SEEDS)("no group ever exceeds its limit, on three nodes: seed %i", async (seed) => {
  const replay = `replay: SEED=${seed} vitest run packages/jobs/claim.test.ts`;
  const next = seededRandom(seed);
  const { open } = await testNodes();
  const nodes = [await open(), await open(), await open()];
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const run = async ({ task }: TaskRun) => {
    const groups = task.payload["groups"] as string[];
    for (const group of groups) {
      running.set(group, (running.get(group) ?? 0) + 1);
      most.set(group, Math.max(most.get(group) ?? 0, running.get(group)!));
    }
    await sleep(Number(task.payload["ms"]));
    for (const group of groups) running.set(group, running.get(group)! - 1);
    if (task.payload["fails"] === true && task.attempts === 1) throw new Error("once");
  };
  const [first] = nodes;
  for (const [group, limit] of Object.entries(LIMITS)) await first!.jobs.setLimit(group, limit);
  for (const { jobs } of nodes) {
    jobs.handle(handlerOf("step", run, { maxAttempts: 2, retryDelayMs: () => 3 }));
    await jobs.start({ workers: 4 });
  }
  const names = [...Object.keys(LIMITS), "free"];
  const tasks = Array.from({ length: 90 }, (_, n) => {
    const groups = names.filter(() => next() < 0.4);
    const payload = { groups, ms: Math.floor(next() * 12), fails: next() < 0.1 };
    return { kind: "step", lane: `lane ${n}`, groups, payload };
  });
  const ids = await Promise.all(
    nodes.map((node, n) => node.execute(...tasks.slice(n * 30, n * 30 + 30))),
  );
  for (const id of ids) expect((await first!.settled(id)).status, replay).toBe("Success");
  for (const [group, limit] of Object.entries(LIMITS)) {
    expect(most.get(group), `${group}; ${replay}`).toBeLessThanOrEqual(limit);
  }
});

test("a limit that changes holds for waiting tasks at once", async () => {
  const { jobs, execute } = await (await testNodes()).open();
  let running = 0;
  const go = Promise.withResolvers<void>();
  jobs.handle(
    handlerOf("step", async () => {
      running++;
      await go.promise;
    }),
  );
  await jobs.setLimit("endpoint:7", 2);
  await jobs.start({ workers: 8 });
  const tasks = Array.from({ length: 6 }, (_, n) => ({
    kind: "step",
    lane: `${n}`,
    groups: ["endpoint:7"],
  }));
  await execute(...tasks);
  await expect.poll(() => running).toBe(2);
  await jobs.setLimit("endpoint:7", 5);
  await expect.poll(() => running).toBe(5);
  await jobs.setLimit("endpoint:7", null);
  await expect.poll(() => running).toBe(6);
  go.resolve();
});

test.each([1, 4])("a huge policy does not starve a small one, with %i workers", async (workers) => {
  const { jobs } = await (await testNodes()).open();
  const order: number[] = [];
  jobs.handle(
    handlerOf("step", async ({ execution }) => {
      order.push(execution.vendorId);
      await sleep(2);
    }),
  );
  const start = (vendorId: number, count: number, priority = 0) =>
    jobs.execute({
      vendor: "TEST",
      vendorId,
      trigger: "manual",
      actor: "tester",
      priority,
      tasks: Array.from({ length: count }, (_, n) => ({
        kind: "step",
        lane: `${vendorId}/${n}`,
        payload: {},
      })),
    });
  await start(1, 300);
  await start(2, 8);
  await start(3, 4, 9);
  await jobs.start({ workers });
  await expect.poll(() => order.filter((id) => id === 2).length, { timeout: 20_000 }).toBe(8);
  // The higher priority first, then turn about: the eight are through long before the 300.
  expect(order.slice(0, 4)).toEqual([3, 3, 3, 3]);
  expect(order.lastIndexOf(2)).toBeLessThan(4 + 2 * 8 + 2 * workers);
});

test("what is paused waits, is counted, and can be cleared or resumed", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  const seen: number[] = [];
  jobs.handle(handlerOf("step", ({ task }) => void seen.push(task.executionId)));
  await jobs.start({ workers: 2 });
  await jobs.queues.pause("TEST");
  const cleared = await execute({ kind: "step" }, { kind: "step" });
  const queueOf = async () => (await jobs.queues.list()).find((queue) => queue.jobType === "TEST");
  expect(await queueOf()).toMatchObject({ count: 2, paused: true });
  expect(await jobs.queues.clear("TEST")).toBe(2);
  expect((await settled(cleared)).status).toBe("Stopped");
  const resumed = await execute({ kind: "step" });
  await jobs.queues.resume("TEST");
  expect((await settled(resumed)).status).toBe("Success");
  expect(await queueOf()).toMatchObject({ count: 0, paused: false, latency: 0 });
  expect(seen).toEqual([resumed]);
});
