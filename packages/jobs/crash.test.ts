import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openCatalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import type { TaskRun } from "./ports.ts";
import { DEFAULT_KEPT, sweep } from "./sweep.ts";
import { handlerOf, testNodes, untilAborted } from "./test-nodes.ts";

test("a killed worker's task is run again elsewhere, and its lane goes on", async () => {
  const { open, url } = await testNodes();
  const node = await open();
  const script = join(import.meta.dirname, "crash-worker.ts");
  const child = spawn(process.execPath, [script, url], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const id = await node.execute({ kind: "deadly" }, { kind: "deadly" });
  await once(child.stdout, "data");
  const killedAt = performance.now();
  child.kill("SIGKILL");
  await once(child, "exit");

  const attempts: number[] = [];
  let againAfterMs = 0;
  const run = ({ attempt }: TaskRun) => {
    againAfterMs ||= performance.now() - killedAt;
    attempts.push(attempt);
  };
  node.jobs.handle(handlerOf("deadly", run));
  await node.jobs.start({ workers: 2 });
  expect(await node.settled(id)).toMatchObject({ status: "Success", counts: { Success: 2 } });
  // The killed attempt is counted as a start, though not as a failure: maxAttempts is 1.
  expect(attempts).toEqual([2, 1]);
  console.info(`run again ${(againAfterMs / 1000).toFixed(1)} s after the kill`);
  expect(againAfterMs).toBeLessThan(12_000);
});

test("work goes on by itself after the database was away", async () => {
  const { open, url } = await testNodes();
  const node = await open();
  node.jobs.handle(handlerOf("step", () => sleep(5)));
  await node.jobs.start({ workers: 2 });
  const tasks = Array.from({ length: 100 }, (_, n) => ({ kind: "step", lane: `lane ${n % 7}` }));
  const id = await node.execute(...tasks);

  const name = new URL(url).pathname.slice(1);
  const admin = await openAdmin(url);
  await sql.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`).execute(admin.db);
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`.execute(
    admin.db,
  );
  await expect.poll(() => node.said.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await sleep(1_000);
  await sql.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`).execute(admin.db);
  expect(await node.settled(id)).toMatchObject({ status: "Success", counts: { Success: 100 } });
});

async function openAdmin(url: string) {
  const address = new URL(url);
  address.pathname = "/postgres";
  const admin = await openCatalog({ url: address.href });
  onTestFinished(() => admin.close());
  return admin;
}

test("a worker taken for dead is told to end, settles nothing, and comes back", async () => {
  const { open, catalog } = await testNodes();
  const node = await open();
  const aborted: unknown[] = [];
  const begun = Promise.withResolvers<void>();
  const run = async ({ signal, attempt }: TaskRun) => {
    if (attempt > 1) return;
    begun.resolve();
    await untilAborted(signal).catch((error) => aborted.push(error));
  };
  node.jobs.handle(handlerOf("long", run));
  await node.jobs.start({ workers: 1 });
  const id = await node.execute({ kind: "long" });
  await begun.promise;
  // As another node does it.
  await sql`DELETE FROM worker_pool`.execute(catalog.db);
  await expect.poll(() => aborted, { timeout: 6_000 }).toMatchObject([{ code: "UNAVAILABLE" }]);
  expect((await node.settled(id)).status).toBe("Success");
  const { items } = await node.jobs.tasks({ executionId: id, page: 1, pageSize: 1 });
  expect(items).toMatchObject([{ attempts: 2 }]);
});

test("the sweep keeps the newest executions, and those that are young enough", async () => {
  const { open, catalog } = await testNodes();
  const { jobs, execute } = await open();
  const total = async () => (await jobs.executions({ vendor: "TEST", page: 1, pageSize: 1 })).total;
  for (let n = 0; n < 55; n++) await execute();
  await sweep({ catalog, kept: DEFAULT_KEPT });
  expect(await total()).toBe(50);
  await sql`UPDATE execution SET end_time = now() - id * interval '1 hour'`.execute(catalog.db);
  await sweep({ catalog, kept: { executions: 40, days: 1 } });
  // Ids 6 to 55 were left; of the newest 40 (16 to 55) those from 16 to 23 ended within a day.
  expect(await total()).toBe(8);
  await sweep({ catalog, kept: { executions: 0, days: null } });
  const { rows } = await sql`SELECT FROM job_line`.execute(catalog.db);
  expect([await total(), rows.length]).toEqual([0, 0]);
});

test("lanes that were left behind go on after a sweep", async () => {
  const { open, catalog } = await testNodes();
  const { jobs, execute, settled } = await open();
  const stuck = await execute({ kind: "step" }, { kind: "step" });
  await sql`UPDATE task SET ready = false`.execute(catalog.db);
  await sweep({ catalog, kept: DEFAULT_KEPT });
  jobs.handle(handlerOf("step", () => {}));
  await jobs.start({ workers: 1 });
  expect((await settled(stuck)).status).toBe("Success");
});
