import { compareWithTables } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { openContent } from "@entrepot/content";
import { compileGlob } from "@entrepot/replication";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openImmutableRules } from "./immutable-rules.ts";
import type { ImmutableSettings } from "./rule-settings.ts";

const ACTOR = { name: "client", cause: "push" };
const RULE: ImmutableSettings = {
  disabled: false,
  tagDecoration: "matches",
  tagPattern: "v*",
  repositoryDecoration: "repoMatches",
  repositoryPattern: "app*",
};

let made: Awaited<ReturnType<typeof world>>;
beforeAll(async () => {
  made = await world();
});
afterAll(() => made?.close());

async function world() {
  const { catalog, close } = await testCatalog();
  const content = openContent({ catalog, store: memoryStore() });
  const rules = openImmutableRules(catalog, compileGlob);
  let n = 0;
  const project = async () => {
    const name = `team-${++n}`;
    return { id: await content.projects.create(ACTOR, { name }), name };
  };
  return { catalog, content, rules, project, close };
}

const DENIED = { code: "DENIED", message: expect.stringMatching(/immutable rule \d+/) };

test.each([
  ["app/x", "v1", {}, false],
  ["app", "v1", {}, true],
  ["app", "latest", {}, false],
  ["tool", "v1", {}, false],
  ["tool", "v1", { repositoryDecoration: "repoExcludes" }, true],
  ["app", "latest", { tagDecoration: "excludes" }, true],
  ["app", "v1", { tagDecoration: "excludes" }, false],
  ["app/x/y", "v1", { repositoryPattern: "**" }, true],
  ["app", "v1", { disabled: true }, false],
] as const)("%s:%s under %j is immutable: %s", async (name, tag, change, isImmutable) => {
  const { content, rules, project } = made;
  const at = await project();
  const repository = content.as(ACTOR).repository(`${at.name}/${name}`);
  const digest = await pushSample(repository, sampleImage(), [tag]);
  await rules.create(ACTOR, at, { ...RULE, ...change });
  await pushSample(repository, sampleImage(), ["other-tag"]);
  await repository.tag(tag, digest);
  const moved = pushSample(repository, sampleImage(), [tag]);
  if (!isImmutable) {
    await moved;
    return expect(await repository.delete(tag)).toBe(true);
  }
  await expect(moved).rejects.toMatchObject(DENIED);
  await expect(repository.delete(tag)).rejects.toMatchObject(DENIED);
  await expect(repository.delete(digest)).rejects.toMatchObject(DENIED);
  const all = content.deleteRepository(ACTOR, repository.name);
  await expect(all).rejects.toMatchObject(DENIED);
  expect((await repository.resolve(tag))?.digest).toBe(digest);
});

test("of pushes at once of an immutable tag one wins, and it never moves again", async () => {
  const { content, rules, project, catalog } = made;
  const at = await project();
  await rules.create(ACTOR, at, RULE);
  const repository = content.as(ACTOR).repository(`${at.name}/app`);
  const pushes = Array.from({ length: 12 }, () => pushSample(repository, sampleImage(), ["v1"]));
  const ends = await Promise.allSettled(pushes);
  const won = ends.filter(({ status }) => status === "fulfilled");
  expect(won).toHaveLength(1);
  const entries = await catalog.entries(0, 10_000);
  const moves = entries.filter(({ kind, key }) => kind === "tag" && key === `${at.name}/app:v1`);
  expect(moves).toHaveLength(1);
});

test("a rule holds from its entry in the journal on, whatever is under way", async () => {
  const { content, rules, project, catalog } = made;
  for (let round = 0; round < 5; round++) {
    const at = await project();
    const repository = content.as(ACTOR).repository(`${at.name}/app`);
    await pushSample(repository, sampleImage(), ["v1"]);
    const pushes = Array.from({ length: 8 }, () => pushSample(repository, sampleImage(), ["v1"]));
    const made1 = rules.create(ACTOR, at, RULE);
    await Promise.allSettled(pushes);
    await made1;
    const entries = await catalog.entries(0, 10_000);
    const rule = entries.find(({ kind, key }) => kind === "immutable" && key.startsWith(at.name))!;
    const late = entries.filter(
      ({ kind, key, seq }) => kind === "tag" && key === `${at.name}/app:v1` && seq > rule.seq,
    );
    expect(late).toEqual([]);
  }
});

test("rules are changed, found, deleted; each change journalled, none twice", async () => {
  const { rules, project, catalog } = made;
  const at = await project();
  const id = await rules.create(ACTOR, at, RULE);
  await expect(rules.create(ACTOR, at, RULE)).rejects.toMatchObject({ code: "CONFLICT" });
  const malformed = rules.create(ACTOR, at, { ...RULE, tagPattern: "v[" });
  await expect(malformed).rejects.toMatchObject({ code: "BAD_REQUEST" });
  expect(await rules.update(ACTOR, at, id, { ...RULE, disabled: true })).toBe(true);
  expect(await rules.list(at.id)).toMatchObject([{ id, disabled: true, tagPattern: "v*" }]);
  expect(await compareWithTables(catalog)).toEqual([]);
  expect(await rules.remove(ACTOR, at, id)).toBe(true);
  expect(await rules.remove(ACTOR, at, id)).toBe(false);
  expect(await compareWithTables(catalog)).toEqual([]);
});
