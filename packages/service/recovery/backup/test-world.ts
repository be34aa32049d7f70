import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Catalog, compareWithTables, openCatalog, openDatabase } from "@entrepot/catalog";
import { seededRandom, testCatalog, testDatabase } from "@entrepot/catalog/testing";
import { openContent } from "@entrepot/content";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { type BlobStore, openFolderObjects, type ObjectStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { expect } from "vitest";
import { decryptedWith, plain } from "./encryption.ts";
import { planBackupRestore } from "./plan-restore.ts";
import { restoreBackup } from "./restore-backup.ts";
import { readTableKinds } from "./table-kinds.ts";
import { type BackupRun, takeBackup } from "./take-backup.ts";

const ANN = { name: "ann", cause: "test" };

/** A registry that is changed at random, with the folder of a backup target. */
export async function world(seed: number) {
  const { catalog, close } = await testCatalog();
  const store = memoryStore();
  const content = openContent({ catalog, store });
  const folder = await mkdtemp(join(tmpdir(), "entrepot-backup-"));
  const objects = await openFolderObjects(folder);
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const seen = new Map<string, string>();
  let holds: number[] = [];
  await content.projects.ensure(ANN, "library", true);

  const acts = actsOn({ catalog, content }, below);

  return {
    catalog,
    store,
    objects,
    content,
    seen,
    holds: () => holds,
    async act(times: number) {
      for (let n = 0; n < times; n++) await acts[below(acts.length)]!();
    },
    backup: (more: Partial<BackupRun> = {}) =>
      takeBackup({
        catalog,
        store,
        objects,
        recipients: [],
        snapshotEveryMs: 7 * 24 * 3_600_000,
        seen,
        hold: async (seq) => void (holds = [...holds, seq]),
        ...more,
      }),
    async close() {
      await catalog.close();
      await close();
      await rm(folder, { recursive: true });
    },
  };
}

type Content = ReturnType<typeof openContent>;

/** What may happen to a registry; `below(n)` is a random number below n. */
function actsOn(
  { catalog, content }: { catalog: Catalog; content: Content },
  below: (n: number) => number,
): (() => Promise<unknown>)[] {
  const insertInto = catalog.db.insertInto.bind(catalog.db);
  return [
    () => push(sampleImage()),
    () => push(sampleIndex([sampleImage(), sampleImage()])),
    () => content.projects.create(ANN, { name: `p${below(1e9)}`, public: below(2) === 0 }),
    () => deleteOne("tag"),
    () => deleteOne("manifest"),
    () =>
      insertInto("account")
        .values({ username: `u${below(1e9)}`, password_hash: "x" })
        .execute(),
    () => {
      const value = JSON.stringify([null, { a: 'é\n"' }, 1.5]);
      return insertInto("setting")
        .values({ key: `s${below(1e9)}`, value })
        .execute();
    },
    () => {
      const access_secret_sealed = Buffer.from([0, 255, 10]);
      const [name, url] = [`e${below(1e9)}`, "http://127.0.0.1:9"];
      const values = { name, type: "harbor", url, access_secret_sealed } as const;
      return insertInto("registry_endpoint").values(values).execute();
    },
  ];

  async function push(sample: Sample) {
    const repository = content.as(ANN).repository(`library/app${below(4)}`);
    await pushSample(repository, sample, [`t${below(6)}`]);
    if (below(3) === 0) await pushSample(repository, sampleImage({ subject: sample.content }));
  }

  async function deleteOne(kind: "tag" | "manifest") {
    const { rows } = await sql<{ repository: string; reference: string }>`
      SELECT r.name AS repository, ${sql.raw(kind === "tag" ? "t.name" : "t.digest")} AS reference
      FROM ${sql.raw(kind)} t JOIN repository r ON r.id = t.repository_id ORDER BY 1, 2
    `.execute(catalog.db);
    const one = rows[below(rows.length)];
    // What an image or an index still needs is refused.
    if (one)
      await content
        .as(ANN)
        .repository(one.repository)
        .delete(one.reference)
        .catch(() => {});
  }
}

/** Restores the newest backup, or an earlier one, onto nothing. */
export async function restored(
  objects: ObjectStore,
  { seq, keyFile }: { seq?: number; keyFile?: string } = {},
) {
  const { url, close } = await testDatabase({ empty: true });
  const store = memoryStore();
  const plan = await planBackupRestore(objects, { seq });
  const db = openDatabase({ url });
  const open = keyFile ? decryptedWith(keyFile) : plain;
  const run = { objects, plan, open, db, store, keepSecrets: true };
  const result = await restoreBackup(run).finally(() => db.destroy());
  const catalog = await openCatalog({ url, maxConnections: 4 });
  const end = async () => {
    await catalog.close();
    await close();
  };
  return { catalog, store, result, plan, close: end };
}

/** Every table's rows as text, but for what a restore means to change. */
async function tablesOf(catalog: Catalog, upTo: number) {
  const { whole } = await readTableKinds(catalog.db);
  const named = ["artifact_label", "manifest", "manifest_reference", "name_clock", "past_manifest"];
  const more = ["past_reference", "repository", "tag", "repository_blob", "journal"];
  const dump: Record<string, string[]> = {};
  for (const table of [...whole, ...named, ...more]) {
    const where =
      table === "setting"
        ? "WHERE key <> 'restored_from_backup'"
        : table === "journal"
          ? `WHERE seq <= ${upTo}`
          : "";
    const without = table === "journal_cursor" ? ["seq"] : ["timeline", "enabled", "tip"];
    const { rows } = await sql<{ line: string }>`
      SELECT (to_jsonb(t) - ${without}::text[])::text AS line
      FROM ${sql.table(table)} t ${sql.raw(where)} ORDER BY 1`.execute(catalog.db);
    dump[table] = rows.map(({ line }) => line);
  }
  return dump;
}

/** Fails unless all rows, the journal and every blob that is needed came back as they were. */
export async function expectSame(
  given: { catalog: Catalog; store: BlobStore },
  back: { catalog: Catalog; store: BlobStore },
) {
  const upTo = await given.catalog.head();
  expect(await tablesOf(back.catalog, upTo)).toEqual(await tablesOf(given.catalog, upTo));
  expect(await compareWithTables(back.catalog)).toEqual(await compareWithTables(given.catalog));
  const { rows } = await sql<{ digest: `sha256:${string}` }>`
    SELECT digest FROM manifest UNION SELECT b.digest FROM repository_blob b
    JOIN manifest_reference r ON r.digest = b.digest`.execute(given.catalog.db);
  for (const { digest } of rows) {
    const bytes = await Array.fromAsync(await back.store.read(digest as never));
    const before = await Array.fromAsync(await given.store.read(digest as never));
    expect(Buffer.concat(bytes).equals(Buffer.concat(before)), digest).toBe(true);
  }
}
