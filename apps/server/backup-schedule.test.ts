import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient } from "@entrepot/api/client";
import { BACKUP } from "@entrepot/recovery";
import { expect, onTestFinished, test, vi } from "vitest";
import { testServer } from "./testing.ts";

const SOON = { timeout: 60_000, interval: 50 };

test("a target with a schedule is backed up by itself, until it is switched off", async () => {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-schedule-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = await testServer({ backupFolders: [folder] });
  onTestFinished(() => server.close());
  const api = apiClient({ url: server.url, credential: server.credential });
  const body = { name: "vault", address: `file:${folder}`, cron: "0 0 3 * * *" };
  const id = Number((await api.backups.create({ body: body as never })).created);
  const params = { id };
  const newest = async () => (await api.backups.get({ params })).body.newest;
  const runs = async () =>
    (await server.jobs.executions({ vendor: BACKUP, vendorId: id, page: 1, pageSize: 100 })).items;

  const ours = server.catalog.db.updateTable("schedule").where("vendor", "=", BACKUP);
  // Not to wait until three in the morning.
  await ours.set({ next_at: new Date(0) }).execute();
  await vi.waitFor(async () => expect(await newest()).not.toBeNull(), SOON);
  const [first] = (await runs()).toReversed();
  expect(first).toMatchObject({ trigger: "scheduled", actor: "system:backup" });

  await api.backups.update({ params, body: { ...body, enabled: false } as never });
  // Those that were begun before it was off.
  const ended = (status: string) => status !== "Running";
  await vi.waitFor(
    async () => expect((await runs()).every(({ status }) => ended(status))).toBe(true),
    SOON,
  );
  const schedules = server.catalog.db.selectFrom("schedule").select("vendor");
  expect(await schedules.where("vendor", "=", BACKUP).execute()).toEqual([]);
}, 120_000);
