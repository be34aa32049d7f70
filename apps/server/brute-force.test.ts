import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { openCatalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { memoryStore } from "@entrepot/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type UnheardServer, unheardServer } from "./testing.ts";

/*
 * Guesses at two nodes of one database, each through the node's own HTTP handler, from whatever
 * address the test says.
 */

const PASSWORD = "correct horse";
const closers: (() => Promise<unknown>)[] = [];
let nodes: UnheardServer[];

beforeAll(async () => {
  const { catalog, url, close } = await testCatalog();
  closers.push(close);
  const second = await openCatalog({ url, maxConnections: 4 });
  closers.push(() => second.close());
  const options = { store: memoryStore(), masterKey: randomBytes(32), adminPassword: PASSWORD };
  nodes = [];
  for (const one of [catalog, second])
    nodes.push(await unheardServer({ ...options, catalog: one }));
});
afterAll(async () => {
  for (const node of nodes) {
    await node.jobs.stop(0);
    await node.replication.close();
    await node.events.close();
  }
  for (const close of closers.toReversed()) await close();
});

/** The status that `password` of admin gets at node `n`, and for how long it has to wait. */
async function guess(n: number, address: string, password: string, path = "/v2/") {
  const pair = Buffer.from(`admin:${password}`).toString("base64");
  const headers = { authorization: `Basic ${pair}` };
  const incoming = { socket: { remoteAddress: address } } as IncomingMessage;
  const request = new Request(`http://registry.test${path}`, { headers });
  const answer = await nodes[n % nodes.length]!.handler(request, { incoming });
  return { status: answer.status, retryAfter: answer.headers.get("retry-after") };
}

const PLACES = ["/v2/", "/service/token", "/api/v2.0/users/current", "/v2/_catalog"];

test("guesses at any node and any door count together; their target can still log in", async () => {
  const guesses = Array.from({ length: 8 }, (_one, i) =>
    guess(i, "192.0.2.1", `guess ${i}`, PLACES[i % PLACES.length]),
  );
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);

  // However slow this machine is: the wait is not over before all have asked.
  const blocked_until = new Date(Date.now() + 600_000);
  await nodes[0]!.catalog.db.updateTable("login_attempt").set({ blocked_until }).execute();
  for (const path of PLACES) {
    const refused = await guess(1, "192.0.2.1", PASSWORD, path);
    expect([path, refused]).toEqual([
      path,
      { status: 429, retryAfter: expect.stringMatching(/^[1-9]/) },
    ]);
  }
  expect((await guess(0, "198.51.100.7", PASSWORD)).status).toBe(200);
});

test("guessed at from everywhere, admin gets in from anywhere new, and stays in", async () => {
  expect((await guess(0, "198.51.100.8", PASSWORD)).status).toBe(200);
  const tried: number[] = [];
  for (let i = 0; i < 22; i++) {
    const address = `203.0.113.${i}`;
    const answers = await Promise.all([1, 2, 3].map((n) => guess(n, address, `guess ${n}`)));
    tried.push(answers.filter(({ status }) => status === 401).length);
  }
  // From the fiftieth on, an address has two instead of five.
  expect(tried.slice(0, 10)).toEqual(tried.slice(0, 10).map(() => 3));
  expect(tried.slice(-3)).toEqual(tried.slice(-3).map(() => 2));
  expect((await guess(1, "127.0.0.1", PASSWORD)).status).toBe(200);
  for (let i = 0; i < 20; i++) expect((await guess(i, "198.51.100.8", PASSWORD)).status).toBe(200);
}, 60_000);

test("what is remembered as right asks the throttle nothing", async () => {
  await guess(0, "198.51.100.9", PASSWORD);
  const { catalog } = nodes[0]!;
  await catalog.db.deleteFrom("login_attempt").execute();
  await catalog.db.schema.alterTable("login_attempt").renameTo("login_attempt_gone").execute();
  try {
    expect((await guess(0, "198.51.100.9", PASSWORD)).status).toBe(200);
    expect((await guess(0, "198.51.100.9", "wrong")).status).toBe(500);
  } finally {
    await catalog.db.schema
      .alterTable("login_attempt_gone" as "login_attempt")
      .renameTo("login_attempt")
      .execute();
  }
});
