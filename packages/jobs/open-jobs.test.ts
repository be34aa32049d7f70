import { sql } from "kysely";
import { expect, test } from "vitest";
import type { TaskRun } from "./ports.ts";
import { handlerOf, testNodes, untilAborted } from "./test-nodes.ts";

test("a transaction that is undone enqueues nothing", async () => {
  const { jobs, catalog, execute, settled } = await (await testNodes()).open();
  const seen: number[] = [];
  jobs.handle(handlerOf("step", ({ task }) => void seen.push(Number(task.payload["n"]))));
  await jobs.start({ workers: 4 });

  const execution = { vendor: "TEST", vendorId: 1, trigger: "manual", actor: "tester" };
  const undone = catalog.transaction(async (db) => {
    const tasks = [{ kind: "step", lane: "a", payload: { n: 1 } }];
    await jobs.execute({ ...execution, tasks }, db);
    throw new Error("undo");
  });
  await expect(undone).rejects.toThrow("undo");
  await settled(await execute({ kind: "step", lane: "a", payload: { n: 2 } }));
  expect(seen).toEqual([2]);
  const { rows } = await sql`SELECT FROM task WHERE lane = 'a' AND status <> 'Success'`.execute(
    catalog.db,
  );
  expect(rows).toEqual([]);
});

test("an execution ends with its last task, its counts exact", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  jobs.handle(handlerOf("good", () => {}));
  jobs.handle(handlerOf("bad", () => Promise.reject(new Error("broken on purpose"))));
  const late = { kind: "good", lane: "late", payload: {} };
  jobs.handle(handlerOf("grows", ({ addTasks }) => addTasks([late])));
  await jobs.start({ workers: 3 });

  expect(await settled(await execute())).toMatchObject({ status: "Success" });

  const good = await settled(await execute({ kind: "good" }, { kind: "grows" }));
  expect(good).toMatchObject({ status: "Success", counts: { Success: 3, Pending: 0 } });
  expect(good.endTime).toBeInstanceOf(Date);

  const mixed = await settled(await execute({ kind: "good" }, { kind: "bad" }));
  expect(mixed).toMatchObject({ status: "Error", counts: { Success: 1, Error: 1 } });
  const failed = await jobs.tasks({ executionId: mixed.id, status: "Error", page: 1, pageSize: 9 });
  expect(failed).toMatchObject({ total: 1, items: [{ statusText: "broken on purpose" }] });

  const listed = await jobs.executions({ vendor: "TEST", status: "Success", page: 1, pageSize: 9 });
  expect(listed).toMatchObject({ total: 2, items: [{ id: good.id }, {}] });
});

test("a failing task is tried again, and at last `failed` is called", async () => {
  const { jobs, catalog, execute, settled } = await (await testNodes()).open();
  const attempts: number[] = [];
  const texts: string[] = [];
  const delays: number[] = [];
  const run = async ({ task, attempt }: TaskRun) => {
    attempts.push(attempt);
    texts.push((await jobs.task(task.id))?.statusText ?? "");
    throw new Error(`failure ${attempt}`);
  };
  const key = "failed_was_called";
  jobs.handle(
    handlerOf("flaky", run, {
      maxAttempts: 3,
      retryDelayMs: (_error, attempt) => {
        delays.push(attempt);
        return 20;
      },
      failed: async (task, error, db) => {
        const value = JSON.stringify([task.status, (error as Error).message]);
        await db.insertInto("setting").values({ key, value }).execute();
      },
    }),
  );
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "flaky" });
  const { counts } = await settled(id);
  expect(counts.Error).toBe(1);
  expect({ attempts, delays }).toEqual({ attempts: [1, 2, 3], delays: [1, 2] });
  const { items } = await jobs.tasks({ executionId: id, page: 1, pageSize: 1 });
  expect(items).toMatchObject([{ status: "Error", statusText: "failure 3", attempts: 3 }]);
  const { rows } = await sql`SELECT value FROM setting WHERE key = ${key}`.execute(catalog.db);
  expect(rows).toEqual([{ value: ["Error", "failure 3"] }]);
});

