import { expect, test } from "vitest";
import { compareWithTables } from "./compare-with-tables.ts";
import type { Catalog, Change } from "./ports.ts";
import { replayJournal } from "./replay.ts";
import {
  accountChange,
  manifestChange,
  memberChange,
  projectChange,
  repositoryChange,
  tagChange,
} from "./rows.ts";
import { seededRandom, seeds } from "./seeds.ts";
import { testCatalog } from "./testing.ts";

const ACTOR = { name: "a", cause: "c" };
const MANIFEST = { media_type: "application/x", artifact_type: null, subject: null, size: 2 };

const change = (key: string, after: Change["after"]): Change => ({ kind: "tag", key, after });

test("the last word about a name counts; a tombstone ends it", () => {
  const state = replayJournal([
    change("p/r:a", { n: 1 }),
    change("p/r:b", { n: 2 }),
    change("p/r:a", { n: 3 }),
    change("p/r:b", null),
    change("p/r:never", null),
  ]);
  expect([...(state.get("tag") ?? [])]).toEqual([["p/r:a", { n: 3 }]]);
});

test.each(seeds("packages/catalog/replay.test.ts", process.env))(
  "after any changes the replayed journal says what the tables say: %s",
  async (_replay, seed) => {
    const { catalog, close } = await testCatalog();
    const random = seededRandom(seed);
    for (let n = 0; n < 60; n++) await changeSomething(catalog, random);
    expect(await compareWithTables(catalog)).toEqual([]);

    const entries = await catalog.entries(0, 10_000);
    const state = replayJournal(entries);
    for (const kind of COUNTED) {
      const rows = await catalog.db.selectFrom(kind).select("id").execute();
      expect([kind, state.get(kind)?.size ?? 0]).toEqual([kind, rows.length]);
    }
    await close();
  },
);

/** Kinds whose table has the kind's name. */
const COUNTED = ["account", "project", "member", "repository", "manifest", "tag"] as const;

test("a change that was not recorded is found, whatever it was", async () => {
  const { catalog, close } = await testCatalog();
  await changeAll(catalog);
  expect(await compareWithTables(catalog)).toEqual([]);
  await catalog.transaction(async (db) => {
    await db.deleteFrom("tag").execute();
    await db.updateTable("project").set({ owner: "thief" }).execute();
    await db.insertInto("account").values({ username: "ghost", password_hash: "x" }).execute();
  });
  const ghost = { username: "ghost", email: "", realname: "", sysadmin: false };
  const settings = { metadata: { public: "false" }, registryId: null };
  const project = { name: "p0", owner: "admin", ...settings };
  const tag = { repository: "p0/r", tag: "t0", digest: "sha256:0", mediaType: "application/x" };
  expect(await compareWithTables(catalog)).toEqual([
    { kind: "account", key: "ghost", journal: null, table: ghost },
    { kind: "project", key: "p0", journal: project, table: { ...project, owner: "thief" } },
    { kind: "tag", key: "p0/r:t0", journal: tag, table: null },
  ]);
  await close();
});

const zero = () => 0;

async function changeAll(catalog: Catalog): Promise<void> {
  for (let n = 0; n < 6; n++) await STEPS[n]?.(catalog, zero);
}

async function changeSomething(catalog: Catalog, random: () => number): Promise<void> {
  await STEPS[Math.floor(random() * STEPS.length)]?.(catalog, random);
}

type Step = (catalog: Catalog, random: () => number) => Promise<unknown>;

const few = (random: () => number) => Math.floor(random() * 3);

const putAccount: Step = (catalog, random) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const username = `u${few(random)}`;
    const row = await db
      .insertInto("account")
      .values({ username, password_hash: "secret", email: `${few(random)}@x` })
      .onConflict((oc) => oc.column("username").doUpdateSet({ email: `${few(random)}@y` }))
      .returningAll()
      .executeTakeFirstOrThrow();
    record(accountChange(username, row));
  });

