import { apiClient } from "@entrepot/api/client";
import { compareWithTables } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { lastDeletionOf } from "@entrepot/recovery";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deleteProject } from "./delete-project.ts";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "admin", cause: "test" };

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const api = () => apiClient({ url: server.url, credential: server.credential });
const repositoryOf = (name: string) => server.content.as(ACTOR).repository(name);
const tagsOf = async (name: string) => (await repositoryOf(name).tags()).items;

/** The plan of `body`, once it has been carried out. */
async function restored(body: object) {
  const { created } = await api().restores.create({ body });
  for (;;) {
    const plan = (await api().restores.get({ params: { id: Number(created) } })).body;
    if (plan.execution && plan.execution.status !== "Running") return plan;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function push(name: string, tag: string): Promise<string> {
  await server.content.projects.ensure(ACTOR, name.split("/", 1)[0]!);
  return pushSample(repositoryOf(name), sampleImage(), [tag]);
}

/** Makes the tags of a project that match immutable; returns the call that ends it. */
async function immutable(project: string, pattern: string): Promise<() => Promise<unknown>> {
  const params = { project_name_or_id: project };
  const selector = { kind: "doublestar", decoration: "matches", pattern };
  const body = {
    tag_selectors: [selector],
    scope_selectors: {
      repository: [{ kind: "doublestar", decoration: "repoMatches", pattern: "**" }],
    },
  };
  const { created } = await api().immutableRules.create({ params, body: body as never });
  const rule = { ...params, immutable_rule_id: Number(created) };
  return () => api().immutableRules.delete({ params: rule });
}

test("a cascade that was broken off goes on under its cause, to be undone as one", async () => {
  await push("half/a", "v1");
  await push("half/b", "kept");
  const allow = await immutable("half", "kept");
  const before = await server.catalog.head();
  const first = deleteProject(server, { name: "ann", cause: "first" }, "half");
  await expect(first).rejects.toThrow(RegistryError);
  expect(await tagsOf("half/a").catch(() => [])).toEqual([]);
  await allow();
  expect(await deleteProject(server, { name: "bob", cause: "second" }, "half")).toBe("first");
  const { body: bin } = await api().bin.list({ query: { project: "half" } });
  expect(bin).toMatchObject([{ resource: "half", cause: "first", before_seq: before }]);
  const plan = await restored({ cause: "first" });
  expect(plan).toMatchObject({ counts: { conflict: 0 }, execution: { left: 0 } });
  expect([await tagsOf("half/a"), await tagsOf("half/b")]).toEqual([["v1"], ["kept"]]);
  // What came back is not what was begun: another deletion is another act.
  expect(await deleteProject(server, { name: "ann", cause: "third" }, "half")).toBe("third");
});

test("a project that was brought back keeps its past; another of its name gets none", async () => {
  const { catalog } = server;
  await push("phoenix/a", "v1");
  await deleteProject(server, { name: "ann", cause: "burnt" }, "phoenix");
  const deleted = await catalog.head();
  expect(await lastDeletionOf(catalog, "phoenix")).toBe(deleted);
  await restored({ cause: "burnt" });
  expect(await lastDeletionOf(catalog, "phoenix")).toBe(0);
  await deleteProject(server, { name: "ann", cause: "again" }, "phoenix");
  const again = await catalog.head();
  await server.content.projects.create({ name: "eve", cause: "mine" }, { name: "phoenix" });
  expect(await lastDeletionOf(catalog, "phoenix")).toBe(again);
  // Nor does the first one, back after the name was another's, show what that one did.
  await deleteProject(server, { name: "eve", cause: "left" }, "phoenix");
  const last = await catalog.head();
  await restored({ name: "phoenix", at: `seq:${again - 1}` });
  expect(await server.content.projects.exists("phoenix")).toBe(true);
  expect(await lastDeletionOf(catalog, "phoenix")).toBe(last);
  // A copy under a name that was another's is no return.
  await push("source/a", "v1");
  await push("ghost/a", "v1");
  const at = `seq:${await catalog.head()}`;
  await deleteProject(server, { name: "ann", cause: "ghosted" }, "ghost");
  const gone = await catalog.head();
  await restored({ name: "source", at, into: "ghost" });
  expect(await lastDeletionOf(catalog, "ghost")).toBe(gone);
});

test("immutable tags are listed as conflicts and stay; the others come back", async () => {
  const old = await push("fixed/app", "v1");
  await push("fixed/app", "beta");
  const at = `seq:${await server.catalog.head()}`;
  const now = await push("fixed/app", "v1");
  await repositoryOf("fixed/app").delete("beta");
  const allow = await immutable("fixed", "v*");
  const request = { name: "fixed/app", at, keep_newer: true };
  const { created } = await api().restores.create({ body: { ...request, dry_run: true } });
  const params = { id: Number(created) };
  const { body: conflicts } = await api().restores.items({
    params,
    query: { verdict: "conflict" },
  });
  expect(conflicts).toMatchObject([{ resource: "fixed/app:v1", why: "the tag is immutable" }]);
  await restored(request);
  expect((await repositoryOf("fixed/app").resolve("v1"))?.digest).toBe(now);
  expect(await tagsOf("fixed/app")).toEqual(["beta", "v1"]);
  await allow();
  await restored(request);
  expect((await repositoryOf("fixed/app").resolve("v1"))?.digest).toBe(old);
  expect(await compareWithTables(server.catalog)).toEqual([]);
});

test("what would exceed the quota is refused before anything is done", async () => {
  await push("full/app", "v1");
  const at = `seq:${await server.catalog.head()}`;
  await server.content.deleteRepository({ name: "ann", cause: "emptied" }, "full/app");
  const { id } = await server.catalog.db
    .selectFrom("project")
    .select("id")
    .where("name", "=", "full")
    .executeTakeFirstOrThrow();
  await api().quotas.update({ params: { id }, body: { hard: { storage: 1 } } });
  const before = await server.catalog.head();
  const request = { name: "full", at };
  await expect(api().restores.create({ body: request })).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringContaining("quota"),
  });
  const undo = await api().restores.create({ body: { cause: "emptied", dry_run: true } });
  const { body: plan } = await api().restores.get({ params: { id: Number(undo.created) } });
  expect(plan.objections).toHaveLength(1);
  expect(await server.catalog.head()).toBe(before);
});
