import { afterAll, beforeAll, expect, test } from "vitest";
import { projectChange } from "@entrepot/catalog";
import { testAccess, type TestAccess, withAuthorization, basic } from "./test-access.ts";
import { restoreRobots } from "./restore-robots.ts";
import type { NewRobot } from "./robots.ts";
import { openRights, visibleProjects } from "./rights.ts";
import { allows } from "./roles.ts";

let room: TestAccess;
beforeAll(async () => {
  room = await testAccess();
});
afterAll(() => room.close());

const ACTOR = { name: "padmin", cause: "test" };
const DAY_MS = 24 * 3_600_000;
const PULL = { resource: "repository", action: "pull" };

/** A robot of project `closed` that may pull. */
function robot(given: Partial<NewRobot> & { name: string }): NewRobot {
  return {
    project: "closed",
    prefix: "robot$",
    description: "",
    disabled: false,
    days: null,
    permissions: [{ kind: "project", namespace: "closed", access: [PULL] }],
    ...given,
  };
}

const login = (name: string, secret: string) =>
  room.access.authenticate(withAuthorization(basic(name, secret)), "10.0.0.1");

const may = async (name: string, secret: string, action: "pull" | "push", project = "closed") =>
  room.access.may(await login(name, secret), project, "repository", action);

test("a robot logs in with its secret, which nothing else tells", async () => {
  const made = await room.access.robots.create(ACTOR, robot({ name: "ci" }));
  expect(made).toMatchObject({ loginName: "robot$closed+ci", creator: "padmin", days: null });
  expect(Buffer.from(made.secret, "base64url")).toHaveLength(32);
  expect(await room.access.robots.get(made.id)).not.toHaveProperty("secret");
  const stored = await room.catalog.db
    .selectFrom("robot")
    .innerJoin("journal", "journal.key", "journal.key")
    .select(["robot.secret_hash", "journal.after"])
    .where("journal.key", "=", "closed/ci")
    .executeTakeFirstOrThrow();
  expect(JSON.stringify(stored)).not.toContain(made.secret);
  expect(JSON.stringify(stored.after)).not.toContain(stored.secret_hash!.toString("hex"));

  expect(await login("robot$closed+ci", made.secret)).toEqual({
    kind: "robot",
    name: "robot$closed+ci",
    accountId: null,
    robotId: made.id,
    sysadmin: false,
    grants: null,
  });
  const same = "username or password is wrong";
  await expect(login("robot$closed+ci", `${made.secret}x`)).rejects.toThrow(same);
  await expect(login("robot$closed+nobody", made.secret)).rejects.toThrow(same);
  await expect(room.access.robots.create(ACTOR, robot({ name: "ci" }))).rejects.toMatchObject({
    code: "CONFLICT",
  });
});

test("it may what its permissions say, as long as it lives and is enabled", async () => {
  const { robots } = room.access;
  const made = await robots.create(ACTOR, robot({ name: "short", days: 2 }));
  const { loginName, secret } = made;
  expect([await may(loginName, secret, "pull"), await may(loginName, secret, "push")]).toEqual([
    true,
    false,
  ]);
  expect(await may(loginName, secret, "pull", "open")).toBe(true);
  expect(await may(loginName, secret, "push", "open")).toBe(false);

  const settings = { ...made, permissions: made.permissions };
  await robots.update(ACTOR, made.id, { ...settings, disabled: true });
  await expect(login(loginName, secret)).rejects.toThrow(/is disabled/);
  await robots.update(ACTOR, made.id, settings);
  room.time.now += 3 * DAY_MS;
  await expect(login(loginName, secret)).rejects.toThrow(/has expired/);
  await robots.update(ACTOR, made.id, { ...settings, days: 10 });
  expect((await login(loginName, secret)).kind).toBe("robot");
  room.time.now -= 3 * DAY_MS;
  expect(await robots.remove(ACTOR, made.id)).toBe(true);
  expect(await robots.remove(ACTOR, made.id)).toBe(false);
  await expect(login(loginName, secret)).rejects.toThrow(/wrong/);
});

test("a new secret ends the one before, at once or after a while", async () => {
  const { robots } = room.access;
  const { id, loginName, secret: first } = await robots.create(ACTOR, robot({ name: "turn" }));
  const second = await robots.refresh(ACTOR, id);
  await expect(login(loginName, first)).rejects.toThrow(/wrong/);
  const third = await robots.refresh(ACTOR, id, 5);
  for (const secret of [second, third]) expect((await login(loginName, secret)).robotId).toBe(id);
  room.time.now += 6 * 60_000;
  await expect(login(loginName, second)).rejects.toThrow(/wrong/);
  expect((await login(loginName, third)).robotId).toBe(id);
});

