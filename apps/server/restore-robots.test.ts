import { ROLES } from "@entrepot/access";
import { apiClient } from "@entrepot/api/client";
import { compareWithTables } from "@entrepot/catalog";
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

async function restored(body: object): Promise<void> {
  const { created } = await api().restores.create({ body });
  for (;;) {
    const plan = (await api().restores.get({ params: { id: Number(created) } })).body;
    if (plan.execution && plan.execution.status !== "Running") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("robots and members' own rights come back with their project", async () => {
  const { access, catalog, content } = server;
  await content.projects.create(ACTOR, { name: "team", public: false });
  await access.createAccount(ACTOR, { username: "ann", password: "correct horse battery" });
  const own = { grants: ["tag:delete"], denies: ["artifact:create"] };
  await access.setMember(ACTOR, "team", "ann", ROLES.developer, own);
  const pull = { resource: "repository", action: "pull" };
  const inTeam = { kind: "project", namespace: "team", access: [pull] };
  const settings = { description: "", disabled: false, days: null, permissions: [inTeam] };
  const robot = { ...settings, name: "ci", prefix: "robot$" };
  const made = await access.robots.create(ACTOR, { ...robot, project: "team" });
  const wide = await access.robots.create(ACTOR, { ...robot, project: null });

  const cause = await deleteProject(server, { name: "bob", cause: "burnt" }, "team");
  expect(await access.robots.get(made.id)).toBe(null);
  expect((await access.robots.get(wide.id))?.permissions).toEqual([]);
  await restored({ cause });

  expect(await access.robots.get(made.id)).toMatchObject({
    loginName: "robot$team+ci",
    disabled: true,
    permissions: made.permissions,
  });
  expect(await access.robots.get(wide.id)).toMatchObject({
    disabled: false,
    permissions: wide.permissions,
  });
  expect((await access.members("team")).items).toMatchObject([{ username: "ann", ...own }]);
  const login = () => access.authenticate(requestOf(made.loginName, made.secret), "127.0.0.1");
  await expect(login()).rejects.toThrow(/disabled/);
  await access.robots.update(ACTOR, made.id, settings);
  expect(await access.may(await login(), "team", "repository", "pull")).toBe(true);
  expect(await compareWithTables(catalog)).toEqual([]);
});

function requestOf(name: string, secret: string): Request {
  const basic = Buffer.from(`${name}:${secret}`).toString("base64");
  return new Request(server.url, { headers: { authorization: `Basic ${basic}` } });
}
