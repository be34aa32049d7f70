import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { startEmbedded } from "./embedded/index.ts";
import { followJournal } from "./journal-reader.ts";
import { openCatalog } from "./open-catalog.ts";
import type { Catalog } from "./ports.ts";
import { testCatalog } from "./testing.ts";

const ACTOR = { name: "a", cause: "c" };

const append = (catalog: Catalog, key: string) =>
  catalog.commit(ACTOR, async ({ record }) => record({ kind: "tag", key, after: {} }));

test("a database that goes away is UNAVAILABLE, and works again when it is back", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "entrepot-lost-"));
  await chmod(dataDir, 0o711);
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const first = await startEmbedded({ dataDir, volatile: true });
  const catalog = await openCatalog(first.connection);
  const keys: string[] = [];
  const reader = {
    name: "r",
    read: async (entries: readonly { key: string }[]) => {
      keys.push(...entries.map(({ key }) => key));
    },
  };
  const following = followJournal(catalog, reader, { pollMs: 100 });
  await append(catalog, "before");
  await following.idle();

  await first.stop();
  const attempts = await Promise.allSettled([
    catalog.head(),
    append(catalog, "lost"),
    catalog.db.selectFrom("tag").selectAll().execute(),
    catalog.notify("c", "p"),
  ]);
  for (const attempt of attempts) {
    expect(attempt).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE" } });
  }
  await expect(openCatalog(first.connection)).rejects.toMatchObject({ code: "UNAVAILABLE" });

  const second = await startEmbedded({ dataDir, volatile: true });
  await append(catalog, "after");
  await following.idle();
  expect(keys).toEqual(["before", "after"]);
  await following.stop();
  await catalog.close();
  await second.stop();
});

test("connections cut in mid-transaction: the commit fails, nothing of it stays", async () => {
  const { catalog, close } = await testCatalog();
  let woken = 0;
  const again = Promise.withResolvers<void>();
  catalog.onCommit(() => {
    if (++woken === 2) again.resolve();
  }, 3_600_000);
  const cut = catalog.commit(ACTOR, async ({ db, record }) => {
    await db.insertInto("setting").values({ key: "k", value: "1" }).execute();
    record({ kind: "tag", key: "cut", after: {} });
    await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`.execute(catalog.db);
    // The other connection has not been told yet that it is gone.
  });
  await expect(cut).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await catalog.head()).toBe(0);
  await append(catalog, "works");
  expect(await catalog.head()).toBe(1);
  await close();
});
