import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServer } from "../testing.ts";
import { worldOfRoles } from "./rights-calls.ts";
import { PASSWORD } from "./rights-preparations.ts";

let server: TestServer;
let endpoint: number;
let projects: Record<string, number>;

beforeAll(async () => {
  server = await worldOfRoles();
  const { username, password } = server.credential;
  const credential = { access_key: username, access_secret: password };
  const body = { name: "self", type: "harbor", url: server.url, credential };
  endpoint = Number((await as("root").registries.create({ body })).created);
  const rows = await server.catalog.db.selectFrom("project").select(["id", "name"]).execute();
  projects = Object.fromEntries(rows.map(({ id, name }) => [name, id]));
});
afterAll(() => server?.close());

const as = (username: string) =>
  apiClient({ url: server.url, credential: { username, password: PASSWORD } });

let n = 0;
const policy = (settings: Partial<NewPolicy>) => ({
  body: { name: `policy-${++n}`, dest_registry: { id: endpoint }, ...settings } as NewPolicy,
});
const made = async (username: string, settings: Partial<NewPolicy>) =>
  Number((await as(username).policies.create(policy(settings))).created);

test("a project's admin has policies of that project, and sees no others", async () => {
  const own = await made("padmin", { project_id: projects["closed"]! });
  const others = await made("root", { project_id: projects["library"]! });
  const system = await made("root", {});
  const api = as("padmin");
  expect((await api.policies.list({})).body.map(({ id }) => id)).toEqual([own]);

  const { created } = await api.executions.start({ body: { policy_id: own } });
  await as("root").executions.start({ body: { policy_id: system } });
  const runs = (await api.executions.list({})).body;
  expect(runs.map(({ id }) => id)).toEqual([Number(created)]);
  for (const id of [others, system]) {
    await expect(api.policies.get({ params: { id } })).rejects.toThrow(/does not exist/);
    await expect(api.policies.delete({ params: { id } })).rejects.toThrow(/does not exist/);
    const start = api.executions.start({ body: { policy_id: id } });
    await expect(start).rejects.toThrow(/does not exist/);
  }
  const { body: all } = await as("root").executions.list({ query: { policy_id: system } });
  const get = api.executions.get({ params: { id: all[0]!.id } });
  await expect(get).rejects.toThrow(/does not exist/);
  await expect(as("maintainer").policies.list({})).rejects.toThrow(/administrator/);
});

test("it cannot be had for the system, another project, or names outside of its own", async () => {
  await expect(made("padmin", {})).rejects.toThrow(/project_id/);
  await expect(made("padmin", { project_id: projects["library"]! })).rejects.toThrow(/project_id/);
  const project_id = projects["closed"]!;
  const id = await made("padmin", { project_id });
  const api = as("padmin");
  const given = policy({ project_id: projects["library"]! });
  await expect(api.policies.update({ params: { id }, ...given })).rejects.toThrow(/project_id/);

  const filters = [{ type: "name" as const, value: "library/**" }];
  await api.policies.update({ params: { id }, ...policy({ project_id, filters }) });
  const { body } = await api.policies.get({ params: { id } });
  expect(body.filters).toEqual([...filters, { type: "name", value: "closed/**" }]);

  for (const dest_namespace of ["library", "closed-not", "library/closed"]) {
    const outside = made("padmin", { project_id, dest_namespace });
    await expect(outside).rejects.toThrow(/is not in project 'closed'/);
  }
  const pull = { dest_registry: null, src_registry: { id: endpoint }, project_id };
  await expect(made("padmin", pull)).rejects.toThrow(/is not in project 'closed'/);
  await made("padmin", { ...pull, dest_namespace: "closed/mirror" });
});

