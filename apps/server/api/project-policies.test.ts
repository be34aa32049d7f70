import { apiClient } from "@entrepot/api/client";
import type { NewPolicy } from "@entrepot/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestServer } from "../testing.ts";
import { PASSWORD, worldOfRoles } from "./rights-calls.ts";

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