test.each([
  ["a name", { name: "CI" }, /cannot be a robot's name/],
  ["a name with a plus", { name: "a+b" }, /cannot be a robot's name/],
  ["no permission", { name: "x", permissions: [] }, /needs permissions/],
  [
    "a right that there is not",
    {
      name: "x",
      permissions: [
        { kind: "project", namespace: "closed", access: [{ resource: "scan", action: "create" }] },
      ],
    },
    /no right "scan:create"/,
  ],
  [
    "an action that there is not",
    {
      name: "x",
      permissions: [
        {
          kind: "project",
          namespace: "closed",
          access: [{ resource: "repository", action: "fly" }],
        },
      ],
    },
    /no right "repository:fly"/,
  ],
  [
    "an effect",
    {
      name: "x",
      permissions: [
        { kind: "project", namespace: "closed", access: [{ ...PULL, effect: "maybe" }] },
      ],
    },
    /allow or deny/,
  ],
  [
    "another project",
    { name: "x", permissions: [{ kind: "project", namespace: "open", access: [PULL] }] },
    /one permission: of kind project, in it/,
  ],
  [
    "a right of the system",
    {
      name: "x",
      permissions: [
        { kind: "system", namespace: "/", access: [{ resource: "project", action: "create" }] },
      ],
    },
    /one permission: of kind project, in it/,
  ],
  [
    "a project that there is not",
    {
      name: "x",
      project: null,
      permissions: [{ kind: "project", namespace: "nowhere", access: [PULL] }],
    },
    /project 'nowhere' does not exist/,
  ],
] as const)("%s is refused", async (_, given, message) => {
  const asked = given as Partial<NewRobot> & { name: string };
  await expect(room.access.robots.create(ACTOR, robot(asked))).rejects.toThrow(message);
});

test("robots of the system: everywhere but where it is denied, and nothing more", async () => {
  const everywhere = {
    kind: "project",
    namespace: "*",
    access: [
      { resource: "repository", action: "push" },
      { resource: "tag", action: "*" },
    ],
  };
  const but = {
    kind: "project",
    namespace: "open",
    access: [{ ...PULL, action: "push", effect: "deny" }],
  };
  const system = {
    kind: "system",
    namespace: "/",
    access: [{ resource: "project", action: "create" }],
  };
  const { loginName, secret, permissions } = await room.access.robots.create(
    ACTOR,
    robot({ name: "wide", project: null, permissions: [everywhere, but, system] }),
  );
  expect(loginName).toBe("robot$wide");
  expect(permissions[0]!.access.map(({ resource, action }) => `${resource}:${action}`)).toEqual([
    "repository:push",
    "tag:create",
    "tag:delete",
    "tag:list",
  ]);
  const identity = await login(loginName, secret);
  const answers = {
    "push closed": await room.access.may(identity, "closed", "repository", "push"),
    "pull closed, which pushing includes": await room.access.may(
      identity,
      "closed",
      "repository",
      "pull",
    ),
    "delete closed": await room.access.may(identity, "closed", "repository", "delete"),
    "push open": await room.access.may(identity, "open", "repository", "push"),
    "create projects": await room.access.maySystem(identity, "project:create"),
    "list users": await room.access.maySystem(identity, "user:list"),
  };
  expect(answers).toEqual({
    "push closed": true,
    "pull closed, which pushing includes": true,
    "delete closed": false,
    "push open": false,
    "create projects": true,
    "list users": false,
  });
});

test("lists are filtered where the rows are, and tokens carry the robot", async () => {
  const { loginName, secret } = await room.access.robots.create(ACTOR, robot({ name: "lists" }));
  const labels = {
    kind: "project",
    namespace: "closed",
    access: [{ resource: "label", action: "list" }],
  };
  const other = await room.access.robots.create(
    ACTOR,
    robot({ name: "other", permissions: [labels] }),
  );
  const seen = async (name: string, password: string) => {
    const rows = await room.catalog.db
      .selectFrom("project")
      .select("name")
      .where(visibleProjects(await login(name, password)))
      .orderBy("name")
      .execute();
    return rows.map((row) => row.name);
  };
  expect(await seen(loginName, secret)).toEqual(["closed", "open"]);
  expect(await seen(other.loginName, other.secret)).toEqual(["open"]);

  const url = "http://registry.test/service/token?scope=repository:closed/app:pull,push";
  const request = withAuthorization(basic(loginName, secret), url);
  const answer = await room.access.tokenService(request, "10.0.0.1");
  const { token, scope } = (await answer.json()) as { token: string; scope: string };
  expect(scope).toBe("repository:closed/app:pull");
  const holder = await room.access.authenticate(withAuthorization(`Bearer ${token}`), "10.0.0.1");
  expect(holder).toMatchObject({ kind: "robot", name: loginName, accountId: null });
  expect(await room.access.may(holder, "closed", "repository", "pull")).toBe(false);
});

test("what was deleted comes back disabled with its secret, in no new project", async () => {
  const { robots } = room.access;
  const made = await robots.create(ACTOR, robot({ name: "phoenix" }));
  const elsewhere = { kind: "project", namespace: "gone", access: [PULL] };
  await room.catalog.commit(ACTOR, async ({ db, record }) => {
    const row = await db
      .insertInto("project")
      .values({ name: "gone", registry_id: null })
      .returningAll()
      .executeTakeFirstOrThrow();
    record(projectChange("gone", row));
  });
  const wide = await robots.create(
    ACTOR,
    robot({
      name: "phoenix",
      project: null,
      permissions: [elsewhere, { ...elsewhere, namespace: "closed" }],
    }),
  );
  const images = async () => {
    const rows = await room.catalog.db
      .selectFrom("journal")
      .select(["key", "after"])
      .where("kind", "=", "robot")
      .where("key", "in", ["closed/phoenix", "/phoenix"])
      .orderBy("seq", "desc")
      .execute();
    return new Map(rows.toReversed().map(({ key, after }) => [key, after]));
  };
  const before = await images();
  await robots.remove(ACTOR, made.id);
  const gone = await room.catalog.db
    .selectFrom("project")
    .select(["id", "name"])
    .where("name", "=", "gone")
    .executeTakeFirstOrThrow();
  await room.catalog.commit(ACTOR, async (commit) => {
    await robots.removeFromProject(commit, gone);
    await commit.db.deleteFrom("project").where("id", "=", gone.id).execute();
    commit.record(projectChange("gone", null));
  });
  expect((await robots.get(wide.id))!.permissions.map((one) => one.namespace)).toEqual(["closed"]);

  const names = [...before].map(([key, wanted]) => ({ key, wanted }));
  const left = await room.catalog.commit(ACTOR, (commit) => restoreRobots(commit, names));
  expect(left).toEqual([null, null]);
  const back = (await robots.get(made.id))!;
  expect(back).toMatchObject({
    loginName: made.loginName,
    disabled: true,
    permissions: made.permissions,
  });
  expect((await robots.get(wide.id))!).toMatchObject({ disabled: false });
  expect((await robots.get(wide.id))!.permissions.map((one) => one.namespace)).toEqual(["closed"]);
  await expect(login(made.loginName, made.secret)).rejects.toThrow(/disabled/);
  await robots.update(ACTOR, made.id, { ...back, disabled: false });
  expect((await login(made.loginName, made.secret)).robotId).toBe(made.id);
});

test("a member's own rights count, and what is taken away is gone", async () => {
  const { access, catalog } = room;
  const standing = async (who: string) =>
    openRights(catalog).standing(await room.as(who), "closed");
  await access.setMember(ACTOR, "closed", "developer", 2, { grants: ["artifact:delete", "tag:*"] });
  await access.setMember(ACTOR, "closed", "maintainer", 4, { denies: ["repository:delete"] });
  const developer = await standing("developer");
  const maintainer = await standing("maintainer");
  expect([
    allows(developer, "artifact", "delete"),
    allows(developer, "tag", "delete"),
    allows(developer, "repository", "delete"),
    allows(maintainer, "repository", "delete"),
    allows(maintainer, "artifact", "delete"),
  ]).toEqual([true, true, false, false, true]);
  // A change of role alone leaves them as they are.
  await access.setMember(ACTOR, "closed", "developer", 3);
  const rows = (await access.members("closed")).items;
  expect(rows.find(({ username }) => username === "developer")).toMatchObject({
    role: 3,
    grants: ["artifact:delete", "tag:create", "tag:delete", "tag:list"],
    denies: [],
  });
  const deny = (denies: string[]) => access.setMember(ACTOR, "closed", "guest", 3, { denies });
  await expect(deny(["repository:pull"])).rejects.toThrow(/cannot be taken away/);
  await expect(deny(["pigs:fly"])).rejects.toThrow(/no right "pigs:fly"/);
});
