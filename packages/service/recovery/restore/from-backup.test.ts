import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareWithTables } from "@entrepot/catalog";
import { type Digest, RegistryError } from "@entrepot/oci";
import { bytesOf } from "@entrepot/registry";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { openFolderObjects, type ObjectStore } from "@entrepot/storage";
import { Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decryptedWith, plain } from "../backup/encryption.ts";
import { blobKey } from "../backup/format.ts";
import { planBackupRestore } from "../backup/plan-restore.ts";
import { type BackupRun, takeBackup } from "../backup/take-backup.ts";
import { verifyBackup } from "../backup/verify-backup.ts";
import type { ComingBack, RestoreRequest } from "./ports.ts";
import { openWorld, restore, stateAt, type World } from "./test-world.ts";

const ANN = { name: "ann", cause: "test" };

let here: World;
let other: World;
let folder: string;
const keys = new Map<string, string>();
const paused: ComingBack[] = [];
/** What happens whenever a backup is asked. */
const meanwhile = new Map<string, () => Promise<void>>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-from-backup-"));
  const openBackup = async (from: string) => {
    const key = keys.get(from);
    const objects = askedSlowly(await openFolderObjects(join(folder, from)), from);
    return {
      objects,
      open: key === undefined ? plain : decryptedWith(key),
      close: async () => undefined,
    };
  };
  const pause = async (what: ComingBack) => {
    paused.push(what);
    return [];
  };
  here = await openWorld({ openBackup, pause });
  other = await openWorld({ openBackup });
});
afterAll(async () => {
  await here.close();
  await other.close();
  await rm(folder, { recursive: true });
});

function askedSlowly(objects: ObjectStore, from: string): ObjectStore {
  const asked = async <T>(answer: () => Promise<T>): Promise<T> => {
    await meanwhile.get(from)?.();
    return await answer();
  };
  return {
    ...objects,
    get: (key, range) => asked(() => objects.get(key, range)),
    stat: (key) => asked(() => objects.stat(key)),
  };
}

/** A project with an index, an image of two repositories, a deleted one, and a label. */
async function filled({ content }: World, project: string): Promise<Digest> {
  const projectId = await content.projects.create(ANN, { name: project });
  const app = content.as(ANN).repository(`${project}/app`);
  const both = sampleImage();
  const index = sampleIndex([both, sampleImage()]);
  await pushSample(app, index, ["v1", "stable"]);
  const gone = await pushSample(app, sampleImage(), ["gone"]);
  await app.delete(gone);
  const web = content.as(ANN).repository(`${project}/web`);
  await pushSample(web, sampleImage(), ["v1"]);
  await pushSample(web, both, ["both"]);
  const label = { name: "l", description: "", color: "", projectId };
  const id = await content.labels.create(ANN, label);
  const digest = index.content.digest;
  await content.labels.put(ANN, id, `${project}/app`, digest);
  return digest;
}

async function backUp(world: World, into: string, more: Partial<BackupRun> = {}) {
  const { catalog, store } = world;
  const objects = await openFolderObjects(join(folder, into));
  const options = { snapshotEveryMs: 1e9, seen: new Map(), hold: async () => undefined };
  return await takeBackup({ catalog, store, objects, recipients: [], ...options, ...more });
}

/** Deletes a project, and all that is left of it: history, what manifests were, blobs. */
async function lose({ catalog, content, store }: World, project: string): Promise<void> {
  for (const name of ["app", "web"]) await content.deleteRepository(ANN, `${project}/${name}`);
  await content.projects.remove(ANN, project);
  await sql`DELETE FROM past_manifest`.execute(catalog.db);
  await sql`DELETE FROM journal WHERE key = ${project} OR key LIKE ${`${project}/%`}`.execute(
    catalog.db,
  );
  for (const { digest } of await Array.fromAsync(store.list())) {
    const { rows } = await sql`SELECT FROM manifest_reference WHERE digest = ${digest}
      UNION ALL SELECT FROM manifest WHERE digest = ${digest}`.execute(catalog.db);
    if (rows.length > 0) continue;
    await store.quarantine(digest);
    expect(await store.remove(digest)).toBe(true);
  }
}

