import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAccess, openSecretBox } from "@entrepot/access";
import { compareWithTables, type Settings } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { makeImage, writeLayout } from "./images.ts";
import { hasSkopeo, skopeo, skopeoPush } from "./skopeo.ts";
import { BASE_DN, hasSlapd, LDAP_PASSWORD, runSlapd, type Slapd } from "./slapd.ts";

const ACTOR = { name: "test", cause: "test" };
const LOCAL_PASSWORD = "correct horse battery";
const title = `logins by LDAP${hasSlapd ? "" : " (skipped: slapd is not installed)"}`;

describe.skipIf(!hasSlapd)(title, () => {
  let slapd: Slapd;
  let server: TestServer;
  let ann: string;

  beforeAll(async () => {
    slapd = await runSlapd();
    ann = await slapd.addPerson("ann", { displayName: "Ann", mail: "ann@example.org" });
    for (const uid of ["ben", "carl", "dora", "eve", "admin", "o'brien", "(odd)", "李雷"]) {
      await slapd.addPerson(uid);
    }
    server = await testServer({ workers: 0 });
    await server.settings.change(ACTOR, { ...slapd.settings, auth_mode: "ldap_auth" });
  });
  afterAll(async () => {
    await server?.close();
    await slapd?.close();
  });

  const login = (username: string, password = LDAP_PASSWORD) =>
    server.access.login(username, password, "10.0.0.1");
  const accountOf = (username: string) => server.access.findAccount(username);

  /** What `GET` of the token service answers to Basic, as docker login asks it. */
  async function token(username: string, password: string): Promise<Response> {
    const credentials = Buffer.from(`${username}:${password}`).toString("base64");
    return fetch(`${server.url}/service/token?service=harbor-registry`, {
      headers: { authorization: `Basic ${credentials}` },
    });
  }

  test("a first login makes the account, later ones keep it up to date", async () => {
    expect(await accountOf("ann")).toBe(null);
    const first = await login("ann");
    expect(first).toMatchObject({ kind: "account", name: "ann", sysadmin: false });
    expect(await accountOf("ann")).toMatchObject({ email: "ann@example.org", realname: "Ann" });
    expect(await login("ANN")).toEqual(first);

    await slapd.replace(ann, "mail", ["ann@example.com"]);
    await login("aNN");
    expect(await accountOf("ann")).toMatchObject({ id: first.accountId, email: "ann@example.com" });
    const names = await server.catalog.db.selectFrom("account").select("username").execute();
    expect(names.filter(({ username }) => username.toLowerCase() === "ann")).toHaveLength(1);
  });

  test.for([
    ["ben", "wrong"],
    ["ben", ""],
    ["*", LDAP_PASSWORD],
    ["nobody", LDAP_PASSWORD],
    ["ben)(uid=ann", LDAP_PASSWORD],
  ] as const)("%s with %s is refused", async ([username, password]) => {
    await expect(login(username, password)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    expect(await accountOf(username)).toBe(null);
  });

  test("names of any script are usernames; one that cannot be is told so", async () => {
    expect(await login("o'brien")).toMatchObject({ name: "o'brien" });
    expect(await login("李雷")).toMatchObject({ name: "李雷" });
    await expect(login("(odd)")).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("cannot be a username here"),
    });
  });

  test("a local account is never taken over", async () => {
    const { password } = server.credential;
    await expect(login("admin")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    // Another writing of the name is no local account's: the directory says who it is.
    await expect(login("Admin")).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("not of this person"),
    });
    expect(await login("admin", password)).toMatchObject({ sysadmin: true });
  });

  test("whoever gets the name of somebody who left is somebody else", async () => {
    const first = await login("carl");
    await slapd.remove(`uid=carl,ou=people,${BASE_DN}`);
    await slapd.addPerson("carl", { userPassword: "another staple" });
    await expect(login("carl", "another staple")).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("not of this person"),
    });
    await server.access.deleteAccount(ACTOR, "carl");
    const second = await login("carl", "another staple");
    expect(second.accountId).not.toBe(first.accountId);
  });

  test("its password is not ours to change", async () => {
    await login("ann");
    await expect(server.access.changePassword(ACTOR, "ann", LOCAL_PASSWORD)).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    await expect(login("ann", LOCAL_PASSWORD)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("a name guessed at is one, however it is written", async () => {
    for (const name of ["Guess", "guess ", "GUESS", "gu\u00e9ss", "\uff47uess"]) {
      await expect(login(name, "wrong")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    }
    await expect(login("gUess", "wrong")).rejects.toMatchObject({ code: "TOOMANYREQUESTS" });
  });

  test("an unreachable directory: locals log in, its people are told so, in time", async () => {
    await server.access.createAccount(ACTOR, { username: "local", password: LOCAL_PASSWORD });
    await login("dora");
    await slapd.stop();
    try {
      // Remembered for a minute, as docker asks for token after token.
      expect(await login("dora")).toMatchObject({ name: "dora" });
      for (let attempt = 0; attempt < 10; attempt++) {
        await expect(login("eve")).rejects.toMatchObject({ code: "UNAVAILABLE" });
      }
      const answer = await token("eve", LDAP_PASSWORD);
      expect(answer.status).toBe(503);
      expect(await answer.text()).toMatch(/directory that knows this account does not answer/);
      expect(await login("admin", server.credential.password)).toMatchObject({ sysadmin: true });
      expect(await login("local", LOCAL_PASSWORD)).toMatchObject({ name: "local" });
    } finally {
      await slapd.start();
    }
    await server.settings.change(ACTOR, { ldap_timeout: 3 });
    expect(await login("eve")).toMatchObject({ name: "eve" });
  });

  test("who is removed is out: password, session and token, though all were good", async () => {
    const time = { now: Date.now() };
    const { catalog, close } = await testCatalog();
    onTestFinished(close);
    const box = openSecretBox(randomBytes(32));
    const set: Readonly<Record<string, unknown>> = { ...slapd.settings, auth_mode: "ldap_auth" };
    const settings = { get: ({ name, initial }) => set[name] ?? initial } as Pick<Settings, "get">;
    const access = await openAccess({ catalog, box, settings, clock: () => time.now });
    const dn = await slapd.addPerson("gone");
    const identity = await access.login("gone", LDAP_PASSWORD, "10.0.0.1");
    const origin = { address: "10.0.0.1", userAgent: "test" };
    const { secret } = await access.beginSession(identity, origin);
    const wanted = { name: "cli", readOnly: true, days: null };
    const made = await access.createAccessToken(ACTOR, identity.accountId!, wanted);
    const basic = Buffer.from(`gone:${made.secret}`).toString("base64");
    const request = new Request(server.url, { headers: { authorization: `Basic ${basic}` } });
    expect(await access.resumeSession(secret)).toMatchObject({ name: "gone" });
    expect(await access.authenticate(request, "10.0.0.1")).toMatchObject({ name: "gone" });

    await slapd.stop();
    time.now += 61_000;
    expect(await access.resumeSession(secret)).toMatchObject({ name: "gone" });
    await slapd.start();
    await slapd.remove(dn);
    time.now += 61_000;
    expect(await access.resumeSession(secret)).toBe(null);
    const refused = { code: "UNAUTHORIZED" };
    await expect(access.authenticate(request, "10.0.0.1")).rejects.toMatchObject(refused);
    const again = access.login("gone", LDAP_PASSWORD, "10.0.0.1");
    await expect(again).rejects.toMatchObject(refused);
  });

  test("without ldap_auth its people are out", async () => {
    await server.settings.change(ACTOR, { auth_mode: "db_auth" });
    await expect(login("ann")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await server.settings.change(ACTOR, { auth_mode: "ldap_auth" });
    expect(await login("ann")).toMatchObject({ name: "ann" });
  });

  test("members by a group: as its directory says, the highest role counts", async () => {
    const devs = await slapd.addGroup("devs", [ann]);
    const leads = await slapd.addGroup("leads", [ann]);
    const { access, content } = server;
    await content.projects.create(ACTOR, { name: "team", public: false });
    const identity = await login("ann");
    const may = (action: "pull" | "push" | "delete") =>
      access.may(identity, "team", "repository", action);
    expect(await may("pull")).toBe(false);

    const api = await projectMembers("team");
    expect(
      (await api.add({ role_id: 2, member_group: { ldap_group_dn: devs, group_name: "x" } }))
        .status,
    ).toBe(201);
    // Groups are looked at when somebody logs in, at the latest after a minute.
    await server.settings.change(ACTOR, { ldap_timeout: 4 });
    await login("ann");
    expect(await may("push")).toBe(true);
    expect(await may("delete")).toBe(false);

    await access.setMember(ACTOR, "team", "ann", 3);
    expect(await may("push")).toBe(true);
    const dn = leads.toUpperCase().replace(",", " , ");
    expect((await api.add({ role_id: 4, member_group: { ldap_group_dn: dn } })).status).toBe(201);
    expect(await may("delete")).toBe(true);
    expect(await api.list()).toMatchObject([
      { entity_name: "ann", entity_type: "u", role_id: 3 },
      { entity_name: "devs", entity_type: "g", role_id: 2 },
      { entity_name: "leads", entity_type: "g", role_id: 4 },
    ]);
    expect((await api.add({ role_id: 4, member_group: { ldap_group_dn: devs } })).status).toBe(409);
    const beside = { role_id: 4, member_group: { ldap_group_dn: `cn=devs,${BASE_DN}` } };
    expect((await api.add(beside)).status).toBe(400);
    const nobody = `cn=nobody,ou=groups,${BASE_DN}`;
    expect((await api.add({ role_id: 4, member_group: { ldap_group_dn: nobody } })).status).toBe(
      404,
    );
    expect(await compareWithTables(server.catalog)).toEqual([]);

    await slapd.replace(leads, "member", [`uid=ben,ou=people,${BASE_DN}`]);
    await server.settings.change(ACTOR, { ldap_timeout: 5 });
    await login("ann");
    expect(await may("delete")).toBe(false);
    await server.access.groups.deleteGroup(ACTOR, await groupId("devs"));
    expect(await may("push")).toBe(false);
    expect(await may("pull")).toBe(true);
    expect(await compareWithTables(server.catalog)).toEqual([]);
  });

  test("people and groups by the API, as Harbor has it", async () => {
    const ping = await call("POST", "/ldap/ping", {});
    expect(await ping.json()).toEqual({ success: true, message: "" });
    const wrong = await call("POST", "/ldap/ping", { ldap_search_password: "wrong" });
    expect(await wrong.json()).toMatchObject({ success: false, message: /ldap_search_dn/ });
    const people = await call("GET", "/ldap/users/search?username=an");
    expect(await people.json()).toEqual([
      { username: "ann", realname: "Ann", email: "ann@example.com" },
    ]);
    const groups = await call("GET", "/ldap/groups/search?groupname=lead");
    expect(await groups.json()).toMatchObject([{ group_name: "leads", group_type: 1 }]);
    const list = { ldap_uid_list: ["ben", "nobody", "admin"] };
    const imported = await call("POST", "/ldap/users/import", list);
    expect(imported.status).toBe(404);
    expect(await imported.json()).toEqual([
      { uid: "nobody", error: "the directory knows nobody of this name" },
      { uid: "admin", error: expect.stringContaining("not of this person") },
    ]);
    expect(await accountOf("ben")).not.toBe(null);
  });

  test.skipIf(!hasSkopeo)("skopeo logs in, pushes and pulls as its group may", async () => {
    const { host } = new URL(server.url);
    const enter = (password: string) =>
      skopeo(["login", "--tls-verify=false", "-u", "ben", "-p", password, host]);
    await expect(enter("wrong")).rejects.toThrow(/unauthorized|invalid/i);
    await enter(LDAP_PASSWORD);
    await server.access.setMember(ACTOR, "team", "ldap-group:leads", 2);
    const folder = await mkdtemp(join(tmpdir(), "entrepot-ldap-"));
    try {
      await writeLayout(folder, { latest: makeImage() });
      const credential = { username: "ben", password: LDAP_PASSWORD };
      const pushed = await skopeoPush(
        folder,
        "latest",
        { address: host, credential },
        "team/app:v1",
      );
      expect(pushed).toMatch(/^sha256:/);
      const flags = ["--tls-verify=false", "--creds", `ben:${LDAP_PASSWORD}`];
      const raw = await skopeo(["inspect", "--raw", ...flags, `docker://${host}/team/app:v1`]);
      expect(raw).toContain("schemaVersion");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  async function call(method: string, path: string, body?: unknown): Promise<Response> {
    const { username, password } = server.credential;
    const basic = Buffer.from(`${username}:${password}`).toString("base64");
    return fetch(`${server.url}/api/v2.0${path}`, {
      method,
      headers: { authorization: `Basic ${basic}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async function projectMembers(project: string) {
    const path = `/projects/${project}/members`;
    return {
      add: (body: unknown) => call("POST", path, body),
      list: async () => (await call("GET", path)).json(),
    };
  }

  async function groupId(name: string): Promise<number> {
    const [group] = (await (await call("GET", `/usergroups?group_name=${name}`)).json()) as {
      id: number;
    }[];
    return group!.id;
  }
});
