import { sql } from "kysely";
import { expect, test } from "vitest";
import { testNodes } from "./test-nodes.ts";

test("a schedule fires once, on one node; missed times fire once together", async () => {
  let now = new Date("2026-03-01T02:59:30Z");
  const clock = () => now;
  const { open } = await testNodes();
  const nodes = [await open({ clock }), await open({ clock })];
  const fired: number[] = [];
  for (const { jobs } of nodes) {
    jobs.onSchedule("TEST", async (vendorId) => void fired.push(vendorId));
  }
  const [first, second] = nodes;
  if (!first || !second) throw new Error("two nodes");
  await first.jobs.schedule({ vendor: "TEST", vendorId: 7, cron: "0 0 3 * * *" });
  const nextAt = async () => {
    const { rows } = await sql<{ next_at: Date }>`SELECT next_at FROM schedule`.execute(
      first.catalog.db,
    );
    return rows[0]?.next_at.toISOString();
  };
  expect(await nextAt()).toBe("2026-03-01T03:00:00.000Z");

  // Down for three days; set again as it was, it still is overdue.
  now = new Date("2026-03-04T12:00:00Z");
  await first.jobs.schedule({ vendor: "TEST", vendorId: 7, cron: "0 0 3 * * *" });
  await Promise.all(nodes.map(({ jobs }) => jobs.start({ workers: 1 })));
  await expect.poll(() => fired, { timeout: 5_000 }).toEqual([7]);
  expect(await nextAt()).toBe("2026-03-05T03:00:00.000Z");

  now = new Date("2026-03-05T03:00:00Z");
  await second.jobs.schedule({ vendor: "TEST", vendorId: 8, cron: "0 30 3 * * *" });
  await expect.poll(() => fired, { timeout: 5_000 }).toEqual([7, 7]);

  await second.jobs.schedule({ vendor: "TEST", vendorId: 7, cron: null });
  await second.jobs.schedule({ vendor: "TEST", vendorId: 8, cron: null });
  expect(await nextAt()).toBeUndefined();
});

test("a handler that fails is called again later", async () => {
  const { jobs, catalog, said } = await (await testNodes()).open();
  let fails = true;
  let calls = 0;
  jobs.onSchedule("TEST", async () => {
    calls++;
    if (fails) throw new Error("no source today");
  });
  await jobs.schedule({ vendor: "TEST", vendorId: 1, cron: "0 0 3 * * *" });
  await sql`UPDATE schedule SET next_at = now()`.execute(catalog.db);
  await jobs.start({ workers: 1 });
  const tasks = async () => {
    const { rows } = await sql`
      SELECT status, attempts, not_before > now() + interval '20 seconds' AS waits FROM task
    `.execute(catalog.db);
    return rows;
  };
  const waits = [{ status: "Scheduled", attempts: 1, waits: true }];
  await expect.poll(tasks, { timeout: 5_000 }).toEqual(waits);
  expect(said.join()).toContain("no source today");
  fails = false;
  await sql`UPDATE task SET not_before = now()`.execute(catalog.db);
  const done = [{ status: "Success", attempts: 2, waits: null }];
  await expect.poll(tasks, { timeout: 5_000 }).toEqual(done);
  expect(calls).toBe(2);
});

test("a schedule's time zone counts, summer time included", async () => {
  const { jobs, catalog } = await (
    await testNodes()
  ).open({ clock: () => new Date("2026-03-28T12:00:00Z") });
  const entry = { vendor: "TEST", vendorId: 1, cron: "0 0 3 * * *", timeZone: "Europe/Berlin" };
  await jobs.schedule(entry);
  const { rows } = await sql`SELECT next_at FROM schedule`.execute(catalog.db);
  expect(rows).toEqual([{ next_at: new Date("2026-03-29T01:00:00Z") }]);
});

test.each([
  ["", /six fields/],
  ["0 3 * * *", /six fields/],
  ["5 0 3 * * *", /the second, must be 0/],
  ["0 * * * * *", /the minute, may not be \*/],
  ["0 0 25 * * *", /refused/],
  ["0 0 3 31 2 *", /refused/],
  ["0 0 3 * * someday", /refused/],
  ["FREQ=DAILY;BYHOUR=3", /six fields/],
])("the schedule %j is refused", async (cron, message) => {
  const { jobs } = await (await testNodes()).open();
  const refused = jobs.schedule({ vendor: "TEST", vendorId: 1, cron });
  await expect(refused).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringMatching(message),
  });
});

test("an unknown time zone is refused", async () => {
  const { jobs } = await (await testNodes()).open();
  const entry = { vendor: "TEST", vendorId: 1, cron: "0 0 3 * * *", timeZone: "Moon/Tycho" };
  await expect(jobs.schedule(entry)).rejects.toMatchObject({ code: "BAD_REQUEST" });
});
