import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { lockedKey, newKey } from "@entrepot/recovery/target-suite";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { readDrillKey } from "./drill-key.ts";
import { removeDrills } from "./drill-scratch.ts";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "admin", cause: "test" };

let folder: string;
let server: TestServer;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-drill-"));
  await chmod(folder, 0o711);
  // The key file is locked, as one is that does not lie about.
  const [drillKeyFile, drillPassphraseFile] = [join(folder, "key.age"), join(folder, "phrase")];
  await writeFile(drillKeyFile, await lockedKey(ours.identity, "correct horse"));
  await writeFile(drillPassphraseFile, "correct horse\n");
  const drillKey = (await readDrillKey({ drillKeyFile, drillPassphraseFile }))!;
  server = await testServer({ backupFolders: [folder], drillKey });
  api = apiClient({ url: server.url, credential: server.credential });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The keys of targets: the server's own, and somebody's that it does not have. */
const [ours, theirs] = [await newKey(), await newKey()];

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
    await told(server, 'entrepot_drill_success{target="vault"} 0');
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

/** What metrics show may be some seconds old. */
async function told({ metrics }: Pick<TestServer, "metrics">, line: string): Promise<void> {
  await expect.poll(() => metrics.text(), { timeout: 20_000 }).toContain(line);
}

/** Backs up into a new target that is encrypted for `recipient`; returns its id. */
async function encryptedFor(name: string, recipient: string): Promise<number> {
  const recipients = [recipient];
  const body = { name, address: `file:${folder}/${name}`, recipients };
  const id = Number((await api.backups.create({ body: body as never })).created);
  const { created } = await api.backups.run({ params: { id }, body: {} as never });
  const params = { id, execution_id: Number(created) };
  expect((await ended(() => api.backups.execution({ params }))).status).toBe("Success");
  return id;
}

test("an encrypted backup is tried with its key", { timeout: 240_000 }, async () => {
  await pushSample(server.content.as(ACTOR).repository("library/sealed"), sampleImage(), ["1.0"]);
  const good = await drilled(await encryptedFor("sealed", ours.recipient));
  expect(good.report?.problems).toEqual([]);
  expect(good.status).toBe("Success");
  expect(good.report!.pulled.images).toBe(good.report!.tags);
  await told(server, 'entrepot_drill_success{target="sealed"} 1');
});

test(
  "a key that does not open it is the one thing that a drill tells",
  { timeout: 240_000 },
  async () => {
    const bad = await drilled(await encryptedFor("foreign", theirs.recipient));
    expect(bad.status).toBe("Error");
    expect(bad.report?.problems).toEqual([
      expect.stringMatching(/^this key does not open the backup/),
    ]);
    expect(bad.report).toMatchObject({ problem_count: 1, recovery_seconds: null, blobs: 0 });
    await told(server, 'entrepot_drill_success{target="foreign"} 0');
  },
);

test("where there is no key, no drill of what is encrypted is begun or scheduled", async () => {
  const keyless = await testServer({ backupFolders: [folder] });
  onTestFinished(() => keyless.close());
  const there = apiClient({ url: keyless.url, credential: keyless.credential });
  const recipients = [ours.recipient];
  const body = { name: "mute", address: `file:${folder}/mute`, recipients };
  const id = Number((await there.backups.create({ body: body as never })).created);
  const refused = { status: 412, message: expect.stringContaining("ENTREPOT_DRILL_KEY_FILE") };
  const begun = there.drills.run({ params: { id }, body: {} as never });
  await expect(begun).rejects.toMatchObject(refused);
  expect((await there.drills.list({ params: { id } })).body).toEqual([]);

  const [address, drill_cron] = [`file:${folder}/mute-2`, "0 0 4 1 1 *"];
  const made = there.backups.create({
    body: { name: "mute-2", address, recipients, drill_cron } as never,
  });
  await expect(made).rejects.toMatchObject(refused);
  const { body: target } = await there.backups.get({ params: { id } });
  const scheduled = there.backups.update({
    params: { id },
    body: { ...target, drill_cron } as never,
  });
  await expect(scheduled).rejects.toMatchObject(refused);
  expect((await there.backups.get({ params: { id } })).body.drill_cron).toBe("");
});

test("a drill whose key was taken away since fails and says so", { timeout: 120_000 }, async () => {
  const keyless = await testServer({ backupFolders: [folder] });
  onTestFinished(() => keyless.close());
  const there = apiClient({ url: keyless.url, credential: keyless.credential });
  const recipients = [ours.recipient];
  const body = { name: "mute", address: `file:${folder}/mute-3`, recipients };
  const id = Number((await there.backups.create({ body: body as never })).created);
  // As its schedule does it, of before the key went.
  await keyless.jobs.execute({
    vendor: "DRILL",
    vendorId: id,
    trigger: "scheduled",
    actor: "system:backup",
    plan: { target: "mute" },
    tasks: [{ kind: "drill", lane: "drill", payload: { share: 1, samples: 1 } }],
  });
  await told(keyless, 'entrepot_drill_success{target="mute"} 0');
  const [drill] = (await there.drills.list({ params: { id } })).body;
  expect(drill).toMatchObject({ status: "Error", report: null });
  expect(drill!.status_text).toContain("ENTREPOT_DRILL_KEY_FILE");
});

test("what a killed drill has left is removed", async () => {
  const places = join(folder, "drill");
  await mkdir(join(places, "17/storage/blobs"), { recursive: true });
  await removeDrills(places);
  expect(await readdir(places)).toEqual([]);
});
