import type { CurrentSession } from "@entrepot/api";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const PASSWORD = "correct horse";
const ACTOR = { name: "test", cause: "test" };
const TOKENS = "/api/v2.0/users/current/tokens";
const MANIFEST = "/v2/library/app/manifests/v1";

let server: TestServer;
const image = sampleImage();
beforeAll(async () => {
  server = await testServer({ workers: 0 });
  for (const username of ["ann", "bob"]) {
    await server.access.createAccount(ACTOR, { username, password: PASSWORD });
    await server.access.setMember(ACTOR, "library", username, 1);
  }
  await pushSample(server.content.as(ACTOR).repository("library/app"), image, ["v1"]);
});
afterAll(() => server.close());

type Headers = Readonly<Record<string, string>>;

const as = (username: string, password = PASSWORD): Headers => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
});
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

function send(method: string, path: string, headers: Headers = {}, body?: unknown) {
  const json = body !== undefined && { "content-type": "application/json" };
  return fetch(server.url + path, {
    method,
    headers: { ...headers, ...json },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
const status = async (...request: Parameters<typeof send>) => (await send(...request)).status;

async function make(username: string, body: Record<string, unknown>) {
  const answer = await send("POST", TOKENS, as(username), body);
  expect(answer.status).toBe(201);
  return (await answer.json()) as { id: number; secret: string };
}

/** A registry token for all that can be done to `library/app`. */
async function registryToken(headers: Headers): Promise<string> {
  const scope = "repository:library/app:pull,push,delete";
  const answer = await send(
    "GET",
    `/service/token?service=harbor-registry&scope=${scope}`,
    headers,
  );
  return ((await answer.json()) as { token: string }).token;
}

async function session(username: string) {
  const login = { username, password: PASSWORD };
  const answer = await send("POST", "/api/v2.0/sessions", {}, login);
  const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
  const { csrf_token } = (await answer.json()) as CurrentSession;
  return { secret: cookie.split("=")[1]!, csrf_token };
}

test("a token is made, listed without secret, used everywhere, and revoked at once", async () => {
  const made = await send("POST", TOKENS, as("ann"), { name: "laptop" });
  expect(made.status).toBe(201);
  const { secret, ...token } = (await made.json()) as Record<string, unknown>;
  expect(made.headers.get("location")).toBe(`${TOKENS}/${token["id"]}`);
  expect(secret).toMatch(/^ept_/);
  expect(token).toMatchObject({ name: "laptop", read_only: false, last_used_time: null });
  const days = Date.parse(token["expiration_time"] as string) - Date.now();
  expect(Math.round(days / 86_400_000)).toBe(90);

  const own = as("ann", secret as string);
  expect(await status("GET", "/api/v2.0/users/current", own)).toBe(200);
  expect(await status("GET", "/v2/", own)).toBe(200);
  const docker = bearer(await registryToken(own));
  expect(await status("POST", "/v2/library/app/blobs/uploads/", docker)).toBe(202);
  const listed = (await (await send("GET", TOKENS, own)).json()) as Record<string, unknown>[];
  expect(listed).toEqual([{ ...token, last_used_time: expect.any(String) }]);

  const path = `${TOKENS}/${token["id"]}`;
  expect(await status("DELETE", path, as("bob"))).toBe(404);
  expect(await status("DELETE", path, as("ann"))).toBe(200);
  for (const at of ["/api/v2.0/users/current", "/v2/", "/service/token", "/metrics"]) {
    expect([at, await status("GET", at, own)]).toEqual([at, 401]);
  }
  expect(await status("DELETE", path, as("ann"))).toBe(404);
  const audit = await server.catalog.entries(0, 1_000);
  const changes = audit.filter(({ kind }) => kind === "access_token");
  expect(changes.map(({ actor, key, after }) => [actor, key, after?.["readOnly"]])).toEqual([
    ["ann", "ann/laptop", false],
    ["ann", "ann/laptop", undefined],
  ]);
  expect(JSON.stringify(audit)).not.toContain(secret);
});

test.each([
  [{ name: "" }, 400],
  [{ name: "a/b" }, 400],
  [{ name: "<script>" }, 400],
  [{ name: "x".repeat(65) }, 400],
  [{ name: "a", duration: 0 }, 400],
  [{ name: "a", duration: 4_000 }, 400],
  [{ name: "a", duration: 1.5 }, 400],
  [{ name: "a", read_only: "yes" }, 400],
])("%j makes none", async (body, wanted) => {
  expect(await status("POST", TOKENS, as("bob"), body)).toBe(wanted);
  expect(await (await send("GET", TOKENS, as("bob"))).json()).toEqual([]);
});

test("one that may only read pulls, and neither pushes nor deletes nor changes", async () => {
  const { secret } = await make("ann", { name: "reader", duration: -1, read_only: true });
  const own = as("ann", secret);
  const project = "/api/v2.0/projects/library";
  const docker = bearer(await registryToken(own));
  for (const headers of [own, docker]) {
    expect(await status("GET", MANIFEST, headers)).toBe(200);
    expect(await status("POST", "/v2/library/app/blobs/uploads/", headers)).toBe(403);
    expect(
      await status("DELETE", `/v2/library/app/manifests/${image.content.digest}`, headers),
    ).toBe(403);
  }
  expect(await status("GET", project, own)).toBe(200);
  for (const [method, path] of [
    ["PUT", project],
    ["DELETE", project],
    ["DELETE", `${project}/repositories/app`],
    ["DELETE", TOKENS + "/1"],
    ["POST", "/api/v2.0/replication/executions"],
  ] as const) {
    expect([path, await status(method, path, own, {})]).toEqual([path, 403]);
  }
  expect(await status("GET", MANIFEST, as("ann"))).toBe(200);
});

test("no token is good for what another kind is for", async () => {
  const { secret: pat } = await make("ann", { name: "confused" });
  const { secret: cookie, csrf_token } = await session("ann");
  const jwt = await registryToken(as("ann"));
  const me = "/api/v2.0/users/current";
  const cookieOf = (secret: string): Headers => ({
    cookie: `entrepot_session=${secret}`,
    "x-entrepot-csrf": csrf_token,
  });
  const table: [string, string, string, Headers, unknown, number][] = [
    ["a session as a password", "GET", me, as("ann", cookie), undefined, 401],
    ["a session as a password for docker", "GET", "/v2/", as("ann", cookie), undefined, 401],
    ["a session as a registry token", "GET", "/v2/", bearer(cookie), undefined, 401],
    ["a CSRF token as a session", "GET", me, cookieOf(csrf_token), undefined, 401],
    ["a CSRF token as a password", "GET", me, as("ann", csrf_token), undefined, 401],
    ["a token as a session", "GET", me, cookieOf(pat), undefined, 401],
    ["a token as a session, without its mark", "GET", me, cookieOf(pat.slice(4)), undefined, 401],
    ["a token as a registry token", "GET", "/v2/", bearer(pat), undefined, 401],
    ["a registry token as a session", "GET", me, cookieOf(jwt), undefined, 401],
    ["a registry token as a password", "GET", me, as("ann", jwt), undefined, 401],
    ["a registry token at the management API", "GET", me, bearer(jwt), undefined, 403],
    ["a registry token to make tokens", "POST", TOKENS, bearer(jwt), { name: "x" }, 403],
    ["a registry token for another", "GET", "/service/token", bearer(jwt), undefined, 401],
    ["a token to make tokens", "POST", TOKENS, as("ann", pat), { name: "x" }, 403],
  ];
  for (const [what, method, path, headers, body, wanted] of table) {
    expect([what, await status(method, path, headers, body)]).toEqual([what, wanted]);
  }
  const signIn = (password: string) =>
    status("POST", "/api/v2.0/sessions", {}, { username: "ann", password });
  expect([await signIn(pat), await signIn(PASSWORD)]).toEqual([401, 200]);
});

test("a token does not change passwords, its own account's least of all", async () => {
  const { secret } = await make("bob", { name: "thief" });
  const own = as("bob", secret);
  const { user_id } = (await (await send("GET", "/api/v2.0/users/current", own)).json()) as {
    user_id: number;
  };
  const path = `/api/v2.0/users/${user_id}/password`;
  const after = "stolen horse";
  for (const old_password of [secret, PASSWORD]) {
    const body = { old_password, new_password: after };
    expect(await status("PUT", path, own, body)).toBe(403);
  }
  // Nor is it the old password for whoever knows the real one.
  expect(await status("PUT", path, as("bob"), { old_password: secret, new_password: after })).toBe(
    403,
  );
  expect(await status("GET", "/v2/", as("bob"))).toBe(200);
});

test("profiles, looking each other up, and what one may do in a project", async () => {
  const bob = (await (await send("GET", "/api/v2.0/users/current", as("bob"))).json()) as {
    user_id: number;
  };
  const path = `/api/v2.0/users/${bob.user_id}`;
  const profile = { email: "bob@example.test", realname: "Bob <b>" };
  expect(await status("PUT", path, as("ann"), profile)).toBe(403);
  expect(await status("PUT", path, as("bob"), profile)).toBe(200);
  expect(await status("PUT", path, as("bob"), { realname: "Bob" })).toBe(200);
  expect(await (await send("GET", path, as("bob"))).json()).toMatchObject({
    email: "bob@example.test",
    realname: "Bob",
  });
  const found = await send("GET", "/api/v2.0/users/search?username=B", as("ann"));
  expect(await found.json()).toEqual([{ user_id: bob.user_id, username: "bob" }]);

  const projectId = await server.content.projects.create(ACTOR, { name: "closed", public: false });
  await server.access.setMember(ACTOR, "closed", "bob", 3);
  const permissions = async (username: string, scope: string, more = "") => {
    const at = `/api/v2.0/users/current/permissions?scope=${scope}${more}`;
    return (await (await send("GET", at, as(username))).json()) as Record<string, string>[];
  };
  const scope = `/project/${projectId}`;
  const rights = await permissions("bob", scope, "&relative=true");
  expect(rights).toContainEqual({ resource: "repository", action: "pull" });
  expect(rights).not.toContainEqual({ resource: "repository", action: "push" });
  expect(await permissions("bob", scope)).toContainEqual({
    resource: `${scope}/repository`,
    action: "pull",
  });
  for (const nothing of [scope, "/project/999999", "/system", "", "/project/1%27"]) {
    expect(await permissions("ann", nothing)).toEqual([]);
  }
});

test("a token sets no CLI secret, which would outlive it", async () => {
  const current = await send("GET", "/api/v2.0/users/current", as("ann"));
  const { user_id: id } = (await current.json()) as { user_id: number };
  const { id: token, secret } = await make("ann", { name: "no-secret", read_only: false });
  const path = `/api/v2.0/users/${id}/cli_secret`;
  const body = { secret: "Correct-horse-1" };
  expect(await status("PUT", path, as("ann", secret), body)).toBe(403);
  expect(await status("PUT", path, as("ann"), body)).not.toBe(403);
  expect(await status("DELETE", `${TOKENS}/${token}`, as("ann"))).toBe(200);
});