test("a waiting task says why and until when it waits", async () => {
  const { jobs, execute } = await (await testNodes()).open();
  const throwing = Promise.withResolvers<void>();
  const run = async () => {
    throwing.resolve();
    throw new Error("target is down");
  };
  jobs.handle(handlerOf("flaky", run, { maxAttempts: 5, retryDelayMs: () => 60_000 }));
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "flaky" });
  await throwing.promise;
  await expect
    .poll(async () => (await jobs.tasks({ executionId: id, page: 1, pageSize: 1 })).items[0], {
      timeout: 5_000,
    })
    .toMatchObject({
      status: "Scheduled",
      statusText: expect.stringMatching(
        /^Attempt 1 of 5 failed, next one at 20\S+Z: target is down$/,
      ),
    });
});

test("a `failed` that throws does not keep its task open for ever", async () => {
  const { jobs, execute, settled, said } = await (await testNodes()).open();
  let calls = 0;
  const failed = () => {
    calls++;
    throw new Error("failed has failed");
  };
  jobs.handle(handlerOf("bad", () => Promise.reject(new Error("first")), { failed }));
  jobs.handle(handlerOf("good", () => {}));
  await jobs.start({ workers: 2 });
  const bad = await execute({ kind: "bad" });
  expect((await settled(await execute({ kind: "good" }))).status).toBe("Success");
  expect((await settled(bad)).status).toBe("Error");
  expect(calls).toBe(3);
  expect(said.join()).toContain("failed has failed");
});

test("log lines keep their order and are bounded; the last progress is kept", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  jobs.handle(
    handlerOf("talks", ({ log, progress }) => {
      for (let n = 1; n <= 2_500; n++) log("info", `line ${n}\u0000`);
      for (let n = 1; n <= 3_000; n++) log("info", "x".repeat(5_000));
      for (let n = 1; n <= 50; n++) progress({ stage: "copy \ud800", bytesSent: n });
    }),
  );
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "talks" });
  await settled(id);
  const [task] = (await jobs.tasks({ executionId: id, page: 1, pageSize: 1 })).items;
  expect(task?.progress).toEqual({ stage: "copy \ufffd", bytesSent: 50 });
  const lines = await jobs.taskLog(task?.id ?? 0, 0, 10_000);
  const bytes = lines.reduce((sum, { text }) => sum + text.length, 0);
  expect(bytes).toBeLessThan(10 << 20);
  expect(bytes).toBeGreaterThan(9 << 20);
  expect(lines.slice(0, 2_500).every(({ text }, n) => text === `line ${n + 1}`)).toBe(true);
  expect(lines.at(-1)).toMatchObject({ level: "warn", text: expect.stringContaining("is full") });
  const page = await jobs.taskLog(task?.id ?? 0, lines[9]?.id, 2);
  expect(page.map(({ text }) => text)).toEqual(["line 11", "line 12"]);
});

test("a node that stops puts its tasks back, and the attempt does not count", async () => {
  const { open } = await testNodes();
  const [first, second] = [await open(), await open()];
  const begun = Promise.withResolvers<void>();
  const run = async ({ signal }: TaskRun) => {
    begun.resolve();
    await untilAborted(signal);
  };
  const attempts: number[] = [];
  first.jobs.handle(handlerOf("long", run));
  second.jobs.handle(handlerOf("long", ({ attempt }) => void attempts.push(attempt)));
  await first.jobs.start({ workers: 1 });
  const id = await first.execute({ kind: "long" }, { kind: "long" });
  await begun.promise;
  await second.jobs.start({ workers: 1 });
  await first.jobs.stop();
  expect(await second.settled(id)).toMatchObject({ status: "Success", counts: { Success: 2 } });
  expect(attempts).toEqual([1, 1]);
});

test("a handler that ignores its signal cannot hold up the stop", async () => {
  const { open } = await testNodes();
  const [first, second] = [await open(), await open()];
  const begun = Promise.withResolvers<void>();
  const deaf = () => {
    begun.resolve();
    return new Promise(() => {});
  };
  first.jobs.handle(handlerOf("deaf", deaf));
  second.jobs.handle(handlerOf("deaf", () => {}));
  await first.jobs.start({ workers: 1 });
  const id = await first.execute({ kind: "deaf" });
  await begun.promise;
  await first.jobs.stop(50);
  await second.jobs.start({ workers: 1 });
  expect((await second.settled(id)).status).toBe("Success");
});
