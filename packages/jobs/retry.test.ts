import { sql } from "kysely";
import { expect, test } from "vitest";
import type { StatusChange } from "./status-hooks.ts";
import { handlerOf, testNodes } from "./test-nodes.ts";

test("only what failed runs again; every change of status is told in its transaction", async () => {
  const { jobs, catalog, execute, settled } = await (await testNodes()).open();
  const told: string[] = [];
  let throws = 1;
  jobs.onStatus(async (change: StatusChange, db) => {
    const { rows } = await sql<{ status: string }>`
      SELECT status FROM execution WHERE id = ${change.id}
    `.execute(db);
    if (change.status === "Error" && throws-- > 0) throw new Error("no room in the outbox");
    told.push(`${change.vendor} ${rows[0]?.status}`);
  });
  const seen: string[] = [];
  let fails = true;
  jobs.handle(
    handlerOf("step", ({ task }) => {
      const name = String(task.payload["name"]);
      seen.push(name);
      if (name === "bad" && fails) throw new Error("not yet");
    }),
  );
  await jobs.start({ workers: 1 });
  const id = await execute(
    { kind: "step", payload: { name: "good" } },
    { kind: "step", payload: { name: "bad" } },
  );
  expect((await settled(id)).status).toBe("Error");
  await expect(jobs.retryExecution(id + 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
  fails = false;
  expect(await jobs.retryExecution(id)).toBe(1);
  expect(await settled(id)).toMatchObject({ status: "Success", counts: { Success: 2 } });
  await expect(jobs.retryExecution(id)).rejects.toMatchObject({ code: "PRECONDITION" });
  expect(seen).toEqual(["good", "bad", "bad"]);
  expect(told).toEqual(["TEST Running", "TEST Error", "TEST Running", "TEST Success"]);
  expect(await sql`SELECT FROM task WHERE attempts <> 1`.execute(catalog.db)).toMatchObject({
    rows: [],
  });
});

test("tasks of a group that wait for a time run at once when hurried", async () => {
  const { jobs, execute, settled } = await (await testNodes()).open();
  let up = false;
  const run = () => {
    if (!up) throw new Error("down");
  };
  jobs.handle(handlerOf("step", run, { maxAttempts: 3, retryDelayMs: () => 600_000 }));
  await jobs.start({ workers: 1 });
  const id = await execute({ kind: "step", groups: ["endpoint:1"] });
  await expect
    .poll(async () => (await jobs.execution(id))?.counts.Scheduled, { timeout: 5_000 })
    .toBe(1);
  up = true;
  expect(await jobs.hurry("endpoint:2")).toBe(0);
  expect(await jobs.hurry("endpoint:1")).toBe(1);
  expect((await settled(id)).status).toBe("Success");
});
