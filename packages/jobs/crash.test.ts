import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openCatalog } from "@entrepot/catalog";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import type { TaskRun } from "./ports.ts";
import { KEPT_EXECUTIONS, sweep } from "./sweep.ts";
import { openQueue } from "./queue.ts";
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

test("a worker that lost its ticket is told to end, and settles nothing", async () => {
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
  // As if another worker had taken over.
  await sql`UPDATE task SET worker = 'another'`.execute(catalog.db);
  await sql`DELETE FROM pgboss.job`.execute(catalog.db);
  await expect.poll(() => aborted, { timeout: 6_000 }).toMatchObject([{ code: "UNAVAILABLE" }]);
  await sleep(100);
  expect(await node.jobs.execution(id)).toMatchObject({ counts: { Running: 1 } });

  // The sweep gives a task without ticket a new one, and it is taken over.
  const queue = await openQueue(catalog.db, () => {});
  await sweep({ catalog, queue });
  await queue.close();
  expect((await node.settled(id)).status).toBe("Success");
});

test("the sweep keeps the newest executions, and lost tasks find back", async () => {
  const { open, catalog } = await testNodes();
  const { jobs, execute, settled } = await open();
  for (let n = 0; n < KEPT_EXECUTIONS + 5; n++) await execute();
  const stuck = await execute({ kind: "step" }, { kind: "step" });
  await sql`DELETE FROM pgboss.job`.execute(catalog.db);
  await sql`UPDATE task SET ticket = NULL`.execute(catalog.db);

  const queue = await openQueue(catalog.db, () => {});
  await sweep({ catalog, queue });
  await queue.close();
  const { total } = await jobs.executions({ vendor: "TEST", page: 1, pageSize: 1 });
  expect(total).toBe(KEPT_EXECUTIONS);
  jobs.handle(handlerOf("step", () => {}));
  await jobs.start({ workers: 1 });
  expect((await settled(stuck)).status).toBe("Success");
});
