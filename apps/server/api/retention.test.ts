import { apiClient } from "@entrepot/api/client";
import type { RetentionPolicy, RetentionVerdict } from "@entrepot/api";
import { compareWithTables } from "@entrepot/catalog";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "client", cause: "push" };
let server: TestServer;
let api: ReturnType<typeof apiClient>;

beforeAll(async () => {
  server = await testServer();
  api = apiClient({ url: server.url, credential: server.credential });
});
afterAll(() => server?.close());

let n = 0;
/** A new project with `app:v1` to `app:v3`, and its id. */
async function project(storage_limit?: number) {
  const name = `team-${++n}`;
  const body = { project_name: name, ...(storage_limit !== undefined && { storage_limit }) };
  const id = Number((await api.projects.create({ body })).created);
  const repository = server.content.as(ACTOR).repository(`${name}/app`);
  return { id, name, repository };
}

const newest = (ref: number, count: number): { body: RetentionPolicy } => ({
  body: {
    algorithm: "or",
    rules: [
      {
        template: "latestPushedK",
        params: { latestPushedK: count },
        tag_selectors: [{ decoration: "matches", pattern: "**", extras: '{"untagged":true}' }],
        scope_selectors: { repository: [{ decoration: "repoMatches", pattern: "**" }] },
      },
    ],
    trigger: { kind: "Schedule", settings: { cron: "" } },
    scope: { level: "project", ref },
  } as unknown as RetentionPolicy,
});

/** Runs the policy and waits for its end. */
async function run(id: number, body: { dry_run: boolean; plan_of?: number }) {
  const { created } = await api.retentions.start({ params: { id }, body });
  const eid = Number(created);
  await expect
    .poll(async () => (await api.retentions.executions({ params: { id } })).body[0]?.status, {
      timeout: 20_000,
    })
    .toBe("Success");
  const params = { id, eid };
  const { body: items } = await api.retentions.plan({ params, query: { page_size: 100 } });
  return { eid, items, tasks: (await api.retentions.tasks({ params })).body };
}

const goneOf = (items: RetentionVerdict[]) =>
  items.filter(({ verdict }) => verdict === "delete").flatMap(({ tags }) => tags);

test("a dry run changes nothing; a run does what was planned, under one cause", async () => {
  const { id: ref, name, repository } = await project();
  for (const tag of ["v1", "v2", "v3", "v4"]) await pushSample(repository, sampleImage(), [tag]);
  const { created } = await api.retentions.create(newest(ref, 2));
  const id = Number(created);
  const { body: shown } = await api.projects.get({ params: { project_name_or_id: name } });
  expect(shown.metadata["retention_id"]).toBe(String(id));

  const head = await server.catalog.head();
  const dry = await run(id, { dry_run: true });
  expect(goneOf(dry.items).toSorted()).toEqual(["v1", "v2"]);
  expect(dry.tasks).toMatchObject([{ repository: "app", total: 4, retained: 2 }]);
  expect(await server.catalog.head()).toBe(head);

  // By now v3 would be too old as well, but nobody has been shown that; and v1 is in use again.
  await pushSample(repository, sampleImage(), ["v5"]);
  await repository.tag("again", (await repository.resolve("v1"))!.digest);
  const since = await server.catalog.head();
  const stays = await run(id, { dry_run: false, plan_of: dry.eid });
  expect(goneOf(stays.items)).toEqual(["v2"]);
  const told = await server.catalog.entries(since, 1_000);
  expect(told.filter(({ cause }) => cause === `execution:${stays.eid}`)).toHaveLength(2);
  await expect(run(id, { dry_run: false, plan_of: stays.eid })).rejects.toMatchObject({
    message: expect.stringContaining("is no dry run of this policy"),
  });

  const before = await server.catalog.head();
  const { eid, items } = await run(id, { dry_run: false });
  expect(goneOf(items).toSorted()).toEqual(["v3", "v4"]);
  const left = await Promise.all(["v1", "v2", "v3", "v4"].map((tag) => repository.resolve(tag)));
  expect(left.map((found) => found !== null)).toEqual([true, false, false, false]);
  const entries = await server.catalog.entries(before, 1_000);
  const made = entries.filter(({ cause }) => cause === `execution:${eid}`);
  expect(made.map(({ kind, after }) => [kind, after]).toSorted()).toEqual([
    ["manifest", null],
    ["manifest", null],
    ["tag", null],
    ["tag", null],
  ]);
  const { body: executions } = await api.retentions.executions({ params: { id } });
  expect(executions.map((one) => one.dry_run)).toEqual([false, false, true]);
  const tid = (await api.retentions.tasks({ params: { id, eid } })).body[0]!.id;
  const { body: log } = await api.retentions.taskLog({ params: { id, eid, tid } });
  expect(log).toContain("no rule keeps it");
});

test("an index goes before its parts, and an immutable tag stays", async () => {
  const { id: ref, name, repository } = await project();
  const images = [sampleImage(), sampleImage()];
  await pushSample(repository, sampleIndex(images), ["multi"]);
  await pushSample(repository, sampleImage(), ["v1"]);
  await pushSample(repository, sampleImage(), ["newest"]);
  // What has no tag and was pushed just now is left alone, so time has to pass.
  await server.catalog.db
    .updateTable("manifest")
    .set({ pushed_at: new Date(Date.now() - 3_600_000) })
    .where(
      "digest",
      "in",
      images.map(({ content }) => content.digest),
    )
    .execute();
  const selector = { kind: "doublestar" as const, extras: "" };
  await api.immutableRules.create({
    params: { project_name_or_id: name },
    body: {
      tag_selectors: [{ ...selector, decoration: "matches", pattern: "v*" }],
      scope_selectors: { repository: [{ ...selector, decoration: "repoMatches", pattern: "**" }] },
    },
  });
  const id = Number((await api.retentions.create(newest(ref, 1))).created);
  const { items } = await run(id, { dry_run: false });
  const gone = items.filter(({ verdict }) => verdict === "delete");
  expect(gone[0]!.tags).toEqual(["multi"]);
  expect(gone).toHaveLength(3);
  expect(await repository.resolve("v1")).not.toBeNull();
  expect(items.find(({ tags }) => tags.includes("v1"))!.reason).toMatch(/immutable/);
  for (const { digest } of gone) expect(await repository.resolve(digest)).toBeNull();
});

