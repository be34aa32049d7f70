import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDrills } from "./drill-scratch.ts";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "admin", cause: "test" };

let folder: string;
let server: TestServer;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-drill-"));
  await chmod(folder, 0o711);
  server = await testServer({ backupFolders: [folder] });
  api = apiClient({ url: server.url, credential: server.credential });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function ended<T extends { status: string }>(read: () => Promise<{ body: T }>): Promise<T> {
  for (;;) {
    const { body } = await read();
    if (body.status !== "Running") return body;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function drilled(id: number) {
  const { created } = await api.drills.run({ params: { id }, body: {} as never });
  const params = { id, execution_id: Number(created) };
  return await ended(() => api.drills.get({ params }));
}

test(
  "a drill tells that a backup comes back, and that a damaged one does not",
  {
    timeout: 240_000,
  },
  async () => {
    const repository = server.content.as(ACTOR).repository("library/app");
    const image = sampleImage();
    await pushSample(repository, image, ["1.0"]);
    await pushSample(repository, sampleIndex([sampleImage(), sampleImage()]), ["2.0"]);
    const body = { name: "vault", address: `file:${folder}/vault`, drill_cron: "0 0 4 1 1 *" };
    const id = Number((await api.backups.create({ body: body as never })).created);
    expect((await api.backups.get({ params: { id } })).body.drill_cron).toBe("0 0 4 1 1 *");
    const hook = {
      name: "alarm",
      enabled: true,
      event_types: ["DRILL_FAILED"],
      targets: [{ type: "http", address: "http://127.0.0.1:9/alarm" }],
    };
    await api.systemWebhooks.create({ params: {}, body: hook as never });
    const { created } = await api.backups.run({ params: { id }, body: {} as never });
    const params = { id, execution_id: Number(created) };
    expect((await ended(() => api.backups.execution({ params }))).status).toBe("Success");

    await server.content.projects.create(ACTOR, { name: "late" });
    const good = await drilled(id);
    expect(good.report?.problems).toEqual([]);
    expect(good).toMatchObject({
      status: "Success",
      report: { target: "vault", tags: 2, manifests: 4, pulled: { images: 2 }, problem_count: 0 },
    });
    expect(good.report!.recovery_seconds).toBeGreaterThan(0);
    expect(good.report!.loss_seconds).toBeGreaterThan(0);
    expect(good.report!.verified.blobs).toBe(good.report!.blobs + good.report!.manifests);

    const hex = image.children[0]!.content.digest.slice(7);
    const size = image.children[0]!.content.size;
    await writeFile(join(folder, "vault/blobs/sha256", hex.slice(0, 2), hex), Buffer.alloc(size));
    const bad = await drilled(id);
    expect(bad.status).toBe("Error");
    expect(bad.status_text).toMatch(/1 problems?, first: .*another digest/);
    const metrics = await server.metrics.text();
    expect(metrics).toContain('entrepot_drill_success{target="vault"} 0');
    const hooks = await server.catalog.db
      .selectFrom("webhook_delivery")
      .select(["event_type", "body"])
      .execute();
    expect(hooks).toEqual([
      { event_type: "DRILL_FAILED", body: expect.stringContaining('"target_name":"vault"') },
    ]);
    const { body: listed } = await api.drills.list({ params: { id } });
    expect(listed.map(({ status }) => status)).toEqual(["Error", "Success"]);
  },
);

test("what a killed drill has left is removed", async () => {
  const places = join(folder, "drill");
  await mkdir(join(places, "17/storage/blobs"), { recursive: true });
  await removeDrills(places);
  expect(await readdir(places)).toEqual([]);
});