/** What is below a project, without its name. */
async function below(world: World, project: string, seq?: number): Promise<string[]> {
  const state = await stateAt(world, seq ?? (await world.catalog.head()));
  const isIn = (line: string) => line.includes(` ${project}/`) || line.endsWith(` ${project}`);
  return [...state]
    .filter(([key]) => isIn(key))
    .map(([key, image]) => `${key} ${image}`.replaceAll(`${project}`, "…"))
    .toSorted();
}

async function pulled({ content, store }: World, repository: string, tag: string): Promise<void> {
  const at = content.as(ANN).repository(repository);
  const found = await at.resolve(tag);
  expect(found, `${repository}:${tag}`).not.toBeNull();
  const { rows } = await sql<{ digest: Digest }>`
    WITH RECURSIVE part AS (
      SELECT ${found!.digest}::text COLLATE "C" AS digest
      UNION SELECT ref.digest FROM part JOIN manifest ON manifest.digest = part.digest
        JOIN manifest_reference ref ON ref.manifest_id = manifest.id)
    SELECT digest FROM part`.execute(here.catalog.db);
  expect(rows.length).toBeGreaterThan(1);
  for (const { digest } of rows) expect(await store.stat(digest), digest).not.toBeNull();
}

test("a project that is lost altogether comes back out of a backup", async () => {
  await filled(here, "lost");
  const before = await below(here, "lost");
  const { kept } = await backUp(here, "whole");
  await lose(here, "lost");
  expect(await below(here, "lost")).toEqual([]);

  const id = await restore(here, { name: "lost", from: "whole" });
  expect(await below(here, "lost")).toEqual(before);
  for (const tag of ["v1", "stable"]) await pulled(here, "lost/app", tag);
  await pulled(here, "lost/web", "v1");
  expect(await compareWithTables(here.catalog)).toEqual([]);
  expect(paused.at(-1)).toMatchObject({
    projects: ["lost"],
    repositories: ["lost/app", "lost/web"],
  });

  // Again there is nothing to do; and it can be undone as any restore.
  const again = await here.restores.plan({ name: "lost", from: "whole" }, ANN);
  expect(again.counts).toMatchObject({ create: 0, change: 0, remove: 0, conflict: 0 });
  expect(again.moment).toBe(kept.manifest.to);
  await restore(here, { name: "", cause: `execution:${id}` });
  expect(await below(here, "lost")).toEqual([]);
});

test("a repository goes back to a moment, and what came later goes; other names stay", async () => {
  const digest = await filled(here, "back");
  const seq = await here.catalog.head();
  const app = here.content.as(ANN).repository("back/app");
  await pushSample(app, sampleImage(), ["v1", "later"]);
  await backUp(here, "moments");
  await pushSample(here.content.as(ANN).repository("back/web"), sampleImage(), ["v2"]);
  const at = (name: string) =>
    here.content
      .as(ANN)
      .repository(name)
      .tags()
      .then(({ items }) => items);

  const dry = await here.restores.plan({ name: "back/app", from: "moments", seq }, ANN);
  expect(dry.counts).toMatchObject({ create: 0, change: 1, remove: 2, conflict: 0 });
  expect((await app.resolve("v1"))?.digest).not.toBe(digest);
  await restore(here, { name: "back/app", from: "moments", seq });
  expect((await app.resolve("v1"))?.digest).toBe(digest);
  expect(await at("back/app")).toEqual(["stable", "v1"]);
  expect(await at("back/web")).toEqual(["both", "v1", "v2"]);
  expect(await compareWithTables(here.catalog)).toEqual([]);
});

test("beside: a project as the backup has it under another name", async () => {
  await filled(here, "beside");
  const then = await below(here, "beside");
  await backUp(here, "beside");
  await lose(here, "beside");
  const times = paused.length;
  await restore(here, { name: "beside", from: "beside", into: "copy" });
  const copied = (lines: string[]) => lines.filter((line) => !line.startsWith("project "));
  expect(copied(await below(here, "copy"))).toEqual(copied(then));
  await pulled(here, "copy/app", "v1");
  expect(paused.length).toBe(times);
  expect(await compareWithTables(here.catalog)).toEqual([]);
});

