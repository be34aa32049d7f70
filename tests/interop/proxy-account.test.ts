import { apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCli } from "./entrepot-cli.ts";
import { type HttpProxy, httpProxy } from "./http-proxy.ts";

const NAME = "library/app";
const ACTOR = { name: "test", cause: "test" };
const ACCOUNT = { username: "gate keeper", password: "Open:Sesame/1 ü" };
const SOON = { timeout: 30_000, interval: 50 };

let here: TestServer;
let there: TestServer;
let proxy: HttpProxy;
let other: HttpProxy;
/** The endpoint behind `proxy`, by whose account every test but the first finds it. */
let id: number;
const api = () => apiClient({ url: here.url, credential: here.credential }).registries;
const params = () => ({ id });
const seen = async () => (await api().get({ params: params() })).body;
const kept = { proxy_username: ACCOUNT.username, proxy_password: "*****" };

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer({ workers: 0 })]);
  [proxy, other] = await Promise.all([httpProxy(ACCOUNT), httpProxy(ACCOUNT)]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close(), proxy?.close(), other?.close()]);
});

/** What makes an endpoint of `there`, said to be `account` to the proxy. */
function endpointAs(name: string, account: object) {
  const { username: access_key, password: access_secret } = there.credential;
  const credential = { access_key, access_secret };
  const body = { name, type: "harbor", url: there.url, proxy: proxy.url, credential, ...account };
  return { body: { ...body, insecure: false } };
}

test.each([
  ["nobody", {}],
  ["somebody else", { proxy_username: ACCOUNT.username, proxy_password: "Guess" }],
  ["a user name alone", { proxy_username: ACCOUNT.username }],
])("as %s an endpoint behind it does not answer, told without the password", async (_, account) => {
  const failure = await api()
    .create(endpointAs("none", account))
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "BAD_REQUEST", message: expect.stringMatching(/proxy/i) });
  expect((failure as Error).message).not.toContain("Guess");
});

test("an endpoint is replicated to through a proxy that asks who one is", async () => {
  const account = { proxy_username: ACCOUNT.username, proxy_password: ACCOUNT.password };
  const { created } = await api().create(endpointAs("there", account));
  id = Number(created);
  expect(await seen()).toMatchObject(kept);
  const settings = { name: "p", dest_registry: { id }, trigger: { type: "event_based" } } as const;
  await apiClient({ url: here.url, credential: here.credential }).policies.create({
    body: settings as never,
  });
  const refused = proxy.refused;
  const digest = await pushSample(here.content.as(ACTOR).repository(NAME), sampleImage(), ["v1"]);
  await vi.waitFor(async () => {
    const found = await there.content.as(ACTOR).repository(NAME).resolve("v1");
    expect(found?.digest).toBe(digest);
  }, SOON);
  expect(proxy.refused).toBe(refused);
  expect(proxy.tunnels.length + proxy.passed.length).toBeGreaterThan(0);
});

test("an update that leaves the account out keeps it", async () => {
  await api().update({ params: params(), body: { description: "still behind its proxy" } });
  await api().ping({ body: { id } });
  await api().ping({ body: { id, concurrency: 3 } });
  expect(await seen()).toMatchObject(kept);
});

test("no stored secret goes through another proxy, and that asks nobody until told", async () => {
  const body = { proxy: other.url };
  const again = /give access_secret again when the proxy changes/;
  await expect(api().update({ params: params(), body })).rejects.toThrow(again);
  await expect(api().ping({ body: { id, ...body } })).rejects.toThrow(again);
  const secret = { ...body, access_secret: there.credential.password };
  const password = /give proxy_password again when the proxy changes/;
  await expect(api().update({ params: params(), body: secret })).rejects.toThrow(password);
  expect(other.refused + other.tunnels.length + other.passed.length).toBe(0);
  await api().ping({ body: { id, ...secret, proxy_password: ACCOUNT.password } });
  expect(await seen()).toMatchObject({ ...kept, proxy: proxy.url });
});

test.each([
  ["a password of nobody", { proxy_username: "", proxy_password: "x" }, /needs a proxy_username/],
  ["a user of no proxy", { proxy: "", proxy_username: "x" }, /needs a proxy/],
  ["a user with a colon", { proxy_username: "a:b" }, /no colon/],
  ["both in the address", { proxy: "http://a:b@host:1" }, /give proxy_username and proxy_password/],
])("%s is refused", async (_, body, reason) => {
  await expect(api().update({ params: params(), body })).rejects.toThrow(reason);
});

test("the command line takes it from the environment, and never shows it", async () => {
  const env = { THERE: there.credential.password, GATE: ACCOUNT.password };
  const secret = ["-u", there.credential.username, "--secret-env", "THERE"];
  const gate = ["--proxy-username", ACCOUNT.username, "--proxy-password-env", "GATE"];
  const add = ["registry", "add", "by-hand", there.url, ...secret, "--proxy", proxy.url, ...gate];
  expect(await runCli(here, add, env)).toContain("Added registry endpoint by-hand");
  const move = ["registry", "update", "by-hand", "--proxy", other.url];
  await expect(runCli(here, move)).rejects.toThrow(/give access_secret again/);
  const again = ["--secret-env", "THERE", "--proxy-password-env", "GATE"];
  await runCli(here, [...move, ...again], env);
  const said = await runCli(here, ["registry", "show", "by-hand"]);
  expect(said).toMatch(new RegExp(`PROXY USER +${ACCOUNT.username}`));
  expect(said).toContain(other.url);
  expect(said).not.toContain("Sesame");
});

test("the password is nowhere in the database, in the clear or only encoded", async () => {
  const { db } = here.catalog;
  const bytes = Buffer.from(ACCOUNT.password);
  const forms = [ACCOUNT.password, bytes.toString("hex"), bytes.toString("base64"), "Sesame"];
  const { rows: tables } = await sql<{ name: string }>`
    SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`.execute(db);
  expect(tables.length).toBeGreaterThan(20);
  for (const { name } of tables) {
    const { rows } = await sql<{ found: string }>`
      SELECT t::text AS found FROM ${sql.table(name)} AS t
      WHERE EXISTS (SELECT FROM unnest(${forms}::text[]) AS form WHERE strpos(t::text, form) > 0)
    `.execute(db);
    expect(rows, name).toEqual([]);
  }
  const { rows } = await sql<{ sealed: Buffer | null }>`
    SELECT proxy_password_sealed AS sealed FROM registry_endpoint WHERE id = ${id}`.execute(db);
  expect(rows[0]!.sealed!.length).toBeGreaterThan(bytes.length);
});

test("the account goes with its user name, and with its proxy", async () => {
  await api().update({ params: params(), body: { proxy: "" } });
  expect(await seen()).toMatchObject({ proxy: "", proxy_username: "", proxy_password: "" });
  const body = { proxy: proxy.url, access_secret: there.credential.password };
  await expect(api().update({ params: params(), body })).rejects.toThrow(/proxy/i);
});
