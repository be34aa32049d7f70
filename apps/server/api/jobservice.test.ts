import { apiClient } from "@entrepot/api/client";
import { routes } from "@entrepot/api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

let server: TestServer;
beforeEach(async () => {
  server = await testServer({ workers: 0 });
});
afterEach(() => server.close());

const api = () => apiClient(server);

/** Runs a task that says `lines`, then waits for `go`. Returns its id. */
async function talking(lines: number, go: Promise<void>): Promise<number> {
  const { jobs } = server;
  const begun = Promise.withResolvers<number>();
  jobs.handle({
    kind: "talk",
    maxAttempts: 1,
    retryDelayMs: () => null,
    run: async ({ task, log, signal }) => {
      for (let n = 1; n <= lines; n++) log("info", `line ${n}`);
      begun.resolve(task.id);
      const aborted = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => aborted.reject(signal.reason));
      await Promise.race([go, aborted.promise]);
      log("info", "the last");
    },
  });
  await jobs.start({ workers: 2 });
  const tasks = [{ kind: "talk", lane: "talk", payload: {} }];
  await jobs.execute({ vendor: "TALK", vendorId: 1, trigger: "manual", actor: "test", tasks });
  return begun.promise;
}

test("a log is followed line by line to its end, and read in parts", async () => {
  const go = Promise.withResolvers<void>();
  const job_id = await talking(3, go.promise);
  const texts: string[] = [];
  const query = { follow: true };
  for await (const { event, data } of api().events(routes.jobservice.log, {
    params: { job_id },
    query,
  })) {
    const { text, status } = JSON.parse(data) as { text?: string; status?: string };
    texts.push(event === "end" ? `end: ${status}` : text!);
    // Whoever reads this line reads it while the task still runs.
    if (text === "line 3") go.resolve();
  }
  expect(texts).toEqual(["line 1", "line 2", "line 3", "the last", "end: Success"]);

  const first = await api().jobservice.log({ params: { job_id }, query: { limit: 2 } });
  expect(first.body).toMatch(/^\S+ \[info\] line 1\n\S+ \[info\] line 2\n$/);
  const after = Number(first.headers.get("x-log-last"));
  const rest = await api().jobservice.log({ params: { job_id }, query: { after } });
  expect(rest.body).toMatch(/^\S+ \[info\] line 3\n\S+ \[info\] the last\n$/);
});

test("a server that stops ends the logs that are followed", async () => {
  const job_id = await talking(1, new Promise(() => {}));
  const events = api().events(routes.jobservice.log, {
    params: { job_id },
    query: { follow: true },
  });
  await events.next();
  const before = performance.now();
  const closed = server.close();
  while (!(await events.next()).done);
  expect(performance.now() - before).toBeLessThan(2_000);
  await server.jobs.stop(0);
  await closed;
});

test("what runs is shown with its pool, and can be stopped", async () => {
  const job_id = await talking(0, new Promise(() => {}));
  const [pool] = (await api().jobservice.pools()).body;
  expect(pool).toMatchObject({ concurrency: 2, pid: process.pid, draining: false });
  const workers = (await api().jobservice.workers({ params: { pool_id: "all" } })).body;
  const pool_id = pool!.worker_pool_id;
  expect(workers).toMatchObject([{ job_id: String(job_id), job_name: "TALK", pool_id }]);
  const none = api().jobservice.workers({ params: { pool_id: "none" } });
  await expect(none).rejects.toMatchObject({ code: "NOT_FOUND" });
  await api().jobservice.stop({ params: { job_id: "all" }, body: { action: "stop" } });
  await expect
    .poll(async () => (await server.jobs.task(job_id))?.status, { timeout: 2_000 })
    .toBe("Stopped");
});

test("queues are paused, resumed and cleared; a paused scheduler says so", async () => {
  const { jobs } = server;
  const tasks = [{ kind: "talk", lane: "talk", payload: {} }];
  await jobs.execute({ vendor: "TALK", vendorId: 1, trigger: "manual", actor: "test", tasks });
  await jobs.schedule({ vendor: "TALK", vendorId: 1, cron: "0 0 3 * * *", timeZone: "Asia/Tokyo" });
  const change = (job_type: string, action: "stop" | "pause" | "resume") =>
    api().jobservice.changeQueue({ params: { job_type }, body: { action } });
  const paused = async () =>
    (await api().jobservice.schedulesPaused({ params: { job_type: "all" } })).body;
  await change("talk", "pause");
  const talk = { job_type: "TALK", count: 1, paused: true };
  expect((await api().jobservice.queues()).body).toContainEqual(expect.objectContaining(talk));
  expect(await paused()).toEqual({ paused: false });
  await change("SCHEDULER", "pause");
  expect(await paused()).toEqual({ paused: true });
  await change("all", "resume");
  await change("all", "stop");
  const queues = (await api().jobservice.queues()).body;
  expect(queues.every((queue) => queue.count === 0 && !queue.paused)).toBe(true);
  await expect(change("nothing", "pause")).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect((await api().jobservice.schedules()).body).toMatchObject([
    { vendor_type: "TALK", vendor_id: 1, cron: "0 0 3 * * *", time_zone: "Asia/Tokyo" },
  ]);
});

test("when a schedule would be due is told before it is stored", async () => {
  const query = { cron: "0 30 2 * * *", time_zone: "Asia/Shanghai", count: 3 };
  const { times } = (await api().jobservice.nextTimes({ query })).body;
  expect(times.map((time) => time.slice(11))).toEqual(Array(3).fill("18:30:00.000Z"));
  const days = times.map((time) => Date.parse(time) / 86_400_000);
  expect(days).toEqual([days[0], days[0]! + 1, days[0]! + 2]);
  expect(days[0]).toBeGreaterThan(Date.now() / 86_400_000);

  const wrong = api().jobservice.nextTimes({ query: { cron: "30 2 * * *" } });
  await expect(wrong).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringMatching(/six fields/),
  });
});
