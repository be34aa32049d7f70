import type { CurrentSession, Session } from "@entrepot/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const PASSWORD = "correct horse";
const ACTOR = { name: "test", cause: "test" };
const SESSIONS = "/api/v2.0/sessions";
const CURRENT = `${SESSIONS}/current`;
const LABELS = "/api/v2.0/labels";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ workers: 0 });
  for (const username of ["ann", "bob"]) {
    await server.access.createAccount(ACTOR, { username, password: PASSWORD });
  }
  await server.access.createAccount(ACTOR, {
    username: "root",
    password: PASSWORD,
    sysadmin: true,
  });
});
afterAll(() => server.close());

const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

type Headers = Readonly<Record<string, string>>;

function send(method: string, path: string, headers: Headers = {}, body?: unknown) {
  const json = body !== undefined && { "content-type": "application/json" };
  return fetch(server.url + path, {
    method,
    headers: { ...headers, ...json },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const signInWith = (body: unknown, headers?: Headers) => send("POST", SESSIONS, headers, body);

/** Somebody signed in: the headers of their reading and of their changes. */
async function signIn(username: string, headers: Headers = {}) {
  const answer = await signInWith({ username, password: PASSWORD }, headers);
  expect(answer.status).toBe(200);
  const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
  const body = (await answer.json()) as CurrentSession;
  const id = body.session_id!;
  return { id, reads: { cookie }, changes: { cookie, "x-entrepot-csrf": body.csrf_token }, body };
}

const namesOf = async (answer: Response) =>
  ((await answer.json()) as Session[]).map(({ id, current }) => [id, current]);

test.each<[string, Headers, boolean]>([
  ["a page that somebody is at", {}, true],
  ["a page that asks by itself", { "x-entrepot-unattended": "1" }, false],
  ["a stream that opens again by itself", { accept: "text/event-stream" }, false],
])("%s keeps its session: %o %s", async (_what, headers, keeps) => {
  const { id, reads } = await signIn("bob");
  const session = server.catalog.db.selectFrom("session").select("seen_at");
  const seenAt = async () =>
    (await session.where("id", "=", id).executeTakeFirstOrThrow()).seen_at.getTime();
  const before = new Date(Date.now() - 600_000);
  const { db } = server.catalog;
  await db.updateTable("session").set({ seen_at: before }).where("id", "=", id).execute();
  expect((await send("GET", LABELS, { ...reads, ...headers })).status).toBe(200);
  expect((await seenAt()) > before.getTime()).toBe(keeps);
});

test("signing in sets a cookie that pages cannot read and other sites do not send", async () => {
  const answer = await signInWith({ username: "ann", password: PASSWORD });
  const cookie = answer.headers.get("set-cookie");
  expect(cookie).toMatch(
    /^entrepot_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/,
  );
  expect(await answer.json()).toMatchObject({
    session_id: expect.any(Number),
    csrf_token: expect.stringMatching(/^[\w-]{43}$/),
    user: { username: "ann", sysadmin_flag: false },
  });
});

test("where the public address is HTTPS, the cookie goes nowhere else", async () => {
  const secure = await testServer({ workers: 0, publicUrl: "https://registry.test" });
  try {
    const { username, password } = secure.credential;
    const answer = await fetch(secure.url + SESSIONS, {
      method: "POST",
      headers: { "content-type": "application/json", origin: "https://registry.test" },
      body: JSON.stringify({ username, password }),
    });
    const cookie = answer.headers.get("set-cookie")!;
    expect(cookie).toMatch(/^__Host-entrepot_session=[\w-]{43}; Path=\/; .*; Secure$/);
    expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
    const [pair] = cookie.split(";");
    const by = (text: string) => fetch(secure.url + CURRENT, { headers: { cookie: text } });
    expect((await by(pair!)).status).toBe(200);
    // One that another host of the domain may have set counts for nothing.
    expect((await by(pair!.replace("__Host-", ""))).status).toBe(401);
  } finally {
    await secure.close();
  }
});

test.each([
  ["a wrong password", { username: "ann", password: "wrong" }, 401],
  ["nobody's name", { username: "nobody", password: PASSWORD }, 401],
  ["no password", { username: "ann" }, 400],
  ["a password as an object", { username: "ann", password: { $ne: "" } }, 400],
])("%s signs in nobody", async (_what, body, status) => {
  const answer = await signInWith(body);
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([status, null]);
});

test("no fixation: a cookie from before is not what signing in makes good", async () => {
  const planted = { cookie: `entrepot_session=${"A".repeat(43)}` };
  const first = await signIn("ann", planted);
  expect(first.reads).not.toEqual(planted);
  expect((await send("GET", CURRENT, planted)).status).toBe(401);
  // Signed in again, as anybody, the session from before has ended.
  const second = await signIn("bob", first.reads);
  expect(second.reads).not.toEqual(first.reads);
  expect((await send("GET", CURRENT, first.reads)).status).toBe(401);
  expect((await send("GET", CURRENT, second.reads)).status).toBe(200);
});

test("current tells the caller and what changes need; Basic needs nothing", async () => {
  const { reads, body } = await signIn("ann");
  const current = await send("GET", CURRENT, reads);
  expect(current.headers.get("cache-control")).toBe("no-store");
  expect(await current.json()).toEqual(body);
  const authorization = basic("ann", PASSWORD);
  const byBasic = (await (await send("GET", CURRENT, { authorization })).json()) as CurrentSession;
  expect(byBasic).toEqual({ session_id: null, csrf_token: "", user: body.user });
  expect((await send("GET", CURRENT)).status).toBe(401);
});

test("a cookie is good for the management API alone", async () => {
  const { reads } = await signIn("root");
  expect((await send("GET", "/v2/", reads)).status).toBe(401);
  expect((await send("GET", "/v2/_catalog", reads)).status).toBe(401);
  expect((await send("GET", "/metrics", reads)).status).toBe(401);
  const token = await send("GET", "/service/token?service=harbor-registry", reads);
  const { token: jwt } = (await token.json()) as { token: string };
  const payload = JSON.parse(Buffer.from(jwt.split(".")[1]!, "base64url").toString());
  expect([payload.sub, payload.account]).toEqual(["", null]);
});

test("an Authorization header wins over the cookie, also a wrong one", async () => {
  const { reads } = await signIn("root");
  const mixed = { ...reads, authorization: basic("ann", PASSWORD) };
  const current = (await (await send("GET", CURRENT, mixed)).json()) as CurrentSession;
  expect([current.user.username, current.session_id]).toEqual(["ann", null]);
  const wrong = { ...reads, authorization: basic("ann", "wrong") };
  expect((await send("GET", CURRENT, wrong)).status).toBe(401);
});

test("ending: by the owner, by an administrator, all others, and signing out", async () => {
  const [one, two, three] = [await signIn("bob"), await signIn("bob"), await signIn("bob")];
  const listed = await send("GET", `${SESSIONS}?page_size=3`, one.reads);
  expect(await namesOf(listed)).toEqual([
    [three.id, false],
    [two.id, false],
    [one.id, true],
  ]);
  const ann = await signIn("ann");
  const end = (id: number | "current", by: Headers) => send("DELETE", `${SESSIONS}/${id}`, by);
  expect((await end(two.id, ann.changes)).status).toBe(404);
  expect((await end(two.id, one.changes)).status).toBe(200);
  expect((await send("GET", CURRENT, two.reads)).status).toBe(401);

  const root = await signIn("root");
  expect((await end(three.id, root.changes)).status).toBe(200);
  expect((await send("GET", CURRENT, three.reads)).status).toBe(401);
  const { user_id } = ann.body.user;
  const ofAnn = `${SESSIONS}?user_id=${user_id}`;
  expect((await send("GET", ofAnn, one.reads)).status).toBe(403);
  expect((await namesOf(await send("GET", ofAnn, root.reads))).at(0)).toEqual([ann.id, false]);

  const four = await signIn("bob");
  expect((await send("DELETE", SESSIONS, four.changes)).status).toBe(200);
  expect((await send("GET", CURRENT, one.reads)).status).toBe(401);
  const out = await end("current", four.changes);
  expect(out.headers.get("set-cookie")).toMatch(/^entrepot_session=; Path=\/; Max-Age=0;/);
  expect((await send("GET", CURRENT, four.reads)).status).toBe(401);
  expect((await end("current", { authorization: basic("bob", PASSWORD) })).status).toBe(404);
});

test("a new password ends them all", async () => {
  await server.access.createAccount(ACTOR, { username: "cleo", password: PASSWORD });
  const { reads, changes, body } = await signIn("cleo");
  const path = `/api/v2.0/users/${body.user.user_id}/password`;
  const passwords = { old_password: PASSWORD, new_password: "another horse" };
  expect((await send("PUT", path, changes, passwords)).status).toBe(200);
  expect((await send("GET", CURRENT, reads)).status).toBe(401);
});

test("a change needs the token of its own session, and to come from our own pages", async () => {
  const { changes, reads } = await signIn("root");
  const other = await signIn("root");
  const host = new URL(server.url).host;
  const authorization = basic("root", PASSWORD);
  const token = changes["x-entrepot-csrf"];
  const table: [string, Headers, number][] = [
    ["the cookie and its token", changes, 201],
    ["Harbor's name of the header", { ...reads, "x-harbor-csrf-token": token }, 201],
    ["no token", reads, 403],
    ["an empty token", { ...reads, "x-entrepot-csrf": "" }, 403],
    ["another session's token", { ...reads, "x-entrepot-csrf": other.body.csrf_token }, 403],
    ["a token without its cookie", { "x-entrepot-csrf": token }, 401],
    ["our own origin", { ...changes, origin: `http://${host}` }, 201],
    ["our own origin behind a proxy that ends TLS", { ...changes, origin: `https://${host}` }, 201],
    ["a foreign origin", { ...changes, origin: "https://evil.test" }, 403],
    ["an origin of another port", { ...changes, origin: "http://127.0.0.1:1" }, 403],
    ["no origin that is told", { ...changes, origin: "null" }, 403],
    ["a page of ours", { ...changes, "sec-fetch-site": "same-origin" }, 201],
    ["the address bar", { ...changes, "sec-fetch-site": "none" }, 201],
    ["another host of the domain", { ...changes, "sec-fetch-site": "same-site" }, 403],
    ["another site", { ...changes, "sec-fetch-site": "cross-site" }, 403],
    ["Basic", { authorization }, 201],
    ["Basic with a wrong token", { authorization, "x-entrepot-csrf": "x" }, 201],
    ["Basic that a browser remembers", { authorization, "sec-fetch-site": "cross-site" }, 403],
  ];
  for (const [n, [what, headers, status]] of table.entries()) {
    const answer = await send("POST", LABELS, headers, { name: `label ${n}`, scope: "g" });
    expect([what, answer.status]).toEqual([what, status]);
  }
  const elsewhere = { origin: "https://evil.test" };
  expect((await send("GET", CURRENT, { ...reads, ...elsewhere })).status).toBe(200);
  const login = { username: "ann", password: PASSWORD };
  expect((await signInWith(login, elsewhere)).status).toBe(403);
  expect((await signInWith(login, { "sec-fetch-site": "cross-site" })).status).toBe(403);
});

test("a form of another site cannot send JSON, and changes nothing", async () => {
  const { reads } = await signIn("root");
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const answer = await fetch(server.url + LABELS, {
      method: "POST",
      headers: { ...reads, "content-type": type },
      body: JSON.stringify({ name: type, scope: "g" }),
    });
    expect(answer.status).toBe(403);
  }
});
