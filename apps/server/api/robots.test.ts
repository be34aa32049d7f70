import { ROLES } from "@entrepot/access";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
const PASSWORD = "correct horse";
let server: TestServer;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { access, content } = server;
  for (const name of ["team", "other"])
    await content.projects.create(ACTOR, { name, public: false });
  for (const username of ["padmin", "maintainer", "developer", "keeper"]) {
    await access.createAccount(ACTOR, { username, password: PASSWORD });
  }
  await access.setMember(ACTOR, "team", "padmin", ROLES.projectAdmin);
  await access.setMember(ACTOR, "team", "maintainer", ROLES.maintainer);
  await access.setMember(ACTOR, "team", "developer", ROLES.developer);
});
afterAll(() => server.close());

async function call(who: [string, string], method: string, path: string, body?: unknown) {
  const answer = await fetch(`${server.url}/api/v2.0${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(who.join(":")).toString("base64")}`,
      "content-type": "application/json",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}

const as = (username: string): [string, string] => [username, PASSWORD];
const root = (): [string, string] => [server.credential.username, server.credential.password];
const access = (...rights: string[]) =>
  rights.map((right) => ({ resource: right.split(":")[0], action: right.split(":")[1] }));
const inTeam = (...rights: string[]) => [
  { kind: "project", namespace: "team", access: access(...rights) },
];

async function make(who: [string, string], name: string, permissions: unknown, more: object = {}) {
  const body = { name, level: "project", duration: 30, permissions, ...more };
  return call(who, "POST", "/robots", body);
}

test("a project admin makes, sees, changes and deletes the robots of the project", async () => {
  const made = await make(as("padmin"), "ci", inTeam("repository:pull", "repository:push"));
  expect(made.status).toBe(201);
  const { id, name, secret, expires_at } = made.body;
  expect(name).toBe("robot$team+ci");
  expect(made.headers.get("location")).toBe(`/api/v2.0/robots/${id}`);
  expect(expires_at - Date.now() / 1_000).toBeCloseTo(30 * 86_400, -2);

  const shown = await call(as("padmin"), "GET", `/robots/${id}`);
  expect(shown.body).toMatchObject({ name, level: "project", disable: false, duration: 30 });
  expect(JSON.stringify(shown.body)).not.toContain(secret);
  const project = await call(as("padmin"), "GET", "/projects/team");
  const q = encodeURIComponent(`Level=project,ProjectID=${project.body.project_id}`);
  for (const path of [`/robots?q=${q}`, "/projects/team/robots"]) {
    const { body, headers } = await call(as("developer"), "GET", path);
    expect(body.map((robot: { name: string }) => robot.name)).toEqual([name]);
    expect(headers.get("x-total-count")).toBe("1");
  }
  // What a robot may, and what it may not.
  const robot: [string, string] = [name, secret];
  expect((await call(robot, "GET", "/projects/team")).status).toBe(200);
  expect((await call(robot, "GET", "/projects/team/members")).status).toBe(403);
  expect((await call(robot, "GET", "/projects/other")).status).toBe(404);

  expect((await call(as("developer"), "PATCH", `/robots/${id}`, {})).status).toBe(403);
  const fresh = await call(as("padmin"), "PATCH", `/robots/${id}`, { overlap_minutes: 5 });
  for (const one of [secret, fresh.body.secret]) {
    expect((await call([name, one], "GET", "/projects/team")).status).toBe(200);
  }
  const change = { ...shown.body, disable: true };
  expect((await call(as("padmin"), "PUT", `/robots/${id}`, change)).status).toBe(200);
  expect((await call([name, fresh.body.secret], "GET", "/projects/team")).status).toBe(401);
  expect((await call(as("padmin"), "PUT", `/robots/${id}`, { ...change, name: "x" })).status).toBe(
    400,
  );
  expect((await call(as("padmin"), "DELETE", `/robots/${id}`)).status).toBe(200);
  expect((await call(as("padmin"), "GET", `/robots/${id}`)).status).toBe(404);
});

test("nobody gives a robot more than they may do themselves", async () => {
  const members = `/projects/team/members`;
  const { body: rows } = await call(as("padmin"), "GET", members);
  const idOf = (name: string) =>
    rows.find((row: { entity_name: string }) => row.entity_name === name).id;
  // A maintainer who may make robots: nobody else is meant to.
  const robots = { role_id: 4, grants: ["robot:*"], denies: ["tag:delete"] };
  const given = await call(as("padmin"), "PUT", `${members}/${idOf("maintainer")}`, robots);
  expect(given.status).toBe(200);
  const strong = await make(as("padmin"), "strong", inTeam("project:delete"));

  const maintainer = as("maintainer");
  const answers: Record<string, number> = {};
  const note = async (what: string, asked: Promise<{ status: number }>) =>
    void (answers[what] = (await asked).status);
  await note("what a maintainer may", make(maintainer, "ok", inTeam("artifact:delete")));
  await note("what was taken away", make(maintainer, "no1", inTeam("tag:delete")));
  await note("what an admin may", make(maintainer, "no2", inTeam("member:update")));
  const system = [{ kind: "system", namespace: "/", access: access("user:list") }];
  await note("of the system", make(maintainer, "no3", system, { level: "system" }));
  await note("its secret", call(maintainer, "PATCH", `/robots/${strong.body.id}`, {}));
  const weaker = { permissions: inTeam("repository:pull") };
  await note("its settings", call(maintainer, "PUT", `/robots/${strong.body.id}`, weaker));
  const everywhere = [{ kind: "project", namespace: "*", access: access("repository:pull") }];
  await note("everywhere, by an admin", make(as("padmin"), "no4", everywhere, { level: "system" }));
  await note("everywhere, by the system's", make(root(), "wide", everywhere, { level: "system" }));
  await note("what there is not", make(root(), "no5", inTeam("scan:create")));
  await note(
    "a secret of one's own",
    make(root(), "no6", inTeam("repository:pull"), { secret: "Harbor12345" }),
  );
  expect(answers).toEqual({
    "what a maintainer may": 201,
    "what was taken away": 403,
    "what an admin may": 403,
    "of the system": 403,
    "its secret": 403,
    "its settings": 403,
    "everywhere, by an admin": 403,
    "everywhere, by the system's": 201,
    "what there is not": 400,
    "a secret of one's own": 400,
  });
});

test("members with rights of their own give no more, and change nobody who has more", async () => {
  const members = `/projects/team/members`;
  const rows: { id: number; entity_name: string }[] = (await call(as("padmin"), "GET", members))
    .body;
  const at = (name: string) => `${members}/${rows.find((row) => row.entity_name === name)!.id}`;
  const developer = { role_id: 2, grants: ["member:update", "artifact:delete"] };
  expect((await call(as("padmin"), "PUT", at("developer"), developer)).status).toBe(200);
  expect((await call(as("developer"), "GET", at("developer"))).body).toMatchObject({
    role_id: 2,
    grants: ["artifact:delete", "member:update"],
    denies: [],
  });
  const tries = [
    [at("developer"), { role_id: 1 }],
    [at("developer"), { role_id: 2, grants: ["tag:delete"] }],
    [at("padmin"), { role_id: 5 }],
  ] as const;
  for (const [path, body] of tries) {
    const answer = await call(as("developer"), "PUT", path, body);
    expect([path, answer.status]).toEqual([path, 403]);
  }
});

test("what is denied stays so, but for those who may do it themselves", async () => {
  const members = `/projects/team/members`;
  const rows: { id: number; entity_name: string }[] = (await call(as("padmin"), "GET", members))
    .body;
  const at = (name: string) => `${members}/${rows.find((row) => row.entity_name === name)!.id}`;
  const maintainer = { role_id: 4, grants: ["member:*"], denies: ["tag:delete"] };
  expect((await call(as("padmin"), "PUT", at("maintainer"), maintainer)).status).toBe(200);
  const free = { ...maintainer, denies: [] };
  expect((await call(as("maintainer"), "PUT", at("maintainer"), free)).status).toBe(403);
  expect((await call(as("maintainer"), "DELETE", at("maintainer"))).status).toBe(403);
  expect((await call(as("maintainer"), "PUT", at("maintainer"), maintainer)).status).toBe(200);
  expect((await call(as("padmin"), "PUT", at("maintainer"), free)).status).toBe(200);
});

test("rights in the whole registry are given one by one", async () => {
  const { user_id: id } = (await call(as("keeper"), "GET", "/users/current")).body;
  expect((await call(as("keeper"), "GET", "/backups")).status).toBe(403);
  const rights = ["backup:*", "user:list", "user:update"];
  expect((await call(as("padmin"), "PUT", `/users/${id}/rights`, { rights })).status).toBe(403);
  expect((await call(root(), "PUT", `/users/${id}/rights`, { rights: ["pigs:fly"] })).status).toBe(
    400,
  );
  const given = await call(root(), "PUT", `/users/${id}/rights`, { rights });
  expect(given.body).toEqual({
    rights: ["backup:manage", "backup:read", "user:list", "user:update"],
  });
  const shown = await call(
    as("keeper"),
    "GET",
    "/users/current/permissions?scope=/system&relative=true",
  );
  expect(shown.body).toEqual([
    { resource: "backup", action: "read" },
    { resource: "backup", action: "manage" },
    { resource: "user", action: "list" },
    { resource: "user", action: "update" },
  ]);
  const { user_id: padmin } = (await call(as("padmin"), "GET", "/users/current")).body;
  const answers = {
    backups: (await call(as("keeper"), "GET", "/backups")).status,
    users: (await call(as("keeper"), "GET", "/users")).status,
    checks: (await call(as("keeper"), "GET", "/system/check")).status,
    "rights of its own": (await call(as("keeper"), "PUT", `/users/${id}/rights`, { rights }))
      .status,
    // Whoever sets a password can be that user.
    "the administrator's password": (
      await call(as("keeper"), "PUT", "/users/1/password", { new_password: PASSWORD })
    ).status,
    "another's password": (
      await call(as("keeper"), "PUT", `/users/${padmin}/password`, { new_password: PASSWORD })
    ).status,
    "a project that lends an endpoint's credential": (
      await call(as("keeper"), "POST", "/projects", { project_name: "proxy", registry_id: 1 })
    ).status,
  };
  expect(answers).toEqual({
    backups: 200,
    users: 200,
    checks: 403,
    "rights of its own": 403,
    "the administrator's password": 403,
    "another's password": 403,
    "a project that lends an endpoint's credential": 403,
  });
  const { catalog } = server;
  const { after } = await catalog.db
    .selectFrom("journal")
    .select("after")
    .where("key", "=", "keeper")
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirstOrThrow();
  expect(after).toMatchObject({ rights: given.body.rights });
});

test("a right to policies in a project is enough for its policies", async () => {
  const listed = () => call(as("maintainer"), "GET", "/replication/policies");
  expect((await listed()).status).toBe(403);
  await server.access.setMember(ACTOR, "team", "maintainer", 4, {
    grants: ["replication-policy:*", "replication:*"],
  });
  expect((await listed()).status).toBe(200);
  await server.access.setMember(ACTOR, "team", "padmin", 1, {
    denies: ["replication-policy:list"],
  });
  expect((await call(as("padmin"), "GET", "/replication/policies")).status).toBe(403);
});
