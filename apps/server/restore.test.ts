import { ROLES } from "@entrepot/access";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { compareWithTables } from "@entrepot/catalog";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "admin", cause: "test" };
const PASSWORD = "correct horse";
const JSON_HOOK = {
  name: "chat",
  enabled: true,
  event_types: ["PUSH_ARTIFACT"],
  targets: [{ type: "http", address: "http://127.0.0.1:9/hook/secret", auth_header: "Bearer x" }],
};

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const as = (username = "admin", password = server.credential.password): ApiClient =>
  apiClient({ url: server.url, credential: { username, password } });

/** The plan, once it has been carried out. */
async function restored(api: ApiClient, created: string | null) {
  const params = { id: Number(created) };
  for (;;) {
    const { body } = await api.restores.get({ params });
    if (body.execution && body.execution.status !== "Running") return body;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function project(name: string, tags: readonly string[]): Promise<string[]> {
  await server.content.projects.create(ACTOR, { name });
  const repository = server.content.as(ACTOR).repository(`${name}/app`);
  return Promise.all(tags.map((tag) => pushSample(repository, sampleImage(), [tag])));
}

const tagsOf = async (repository: string) =>
  (await server.content.as(ACTOR).repository(repository).tags()).items;

test("a project deleted with all that is in it comes back by one undo", async () => {
  const { access, catalog, content } = server;
  await project("team", ["v1", "v2"]);
  await access.createAccount(ACTOR, { username: "ann", password: PASSWORD });
  await access.setMember(ACTOR, "team", "ann", ROLES.developer);
  const params = { project_name_or_id: "team" };
  await as().webhooks.create({ params, body: JSON_HOOK as never });
  const endpoint = await as().registries.create({
    body: {
      name: "there",
      type: "entrepot",
      url: server.url,
      credential: { access_key: "admin", access_secret: server.credential.password },
    } as never,
  });
  const team = (await as().projects.get({ params })).body;
  const policy = { name: "away", dest_registry: { id: Number(endpoint.created) } };
  await as().policies.create({ body: { ...policy, project_id: team.project_id } as never });
  await as().projects.update({ params, body: { metadata: { recovery_days: "45" } } });
  expect((await as().projects.get({ params })).body.metadata["recovery_days"]).toBe("45");
  await as().projects.update({ params, body: { metadata: { recovery_days: "" } } });
  expect((await as().projects.get({ params })).body.metadata).not.toHaveProperty("recovery_days");
  await as().projects.update({ params, body: { metadata: { recovery_days: "90" } } });

  await expect(as().projects.delete({ params })).rejects.toMatchObject({ code: "PRECONDITION" });
  const gone = await as().projects.delete({ params, query: { cascade: true } });
  expect(await content.projects.exists("team")).toBe(false);
  const { body: bin } = await as().bin.list({ query: { project: "team" } });
  expect(bin).toMatchObject([{ resource_type: "project", resource: "team", deleted_by: "admin" }]);
  const days = (Date.parse(bin[0]!.restorable_until) - Date.now()) / 86_400_000;
  expect(Math.round(days)).toBe(90);

  const cause = gone.headers.get("x-request-id")!;
  const plan = await restored(as(), (await as().restores.create({ body: { cause } })).created);
  expect(plan).toMatchObject({
    counts: { conflict: 0 },
    execution: { status: "Success", left: 0 },
  });
  expect(await tagsOf("team/app")).toEqual(["v1", "v2"]);
  const members = (await as().members.list({ params })).body;
  expect(members.map(({ entity_name: name, role_id: role }) => [name, role])).toContainEqual([
    "ann",
    ROLES.developer,
  ]);
  const [hook] = (await as().webhooks.list({ params })).body;
  expect(hook).toMatchObject({
    name: "chat",
    targets: [{ address: JSON_HOOK.targets[0]!.address }],
  });
  const policies = (await as().policies.list({ query: { name: "away" } })).body;
  expect(policies).toMatchObject([{ name: "away", enabled: true }]);
  expect(await compareWithTables(catalog)).toEqual([]);
  const text = JSON.stringify(await catalog.entries(0, 10_000));
  expect(text).not.toContain("hook/secret");
  expect(text).not.toContain("Bearer x");
});

test("a project as it was beside itself: rows only, and the old one stays as it is", async () => {
  const digests = await project("web", ["a", "b"]);
  const seq = await server.catalog.head();
  await server.content.as(ACTOR).repository("web/app").delete("a");
  const request = { name: "web", at: `seq:${seq}`, into: "web-then" };
  const plan = await restored(as(), (await as().restores.create({ body: request })).created);
  expect(plan.execution).toMatchObject({ status: "Success", left: 0 });
  expect(await tagsOf("web-then/app")).toEqual(["a", "b"]);
  expect(await tagsOf("web/app")).toEqual(["b"]);
  const then = server.content.as(ACTOR).repository("web-then/app");
  const image = await then.resolve("a");
  expect(image?.digest).toBe(digests[0]);
  expect(await compareWithTables(server.catalog)).toEqual([]);
});

test("restoring is a right of its own, and nobody gains rights by it", async () => {
  const { access } = server;
  await project("shop", ["v1"]);
  for (const [username, role] of [
    ["dev", ROLES.developer],
    ["keeper", ROLES.maintainer],
  ] as const) {
    await access.createAccount(ACTOR, { username, password: PASSWORD });
    await access.setMember(ACTOR, "shop", username, role);
  }
  const seq = await server.catalog.head();
  await server.content.as(ACTOR).repository("shop/app").delete("v1");
  const request = { name: "shop/app:v1", at: `seq:${seq}` };
  const asked = (who: string, body: object) => as(who, PASSWORD).restores.create({ body });
  await expect(asked("dev", request)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(asked("ann", request)).rejects.toMatchObject({ code: "NOT_FOUND" });
  await access.setMember(ACTOR, "shop", "dev", ROLES.guest);
  const whole = { name: "shop", at: `seq:${seq}` };
  await expect(asked("keeper", whole)).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(asked("keeper", { at: `seq:${seq}` })).rejects.toMatchObject({ code: "FORBIDDEN" });
  const plan = await restored(as(), (await asked("keeper", request)).created);
  expect(plan).toMatchObject({ counts: { create: 1 }, execution: { done: 1 } });
  expect(await tagsOf("shop/app")).toEqual(["v1"]);
});
