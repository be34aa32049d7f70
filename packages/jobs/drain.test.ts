import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { handlerOf, testNodes, untilAborted } from "./test-nodes.ts";
import { interruptionOf } from "./run.ts";

test("SIGTERM: tasks end, hand over at a boundary or are cut; none is lost", async () => {
  const { open, url, catalog } = await testNodes();
  const node = await open();
  const script = join(import.meta.dirname, "drain-worker.ts");
  const child = spawn(process.execPath, [script, url], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  const id = await node.execute({ kind: "short" }, { kind: "chunks" }, { kind: "long" });
  await expect.poll(() => said.match(/begun/g)?.length, { timeout: 15_000 }).toBe(3);

  const elsewhere: string[] = [];
  for (const kind of ["short", "chunks", "long"]) {
    node.jobs.handle(handlerOf(kind, ({ attempt }) => void elsewhere.push(`${kind} ${attempt}`)));
  }
  await node.jobs.start({ workers: 3 });
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await expect
    .poll(async () => (await node.jobs.pools.list()).filter((pool) => pool.draining).length)
    .toBe(1);
  expect(await node.settled(id)).toMatchObject({ status: "Success", counts: { Success: 3 } });
  expect(await exited).toEqual([0, null]);
  // The boundary is there long before the cut; neither counts as an attempt.
  expect(elsewhere).toEqual(["chunks 1", "long 1"]);
  expect(said).toContain("boundary: shutdown");
  expect(said).toContain("aborted: shutdown");
  expect((await node.jobs.pools.list()).length).toBe(1);
  expect(await sql`SELECT FROM task WHERE lost > 0`.execute(catalog.db)).toMatchObject({
    rows: [],
  });
});

test("a handler can tell a cancel from a drain", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  const begun = Promise.withResolvers<number>();
  const causes: unknown[] = [];
  jobs.handle(
    handlerOf("long", async ({ task, signal, draining }) => {
      begun.resolve(task.id);
      await untilAborted(signal).catch(() => {});
      causes.push(interruptionOf(signal), interruptionOf(draining));
      throw signal.reason;
    }),
  );
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "long" });
  const [stopped, before] = [await begun.promise, performance.now()];
  const [worker] = await jobs.pools.workers();
  expect(worker).toMatchObject({ taskId: stopped, vendor: "TEST" });
  expect(await jobs.stopTask(stopped)).toBe(true);
  expect((await settled(id)).status).toBe("Stopped");
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(causes).toEqual(["cancelled", "cancelled"]);
});