test("content of another registry's backup comes in, its members do not", async () => {
  await filled(other, "theirs");
  const access = { username: "eve", password_hash: "x" };
  for (const { catalog } of [here, other]) {
    await catalog.commit(ANN, async (commit) => {
      await commit.db.insertInto("account").values(access).execute();
      const after = { username: "eve", email: "", realname: "", sysadmin: false };
      commit.record({ kind: "account", key: "eve", after });
    });
  }
  await other.catalog.commit(ANN, async (commit) => {
    await sql`INSERT INTO member (project_id, account_id, role) SELECT p.id, a.id, 1
      FROM project p, account a WHERE p.name = 'theirs' AND username = 'eve'`.execute(commit.db);
    const after = { project: "theirs", username: "eve", role: 1 };
    commit.record({ kind: "member", key: "theirs/eve", after });
  });
  const theirs = await below(other, "theirs");
  await backUp(other, "other");
  await restore(here, { name: "theirs", from: "other" });
  const content = theirs.filter((line) => !line.startsWith("member "));
  expect(theirs.length).toBe(content.length + 1);
  expect(await below(here, "theirs")).toEqual(content);
  await pulled(here, "theirs/app", "v1");
});

test("an encrypted one needs its key: another is told before anything is changed", async () => {
  const [identity, wrong] = [await generateIdentity(), await generateIdentity()];
  const recipient = await identityToRecipient(identity);
  expect(new Encrypter().addRecipient(recipient)).toBeUndefined();
  await filled(here, "sealed");
  const before = await below(here, "sealed");
  await backUp(here, "sealed", { recipients: [recipient] });
  await lose(here, "sealed");
  const head = await here.catalog.head();
  keys.set("sealed", wrong);
  await expect(here.restores.plan({ name: "sealed", from: "sealed" }, ANN)).rejects.toThrow(
    /this key does not open the backup/,
  );
  expect(await here.catalog.head()).toBe(head);
  keys.set("sealed", identity);
  await restore(here, { name: "sealed", from: "sealed" });
  expect(await below(here, "sealed")).toEqual(before);
  await pulled(here, "sealed/app", "v1");
});

test("a blob that the backup lacks is told by the plan; what needs it stays away", async () => {
  await filled(here, "holes");
  await backUp(here, "holes");
  const { rows } = await sql<{ digest: Digest }>`
    SELECT ref.digest FROM manifest_reference ref JOIN manifest m ON m.id = ref.manifest_id
    JOIN repository r ON r.id = m.repository_id WHERE r.name = 'holes/web'
    ORDER BY (SELECT count(*) FROM manifest_reference one WHERE one.digest = ref.digest)`.execute(
    here.catalog.db,
  );
  const blob = rows[0]!.digest;
  await lose(here, "holes");
  const objects = await openFolderObjects(join(folder, "holes"));
  expect(await here.store.stat(blob)).toBeNull();
  expect(await objects.remove(blobKey(blob))).toBe(true);
  const plan = await here.restores.plan({ name: "holes", from: "holes" }, ANN);
  const query = { verdict: "conflict", page: 1, pageSize: 100 } as const;
  const { items } = await here.restores.items(plan.id, query);
  expect(items.map(({ kind, why }) => [kind, why?.includes(blob)])).toEqual([
    ["manifest", true],
    ["tag", true],
  ]);
  await restore(here, { name: "holes", from: "holes" });
  await pulled(here, "holes/app", "v1");
  expect(await compareWithTables(here.catalog)).toEqual([]);
});

test("a backup of a project alone holds nothing else, and gives back any moment", async () => {
  await filled(here, "mine");
  const secret = await pushSample(here.content.as(ANN).repository("back/secret"), sampleImage());
  const scope = ["mine"];
  const first = await backUp(here, "part", { scope });
  const [seq, then] = [await here.catalog.head(), await below(here, "mine")];

  // What is elsewhere is no reason for a segment.
  await pushSample(here.content.as(ANN).repository("back/secret"), sampleImage());
  const idle = await backUp(here, "part", { scope });
  expect(idle).toMatchObject({ added: null, upTo: { seq: await here.catalog.head() } });
  expect(idle.kept).toEqual(first.kept);
  const app = here.content.as(ANN).repository("mine/app");
  await pushSample(app, sampleImage(), ["v1"]);
  await app.delete("stable");
  const second = await backUp(here, "part", { scope });
  expect(second.kept.manifest).toMatchObject({ n: 1, format: 2 });
  const now = await below(here, "mine");

  const objects = await openFolderObjects(join(folder, "part"));
  const verified = await verifyBackup(objects, { share: 1, open: plain });
  expect(verified).toMatchObject({ snapshots: 1, segments: 1, problemCount: 0 });
  const { rows } = await sql<{ digest: Digest }>`
    SELECT ref.digest FROM manifest_reference ref JOIN manifest m ON m.id = ref.manifest_id
    WHERE m.digest = ${secret}`.execute(here.catalog.db);
  for (const { digest } of rows) expect(await objects.stat(blobKey(digest))).toBeNull();

  await lose(here, "mine");
  await restore(here, { name: "mine", from: "part" });
  expect(await below(here, "mine")).toEqual(now);
  await restore(here, { name: "mine", from: "part", seq });
  expect(await below(here, "mine")).toEqual(then);
  for (const tag of ["v1", "stable"]) await pulled(here, "mine/app", tag);

  // It is no registry; nor does the place take another part.
  await expect(planBackupRestore(objects)).rejects.toThrow(/holds mine alone/);
  await expect(here.restores.plan({ name: "back", from: "part" }, ANN)).rejects.toThrow(
    /has no project 'back'/,
  );
  await expect(backUp(here, "part")).rejects.toThrow(/this place holds mine/);
  expect(await compareWithTables(here.catalog)).toEqual([]);
});