test("an immutable tag is 412 in the API, DENIED in the registry", async () => {
  const { name, repository } = await project();
  await pushSample(repository, sampleImage(), ["v1"]);
  const params = { project_name_or_id: name };
  const selector = { kind: "doublestar" as const, extras: "" };
  const body = {
    tag_selectors: [{ ...selector, decoration: "matches" as const, pattern: "v*" }],
    scope_selectors: {
      repository: [{ ...selector, decoration: "repoMatches" as const, pattern: "**" }],
    },
  };
  const rule = Number((await api.immutableRules.create({ params, body })).created);
  const at = { project_name: name, repository_name: "app", reference: "v1" };
  const { body: tags } = await api.tags.list({ params: at });
  expect(tags).toMatchObject([{ name: "v1", immutable: true }]);
  const deleted = api.artifacts.delete({ params: at });
  await expect(deleted).rejects.toMatchObject({ status: 412, code: "PRECONDITION" });

  const { username, password } = server.credential;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const answer = await fetch(`${server.url}/v2/${name}/app/manifests/v1`, {
    method: "DELETE",
    headers: { authorization },
  });
  expect(answer.status).toBe(403);
  const [error] = ((await answer.json()) as { errors: { code: string; message: string }[] }).errors;
  expect(error).toMatchObject({ code: "DENIED" });
  expect(error!.message).toContain(`immutable rule ${rule}`);

  const disabled = { ...body, disabled: true };
  await api.immutableRules.update({
    params: { ...params, immutable_rule_id: rule },
    body: disabled,
  });
  await api.artifacts.delete({ params: at });
});

test("quotas are shown, changed, sorted, and refuse what passes them", async () => {
  const { id, name, repository } = await project(2_000);
  await pushSample(repository, sampleImage(), ["v1"]);
  const { body: quota } = await api.quotas.get({ params: { id } });
  expect(quota).toMatchObject({ ref: { name }, hard: { storage: 2_000 } });
  const { body: summary } = await api.projects.summary({ params: { project_name_or_id: name } });
  expect(summary.quota).toEqual({ hard: quota.hard, used: quota.used });
  await api.quotas.update({ params: { id }, body: { hard: { storage: quota.used.storage } } });
  const refused = pushSample(repository, sampleImage(), ["v2"]);
  await expect(refused).rejects.toMatchObject({ code: "DENIED" });
  await api.quotas.update({ params: { id }, body: { hard: { storage: -1 } } });
  await pushSample(repository, sampleImage(), ["v2"]);
  const { body: largest } = await api.quotas.list({ query: { sort: "-used.storage" } });
  const sizes = largest.map(({ used }) => used.storage);
  expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
});

test("storage tells what history holds; a project's rules go with it, and come back", async () => {
  const { id: ref, name, repository } = await project(1_000_000);
  await pushSample(repository, sampleImage(), ["v1"]);
  await pushSample(repository, sampleImage(), ["v2"]);
  await repository.delete((await repository.resolve("v1"))!.digest);
  const id = Number((await api.retentions.create(newest(ref, 3))).created);
  const { body: parts } = await api.storageUse.repositories({
    params: { project_name_or_id: name },
  });
  expect(parts).toMatchObject([{ repository: `${name}/app` }]);
  expect(parts[0]!.history_bytes).toBeGreaterThan(64);
  await server.retention.use.sample();
  const { body: use } = await api.storageUse.total();
  expect(use.history_bytes).toBeGreaterThanOrEqual(parts[0]!.history_bytes);
  expect(use.growth.at(-1)!.bytes).toBe(use.bytes);

  await server.content.deleteRepository(ACTOR, `${name}/app`);
  const { body: later } = await api.storageUse.total();
  expect(later.bytes).toBe(use.bytes);
  const head = await server.catalog.head();
  await api.projects.delete({ params: { project_name_or_id: name } });
  const gone = (await server.catalog.entries(head, 100)).map(({ kind }) => kind);
  expect(gone).toEqual(expect.arrayContaining(["quota", "retention", "project"]));
  expect(await compareWithTables(server.catalog)).toEqual([]);

  const entries = await server.catalog.entries(0, 10_000);
  const back = await server.content.projects.create(ACTOR, { name });
  for (const kind of ["quota", "retention"] as const) {
    const last = entries.findLast((one) => one.kind === kind && one.key === name && one.after);
    const names = [{ key: name, wanted: last!.after }];
    const put = () =>
      server.catalog.commit(ACTOR, (commit) => server.retention.putBack(commit, kind, names));
    expect(await put()).toEqual([null]);
    expect(await put()).toEqual([null]);
  }
  expect(await server.retention.policies.get(id)).toMatchObject({ projectId: back });
  expect(await server.retention.quotas.get(back)).toMatchObject({ storage: 1_000_000 });
  expect(await compareWithTables(server.catalog)).toEqual([]);
});