test("of endpoints a project's admin sees id, name, type and status", async () => {
  const api = as("padmin");
  const [seen] = (await api.registries.list({})).body;
  expect(seen).toMatchObject({ id: endpoint, name: "self", type: "harbor", status: "healthy" });
  expect(JSON.stringify(seen)).not.toContain(server.url);
  const id = await made("padmin", { project_id: projects["closed"]! });
  const { body } = await api.policies.get({ params: { id } });
  expect(JSON.stringify(body)).not.toContain(server.url);
  await expect(api.registries.list({ query: { q: "url=~http" } })).rejects.toThrow(/addresses/);
  await expect(api.registries.get({ params: { id: endpoint } })).rejects.toThrow(/administrator/);
});

test("it plans, compares and sees the lag of policies of that project alone", async () => {
  const own = await made("padmin", {
    project_id: projects["closed"]!,
    dest_namespace: "closed/copy",
  });
  const others = await made("root", { project_id: projects["library"]! });
  const api = as("padmin");
  const { body: planned } = await api.plans.preview({ params: { id: own } });
  expect(planned.items.map(({ src_resource }) => src_resource)).toEqual(["closed/app:v1"]);
  const { body: lags } = await api.standing.list({});
  expect(lags.map(({ project_id }) => project_id)).toContain(projects["closed"]);
  expect(new Set(lags.map(({ project_id }) => project_id)).size).toBe(1);
  for (const id of [others, 999_999]) {
    const params = { id };
    await expect(api.plans.preview({ params })).rejects.toThrow(/does not exist/);
    await expect(api.standing.get({ params })).rejects.toThrow(/does not exist/);
    await expect(api.standing.diff({ params })).rejects.toThrow(/does not exist/);
    await expect(api.replicas.list({ params })).rejects.toThrow(/does not exist/);
    const inPlaceOf = { query: { policy_id: id }, ...policy({ project_id: projects["closed"]! }) };
    await expect(api.plans.previewNew(inPlaceOf)).rejects.toThrow(/does not exist/);
  }
});

test("a plan of what is not stored shows it as it would be stored: the project alone", async () => {
  const project_id = projects["closed"]!;
  const filters = [{ type: "name" as const, value: "**" }];
  const given = policy({ project_id, filters, dest_namespace: "closed/copy" });
  const { body } = await as("padmin").plans.previewNew(given);
  expect(body.items.map(({ src_resource }) => src_resource)).toEqual(["closed/app:v1"]);
  const others = policy({ project_id: projects["open"]!, filters });
  const { body: open } = await as("padmin").plans.previewNew(others);
  expect(open.items.map(({ src_resource }) => src_resource)).toEqual([]);
  await expect(as("padmin").plans.previewNew(policy({ filters }))).rejects.toThrow(/project_id/);
  await expect(as("neighbour").plans.previewNew(given)).rejects.toThrow(/project_id/);
  const outside = policy({ project_id, dest_namespace: "library" });
  await expect(as("padmin").plans.previewNew(outside)).rejects.toThrow(
    /is not in project 'closed'/,
  );
});

test("it sees and dismisses the conflicts of its repositories and policies", async () => {
  const own = await made("padmin", { project_id: projects["closed"]! });
  const others = await made("root", { project_id: projects["library"]! });
  const conflict = (repository: string, policy_id: number | null) => ({
    at: new Date(),
    repository,
    tag: "v1",
    policy_id,
  });
  await server.catalog.db
    .insertInto("replication_conflict")
    .values([
      conflict("closed/app", null),
      conflict("elsewhere/app", own),
      conflict("library/app", null),
      conflict("closed/app", others),
    ])
    .execute();
  const seen = async (username: string) =>
    (await as(username).conflicts.list({})).body.map(({ repository, policy_id }) => [
      repository,
      policy_id,
    ]);
  expect(await seen("root")).toHaveLength(4);
  expect(await seen("padmin")).toEqual([
    ["elsewhere/app", own],
    ["closed/app", null],
  ]);
  expect(await seen("neighbour")).toEqual([]);
  const { id } = (await as("padmin").conflicts.list({})).body[0]!;
  const dismiss = (username: string) => as(username).conflicts.dismiss({ params: { id } });
  await expect(dismiss("neighbour")).rejects.toThrow(/no conflict/);
  await dismiss("padmin");
  expect(await seen("root")).toHaveLength(3);
});