test("a backup of a repository alone gives that back", async () => {
  await filled(here, "half");
  const app = here.content.as(ANN).repository("half/app");
  const web = here.content.as(ANN).repository("half/web");
  const digest = (await app.resolve("v1"))!.digest;
  await backUp(here, "repository", { scope: ["half/app"] });
  for (const one of [app, web]) await one.delete("v1");
  await restore(here, { name: "half/app", from: "repository" });
  expect((await app.resolve("v1"))?.digest).toBe(digest);
  expect(await web.resolve("v1")).toBeNull();
});

const REFUSED: readonly (readonly [string, RestoreRequest, string])[] = [
  ["all of it", { name: "", from: "whole" }, "BAD_REQUEST"],
  ["a tag", { name: "lost/app:v1", from: "whole" }, "BAD_REQUEST"],
  ["a cause", { name: "lost", from: "whole", cause: "x" }, "BAD_REQUEST"],
  ["what it does not have", { name: "nowhere", from: "whole" }, "NOT_FOUND"],
  ["a moment before it was made", { name: "lost", from: "whole", at: new Date(0) }, "NOT_FOUND"],
  ["no backup", { name: "lost", from: "nothing-is-here" }, "NOT_FOUND"],
];

for (const [what, request, code] of REFUSED) {
  test(`refused: ${what}`, async () => {
    const error = await here.restores.plan(request, ANN).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegistryError);
    expect((error as RegistryError).code).toBe(code);
    const { rows } = await sql`SELECT FROM restore_plan WHERE counts IS NULL`.execute(
      here.catalog.db,
    );
    expect(rows).toEqual([]);
  });
}

test("while a backup is asked, the same names are pushed and deleted", async () => {
  const index = await filled(here, "busy");
  await backUp(here, "busy");
  const web = here.content.as(ANN).repository("busy/web");
  const [image, late] = [(await web.resolve("v1"))!, sampleImage()];
  const { rows } = await sql<{ bytes: Buffer }>`
    SELECT bytes FROM manifest WHERE digest = ${image.digest}`.execute(here.catalog.db);
  // Both are known of what is deleted here, and what only the backup tells.
  await here.content.deleteRepository(ANN, "busy/app");
  await sql`DELETE FROM past_manifest WHERE digest = ${index}`.execute(here.catalog.db);
  await web.delete(image.digest);
  let times = 0;
  let last: Promise<unknown> = Promise.resolve();
  const pushed = async () => {
    times += 1;
    // Throws at once where a row is locked that a deletion writes to.
    await sql`SELECT FROM past_manifest FOR UPDATE NOWAIT`.execute(here.catalog.db);
    await pushSample(web, late, ["v1"]);
    await web.push(image, bytesOf(rows[0]!.bytes), ["v1"]);
    await web.delete(image.digest);
  };
  meanwhile.set("busy", async () => void (await (last = last.then(pushed))));
  const plan = await here.restores.plan({ name: "busy", from: "busy" }, ANN);
  const planned = times;
  expect(planned).toBeGreaterThan(3);
  expect(plan.counts).toMatchObject({ conflict: 0 });
  await restore(here, { name: "busy/app", from: "busy" });
  expect(times).toBeGreaterThan(planned);
  await pulled(here, "busy/app", "v1");
  expect(await compareWithTables(here.catalog)).toEqual([]);
});
