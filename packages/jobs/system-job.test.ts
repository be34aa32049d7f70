import { RegistryError } from "@entrepot/oci";
import { expect, test } from "vitest";
import { CHANNELS } from "./channels.ts";
import { openSystemJob } from "./system-job.ts";
import { handlerOf, testNodes } from "./test-nodes.ts";

interface Asked {
  readonly hours: number;
  readonly dry: boolean;
}

/** A node with a system job, whose runs end when `end` is called. */
async function sweeper() {
  const { open } = await testNodes();
  const node = await open();
  const payloads: unknown[] = [];
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const task = handlerOf("SWEEP", async (run) => {
    payloads.push(run.task.payload);
    await promise;
  });
  const job = openSystemJob<Asked>({
    catalog: node.catalog,
    jobs: node.jobs,
    task,
    nameOf: (id) => `sweep ${id}`,
    note: "sweep_schedule",
    initial: { hours: 1, dry: false },
    refuse({ hours }) {
      if (hours < 1) throw new RegistryError("BAD_REQUEST", "less than an hour");
    },
    shown: (run) => run,
  });
  return { ...node, job, payloads, end };
}

test("one runs at a time; who asked and for what is in its task", async () => {
  const { job, jobs, payloads, end, settled } = await sweeper();
  await expect(job.start({ hours: 0, dry: true }, "ann")).rejects.toThrow("less than an hour");
  const id = await job.start({ hours: 3, dry: true }, "ann");
  await expect(job.start({ hours: 3, dry: false }, "bob")).rejects.toMatchObject({
    code: "CONFLICT",
    message: `sweep ${id} is running; wait for it or stop it`,
  });
  await jobs.start({ workers: 1 });
  end();
  expect((await settled(id)).status).toBe("Success");
  expect(payloads).toEqual([{ hours: 3, dry: true, actor: "ann" }]);
  const next = await job.start({ hours: 5, dry: false }, "bob");
  await settled(next);
  const { items, total } = await job.list({ page: 1, pageSize: 10 });
  expect([total, items.map(({ execution }) => execution.id)]).toEqual([2, [next, id]]);
  expect((await job.last())?.parameters).toEqual({ hours: 5, dry: false });
  expect((await job.last(({ dry }) => dry))?.execution.id).toBe(id);
  expect(await job.get(next + 1)).toBeNull();
});

test("a schedule remembers what is asked of its runs, and starts none beside another", async () => {
  const { job, jobs, catalog, payloads, end, settled } = await sweeper();
  expect(await job.scheduled()).toBeNull();
  await expect(job.schedule("0 0 3 * * *", { hours: 0, dry: false })).rejects.toThrow("an hour");
  await job.schedule("0 0 3 * * *", { hours: 7, dry: false });
  expect(await job.scheduled()).toMatchObject({
    schedule: { cron: "0 0 3 * * *", vendor: "SWEEP" },
    parameters: { hours: 7, dry: false },
  });
  const due = async () => {
    await catalog.db
      .updateTable("schedule")
      .set({ next_at: new Date(0) })
      .execute();
    await catalog.notify(CHANNELS.schedules, "");
  };
  const fired = async () =>
    (await jobs.executions({ vendor: "SCHEDULER", status: "Success", page: 1, pageSize: 9 })).total;
  await due();
  await jobs.start({ workers: 2 });
  await expect.poll(() => payloads.length, { timeout: 30_000 }).toBe(1);
  await due();
  await expect.poll(fired, { timeout: 30_000 }).toBe(2);
  const { items, total } = await job.list({ page: 1, pageSize: 10 });
  expect(total).toBe(1);
  expect(items[0]).toMatchObject({
    execution: { trigger: "scheduled", actor: "system:scheduler" },
    parameters: { hours: 7, dry: false },
  });
  end();
  await settled(items[0]!.execution.id);
  await job.schedule(null);
  expect(await job.scheduled()).toBeNull();
}, 90_000);
