import { expect, test } from "vitest";
import type { TaskRun } from "./ports.ts";
import { handlerOf, testNodes, untilAborted } from "./test-nodes.ts";

/** A node that works and one that only enqueues, and a handler that runs until it is aborted. */
async function twoNodes() {
  const { open } = await testNodes();
  const [worker, api] = [await open(), await open()];
  const begun = Promise.withResolvers<TaskRun>();
  const endless = async (run: TaskRun) => {
    begun.resolve(run);
    await untilAborted(run.signal);
  };
  worker.jobs.handle(handlerOf("endless", endless, { maxAttempts: 9, retryDelayMs: () => 1 }));
  worker.jobs.handle(handlerOf("quick", () => {}));
  await worker.jobs.start({ workers: 2 });
  return { worker, api, begun: begun.promise };
}

test("an execution stopped from another node ends soon, pending tasks included", async () => {
  const { api, begun } = await twoNodes();
  const id = await api.execute({ kind: "endless" }, { kind: "endless" }, { kind: "endless" });
  await begun;
  const before = performance.now();
  expect(await api.jobs.stopExecution(id)).toBe(true);
  expect(await api.settled(id)).toMatchObject({ status: "Stopped", counts: { Stopped: 3 } });
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(await api.jobs.stopExecution(id)).toBe(false);
});

test("one task stopped while running makes way for the next of its lane", async () => {
  const { api, begun } = await twoNodes();
  const id = await api.execute(
    { kind: "endless", lane: "same" },
    { kind: "quick", lane: "same" },
    { kind: "quick", lane: "same" },
  );
  const { task } = await begun;
  expect(await api.jobs.stopTask(task.id)).toBe(true);
  expect(await api.settled(id)).toMatchObject({
    status: "Stopped",
    counts: { Stopped: 1, Success: 2 },
  });
  expect(await api.jobs.stopTask(task.id)).toBe(false);
});

test("a pending task stopped never runs, and its lane goes on", async () => {
  const { open } = await testNodes();
  const { jobs, execute, settled } = await open();
  const seen: unknown[] = [];
  jobs.handle(handlerOf("step", ({ task }) => void seen.push(task.payload["n"])));
  const id = await execute(
    { kind: "step", payload: { n: 1 } },
    { kind: "step", payload: { n: 2 } },
    { kind: "step", payload: { n: 3 } },
  );
  const { items } = await jobs.tasks({ executionId: id, page: 1, pageSize: 9 });
  const first = Math.min(...items.map((task) => task.id));
  expect(await jobs.stopTask(first)).toBe(true);
  await jobs.start({ workers: 1 });
  expect((await settled(id)).counts).toMatchObject({ Stopped: 1, Success: 2 });
  expect(seen).toEqual([2, 3]);
});

test("a task that waits to be tried again can be stopped", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  const retry = { maxAttempts: 9, retryDelayMs: () => 60_000 };
  jobs.handle(handlerOf("flaky", () => Promise.reject(new Error("down")), retry));
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "flaky" });
  await expect
    .poll(async () => (await jobs.task(1))?.statusText, { timeout: 5_000 })
    .toContain("next one at");
  expect(await jobs.stopExecution(id)).toBe(true);
  expect((await settled(id)).status).toBe("Stopped");
});

test("a stopped execution takes no tasks; one that finishes all the same succeeds", async () => {
  const { open } = await testNodes();
  const { jobs, execute, settled } = await open();
  let refused: unknown;
  const begun = Promise.withResolvers<void>();
  const stubborn = async ({ signal, addTasks }: TaskRun) => {
    begun.resolve();
    await untilAborted(signal).catch(() => {});
    refused = await addTasks([{ kind: "stubborn", lane: "x", payload: {} }]).catch((e) => e);
  };
  jobs.handle(handlerOf("stubborn", stubborn));
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "stubborn" });
  await begun.promise;
  await jobs.stopExecution(id);
  expect(await settled(id)).toMatchObject({ status: "Success", counts: { Success: 1 } });
  expect(refused).toMatchObject({ code: "CANCELLED" });
});