const putProject: Step = (catalog, random) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const name = `p${few(random)}`;
    const metadata = JSON.stringify({ public: `${random() > 0.5}` });
    const row = await db
      .insertInto("project")
      .values({ name })
      .onConflict((oc) => oc.column("name").doUpdateSet({ metadata }))
      .returningAll()
      .executeTakeFirstOrThrow();
    record(projectChange(name, row));
  });

const putMember: Step = (catalog, random) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const projects = await db.selectFrom("project").selectAll().orderBy("id").execute();
    const accounts = await db.selectFrom("account").selectAll().orderBy("id").execute();
    const project = projects[few(random)];
    const account = accounts[few(random)];
    if (!project || !account) return;
    const role = 1 + few(random);
    const own = { role, grants: few(random) === 0 ? ["tag:delete"] : [] };
    const row = await db
      .insertInto("member")
      .values({ project_id: project.id, account_id: account.id, ...own })
      .onConflict((oc) => oc.columns(["project_id", "account_id"]).doUpdateSet(own))
      .returningAll()
      .executeTakeFirstOrThrow();
    record(memberChange(project.name, account.username, row));
  });

const putRepository: Step = (catalog, random) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const project = await db.selectFrom("project").selectAll().orderBy("id").executeTakeFirst();
    if (!project) return;
    const name = `${project.name}/r`;
    const row = await db
      .insertInto("repository")
      .values({ project_id: project.id, name })
      .onConflict((oc) => oc.column("name").doUpdateSet({ description: `${few(random)}` }))
      .returningAll()
      .executeTakeFirstOrThrow();
    record(repositoryChange(name, row));
  });

const putManifest: Step = (catalog, random) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const repository = await db.selectFrom("repository").selectAll().executeTakeFirst();
    if (!repository) return;
    const digest = `sha256:${few(random)}`;
    const bytes = Buffer.from("{}");
    const row = await db
      .insertInto("manifest")
      .values({ repository_id: repository.id, digest, bytes, ...MANIFEST })
      .onConflict((oc) => oc.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row) record(manifestChange(repository.name, digest, row));
  });

const putTag: Step = (catalog, random) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const repository = await db.selectFrom("repository").selectAll().executeTakeFirst();
    const manifests = await db.selectFrom("manifest").selectAll().orderBy("digest").execute();
    const manifest = manifests[few(random)];
    if (!repository || !manifest) return;
    const name = `t${few(random)}`;
    const { digest, media_type: mediaType } = manifest;
    await db
      .insertInto("tag")
      .values({ repository_id: repository.id, name, digest })
      .onConflict((oc) => oc.columns(["repository_id", "name"]).doUpdateSet({ digest }))
      .execute();
    record(tagChange(repository.name, name, { digest, mediaType }));
  });

const deleteRepository: Step = (catalog) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const repository = await db.selectFrom("repository").selectAll().executeTakeFirst();
    if (!repository) return;
    const tags = await db.deleteFrom("tag").returning("name").execute();
    const manifests = await db.deleteFrom("manifest").returning("digest").execute();
    await db.deleteFrom("repository").execute();
    for (const { name } of tags) record(tagChange(repository.name, name, null));
    for (const { digest } of manifests) record(manifestChange(repository.name, digest, null));
    record(repositoryChange(repository.name, null));
  });

const deleteMembers: Step = (catalog) =>
  catalog.commit(ACTOR, async ({ db, record }) => {
    const members = await db
      .selectFrom("member")
      .innerJoin("project", "project.id", "member.project_id")
      .innerJoin("account", "account.id", "member.account_id")
      .select(["project.name", "account.username"])
      .execute();
    await db.deleteFrom("member").execute();
    for (const { name, username } of members) record(memberChange(name, username, null));
  });

const STEPS = [
  putAccount,
  putProject,
  putMember,
  putRepository,
  putManifest,
  putTag,
  putTag,
  deleteRepository,
  deleteMembers,
];
