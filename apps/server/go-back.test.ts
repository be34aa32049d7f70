import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient } from "@entrepot/api/client";
import { compareWithTables, openCatalog, openDatabase } from "@entrepot/catalog";
import { seededRandom, seeds, testDatabase } from "@entrepot/catalog/testing";
import { planBackupRestore, restoreBackup, unencrypted } from "@entrepot/recovery";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { openObjects, openStorage } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { expect, onTestFinished, test, vi } from "vitest";
import { goBack } from "./go-back.ts";
import { openLog } from "./log.ts";
import { openParts, type Parts } from "./open-parts.ts";
import { stoppable } from "./stopping.ts";
import { restore } from "./restore.ts";
import { testServer } from "./testing.ts";

const FILE = "apps/server/go-back.test.ts";
const ACTOR = { name: "ann", cause: "test" };
const SOON = { timeout: 60_000, interval: 20 };

/** Every tag and what it names. */
async function tagsOf({ catalog }: Pick<Parts, "catalog">): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    SELECT r.name || ':' || t.name || ' ' || t.digest AS line FROM tag t
    JOIN repository r ON r.id = t.repository_id
    ORDER BY 1`.execute(catalog.db);
  return rows.map(({ line }) => line);
}

/** A server with a backup target, where `act` changes names at random. */
async function world(seed: number, recipients: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), "entrepot-vault-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const server = await testServer({ backupFolders: [folder] });
  onTestFinished(() => server.close());
  const address = `file:${folder}`;
  const target = await server.backups.targets.create({
    name: "vault",
    description: "",
    address,
    enabled: true,
    cron: "",
    timeZone: "UTC",
    continuous: false,
    recipients,
    bytesPerSecond: 0,
    snapshotEveryDays: 7,
    keepLast: null,
    keepDays: null,
  });
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  return {
    server,
    address,
    below,
    async act() {
      const repository = server.content.as(ACTOR).repository(`library/app${below(3)}`);
      const tag = `t${below(4)}`;
      if (below(3) > 0) await pushSample(repository, sampleImage(), [tag]);
      else if (await repository.resolve(tag)) await repository.delete(tag);
    },
    async backUp(full: boolean) {
      const id = await server.backups.run(target, ACTOR, full);
      const status = async () => (await server.jobs.execution(id))?.status;
      await vi.waitFor(async () => expect(await status()).toBe("Success"), SOON);
    },
  };
}

/** The backup as it was at `seq`, on a machine of its own. */
async function restoredTo(address: string, seq: number) {
  const { url, close } = await testDatabase({ empty: true });
  onTestFinished(close);
  const objects = await openObjects(address);
  const plan = await planBackupRestore(objects, { seq, exact: true });
  expect(plan.problems).toEqual([]);
  const store = memoryStore();
  const db = openDatabase({ url });
  const run = { objects, plan, open: unencrypted, db, store, keepSecrets: false };
  await restoreBackup(run).finally(() => db.destroy());
  const back = await stoppable(async (onStop) => {
    const catalog = await openCatalog({ url, maxConnections: 8 });
    onStop(() => catalog.close());
    const options = { catalog, store, masterKey: Buffer.alloc(32, 1), log: openLog("silent") };
    return openParts(options, onStop);
  });
  onTestFinished(() => back.stop());
  return { plan, back };
}

test.each(seeds(FILE, process.env))(
  "a backup comes back as it was between two of its states: %s",
  { timeout: 240_000 },
  async (_replay, seed) => {
    const { server, address, below, act, backUp } = await world(seed);
    const remembered: { seq: number; tags: string[] }[] = [];
    for (let n = 0; n < 24; n++) {
      if (n % 6 === 0) await backUp(n === 12);
      await act();
      remembered.push({ seq: await server.catalog.head(), tags: await tagsOf(server) });
    }
    await backUp(false);

    for (let n = 0; n < 3; n++) {
      const { seq, tags } = remembered[below(remembered.length)]!;
      const { plan, back } = await restoredTo(address, seq);
      expect(plan.seq).toBeGreaterThanOrEqual(seq);
      if (plan.seq > seq) expect(await goBack(back, { seq })).toMatchObject({ seq, left: 0 });
      expect(await tagsOf(back), `at seq ${seq}`).toEqual(tags);
      expect(await compareWithTables(back.catalog)).toEqual([]);
    }
  },
);

test("cut off between loading names and going back, the restore goes on there", async () => {
  const { server, address, act, backUp } = await world(1);
  await backUp(true);
  for (let n = 0; n < 6; n++) await act();
  const [seq, tags] = [await server.catalog.head(), await tagsOf(server)];
  for (let n = 0; n < 6; n++) await act();
  await backUp(false);

  const { url, close } = await testDatabase({ empty: true });
  onTestFinished(close);
  const folder = await mkdtemp(join(tmpdir(), "entrepot-cut-off-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const flags = (moment: number) =>
    `--from ${address} --seq ${moment} --yes --data ${folder} --database-url ${url}`.split(" ");

  // As far as a process gets that is killed then.
  const objects = await openObjects(address);
  const plan = await planBackupRestore(objects, { seq, exact: true });
  expect(plan.seq).toBeGreaterThan(seq);
  const store = await openStorage(`file:${join(folder, "storage")}`);
  const db = openDatabase({ url });
  const run = { objects, plan, open: unencrypted, db, store, keepSecrets: false };
  await restoreBackup({ ...run, backTo: { seq } }).finally(() => db.destroy());
  await store.close();

  await expect(restore(flags(seq + 1), {}, say)).rejects.toThrow(
    `a restore with --seq ${seq} was cut off here`,
  );
  await restore(flags(seq), {}, say);
  expect(said).toContain("Names were loaded before this was cut off.");
  const catalog = await openCatalog({ url, maxConnections: 4 });
  onTestFinished(() => catalog.close());
  expect(await tagsOf({ catalog })).toEqual(tags);
  expect(await compareWithTables(catalog)).toEqual([]);
  await expect(restore(flags(seq), {}, say)).rejects.toThrow(/is not empty/);
}, 120_000);

/** A pair of age's keys, and a private key of another. They open nothing but this test's backup. */
const RECIPIENT = "age1f3u8fqnhjsxm8zywtzl8x29hgvf707wn9sas8x9s7xrnzte47avqdqddys";
const OTHER_KEY = "AGE-SECRET-KEY-1QL3CHEZG0M8KWXMASWRUMD7JZE8D3NW0FQV57LJQT8CH6NF7E07QGVK0YM";

test("another key is told before anything is changed", async () => {
  const { address, backUp } = await world(2, [RECIPIENT]);
  await backUp(true);
  const folder = await mkdtemp(join(tmpdir(), "entrepot-sealed-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const key = join(folder, "other.key");
  await writeFile(key, `${OTHER_KEY}\n`);
  const { url, close } = await testDatabase({ empty: true });
  onTestFinished(close);
  const data = join(folder, "data");
  const where = ["--data", data, "--database-url", url];
  const call = restore(["--from", address, "--key", key, "--yes", ...where], {}, () => undefined);
  await expect(call).rejects.toThrow(/this key does not open the backup/);
  const db = openDatabase({ url });
  const { rows } = await sql`SELECT FROM information_schema.tables WHERE table_schema = 'public'`
    .execute(db)
    .finally(() => db.destroy());
  expect(rows).toEqual([]);
  await expect(stat(data)).rejects.toMatchObject({ code: "ENOENT" });
});

test("policies that come back stay off until somebody confirms, and begin no run", async () => {
  const { server, address, act, backUp } = await world(3);
  const { credential, url } = server;
  const endpoint = { name: "there", type: "docker-registry", url, insecure: true };
  const api = apiClient({ url, credential });
  const { created: id } = await api.registries.create({ body: endpoint as never });
  await backUp(true);
  const body = {
    name: "sends",
    dest_registry: { id: Number(id) },
    enabled: true,
    trigger: { type: "event_based" },
  };
  await api.policies.create({ body: body as never });
  const seq = await server.catalog.head();
  await act();
  await backUp(false);

  const { plan, back } = await restoredTo(address, seq);
  expect(plan.seq).toBeGreaterThan(seq);
  await goBack(back, { seq });
  const [policy] = await back.replication.policies.list();
  expect(policy).toMatchObject({ name: "sends", enabled: false });
  const { items } = await back.jobs.executions({ vendor: "REPLICATION", page: 1, pageSize: 9 });
  expect(items).toEqual([]);
  const note = await sql<{ policies: string[] }>`
    SELECT value -> 'policies' AS policies FROM setting
    WHERE key = 'restored_from_backup'`.execute(back.catalog.db);
  expect(note.rows).toEqual([{ policies: ["sends"] }]);
  expect(await compareWithTables(back.catalog)).toEqual([]);
}, 60_000);
