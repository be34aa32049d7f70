import { apiClient } from "@entrepot/api/client";
import { bytesOf } from "@entrepot/registry";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
let server: TestServer;

beforeAll(async () => {
  server = await testServer({ workers: 2, garbage: { graceMs: 0, quarantineMs: 0 } });
});
afterAll(() => server?.close());

const api = () => apiClient({ url: server.url, credential: server.credential });

async function collect(parameters: { dry_run?: boolean; delete_untagged?: boolean } = {}) {
  const body = {
    schedule: { type: "Manual" as const },
    parameters: { ...parameters, workers: 10 },
  };
  const gc_id = Number((await api().garbage.start({ body })).created);
  await expect
    .poll(async () => (await api().garbage.get({ params: { gc_id } })).body.job_status, {
      timeout: 30_000,
    })
    .toBe("Success");
  return (await api().garbage.get({ params: { gc_id } })).body;
}

test("a dry run tells what is held by what and removes nothing; a run frees the rest", async () => {
  const repository = server.content.as(ACTOR).repository("library/app");
  const [kept, deleted] = [sampleImage(), sampleImage()];
  await pushSample(repository, kept, ["kept"]);
  await pushSample(repository, deleted, ["deleted"]);
  const orphan = sampleImage().children[0]!;
  await pushSample(repository, orphan);
  await repository.delete(deleted.content.digest);

  const plan = await collect({ dry_run: true });
  expect(JSON.parse(plan.job_parameters)).toEqual({
    delete_untagged: false,
    dry_run: true,
    workers: 10,
  });
  const deletedBytes = [deleted, ...deleted.children].reduce((n, one) => n + one.content.size, 0);
  expect(plan.report?.live.blobs).toBe(3);
  expect(plan.report?.held.map(({ holder, blobs }) => [holder, blobs])).toEqual([
    ["history", 3],
    ["grace", 1],
  ]);
  expect(plan.report?.held[0]).toMatchObject({ bytes: deletedBytes });
  const days = (Date.parse(plan.report!.held[0]!.until!) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(29.9);
  expect(days).toBeLessThanOrEqual(30);
  expect(await server.store.stat(orphan.content.digest)).toBe(orphan.content.size);

  await collect(); // condemned, and out at once: there is no grace here
  const last = await collect();
  expect(last.report?.freed.blobs).toBe(1);
  expect(last.report?.held.map(({ holder }) => holder)).toEqual(["history"]);
  for (const one of [kept, deleted, ...kept.children, ...deleted.children]) {
    expect(await server.store.stat(one.content.digest)).toBe(one.content.size);
  }
  expect(await server.store.stat(orphan.content.digest)).toBe(null);
  const { body: log } = await api().garbage.log({ params: { gc_id: last.id } });
  expect(log).toContain("held by history until");
  expect(await server.metrics.text()).toMatch(/entrepot_gc_held_bytes\{holder="history"\} \d+/);
});

test("storage use says what is held by what: uploads under way, backups by name", async () => {
  const upload = await server.content.as(ACTOR).repository("library/app").startUpload();
  await upload.append(bytesOf(new Uint8Array(1_000)));
  const target = { name: "vault", address: "file:/nowhere", tip: null };
  const { id } = await server.catalog.db
    .insertInto("backup_target")
    .values(target)
    .returning("id")
    .executeTakeFirstOrThrow();
  // As long as the target has not got it, what was deleted since is kept, history or not.
  await server.catalog.db
    .insertInto("history_hold")
    .values({ holder: `backup:${id}`, seq: 0, reason: "a test" })
    .execute();
  await server.catalog.db
    .insertInto("setting")
    .values({ key: "recovery_days", value: "0" })
    .execute();
  await collect({ dry_run: true });

  const { body: use } = await api().storageUse.total({ query: {} });
  const held = new Map(use.held!.map((one) => [one.holder, one]));
  const weekOn = (Date.parse(held.get("uploads")!.until!) - Date.now()) / 86_400_000;
  expect(held.get("uploads")).toMatchObject({ blobs: 1, bytes: 1_000 });
  expect(weekOn).toBeCloseTo(7, 1);
  expect(held.get(`backup:${id}`)).toMatchObject({ name: "vault", blobs: 3 });
  expect(Date.now() - Date.parse(use.held_at!)).toBeLessThan(60_000);

  await upload.cancel();
  await server.catalog.db.deleteFrom("history_hold").execute();
  await server.catalog.db.deleteFrom("backup_target").execute();
  await server.catalog.db.deleteFrom("setting").where("key", "=", "recovery_days").execute();
});

test("manifests without a tag go if that is asked for, but what belongs to one stays", async () => {
  const repository = server.content.as(ACTOR).repository("library/untagged");
  const [subject, lost] = [sampleImage(), sampleImage()];
  await pushSample(repository, subject, ["v1"]);
  const signature = sampleImage({ subject: subject.content });
  await pushSample(repository, signature);
  await pushSample(repository, lost);
  const { report } = await collect({ delete_untagged: true });
  expect(report?.untagged).toBe(1);
  expect(await repository.resolve(lost.content.digest)).toBe(null);
  expect(await repository.resolve(signature.content.digest)).not.toBe(null);
  expect(await repository.resolve("v1")).not.toBe(null);
});

test("a schedule is set, shown and removed; what is no schedule is refused", async () => {
  expect((await api().garbage.schedule()).body).toEqual({});
  const set = (type: "Weekly" | "Custom" | "None" | "Manual", cron = "") =>
    api().garbage.setSchedule({
      body: { schedule: { type, cron }, parameters: { workers: 3, delete_untagged: true } },
    });
  await set("Weekly");
  const { body } = await api().garbage.schedule();
  expect(body).toMatchObject({ schedule: { type: "Weekly", cron: "0 0 0 * * 0" } });
  expect(body).toMatchObject({ job_parameters: expect.stringContaining('"workers":3') });
  await set("Custom", "0 30 3 * * 6");
  expect((await api().garbage.schedule()).body).toMatchObject({ schedule: { type: "Custom" } });
  await expect(set("Manual")).rejects.toMatchObject({ code: "BAD_REQUEST" });
  await expect(set("Custom", "* * * * * *")).rejects.toMatchObject({ code: "BAD_REQUEST" });
  await set("None");
  expect((await api().garbage.schedule()).body).toEqual({});
});

test("while one waits no other is started; paused it waits, resumed it ends", async () => {
  await server.sweeps.pause();
  const body = { schedule: { type: "Manual" as const } };
  const gc_id = Number((await api().garbage.start({ body })).created);
  await expect(api().garbage.start({ body })).rejects.toMatchObject({ code: "CONFLICT" });
  await server.sweeps.resume();
  await expect
    .poll(async () => (await api().garbage.get({ params: { gc_id } })).body.job_status, {
      timeout: 30_000,
    })
    .toBe("Success");
});
