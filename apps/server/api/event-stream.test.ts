import { routes } from "@entrepot/api";
import { type ApiClient, apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChangeFeed } from "../change-feed.ts";
import { testServer, type TestServer } from "../testing.ts";

const PASSWORD = "Correct-Horse-9";
const actor = { name: "test", cause: "test" };
let server: TestServer;
let admin: ApiClient;
let dev: ApiClient;

beforeAll(async () => {
  server = await testServer({ workers: 2 });
  admin = apiClient({ url: server.url, credential: server.credential });
  await server.access.createAccount(actor, { username: "dev", password: PASSWORD });
  for (const name of ["mine", "theirs"]) {
    await server.content.projects.create(actor, { name, public: false });
  }
  await server.access.setMember(actor, "mine", "dev", 2);
  dev = apiClient({ url: server.url, credential: { username: "dev", password: PASSWORD } });
});
afterAll(() => server.close());

/** Follows, once it is ready; `until` gives what came up to the event that fits. */
async function following(
  client: ApiClient,
  query: { project?: string; after?: number } = {},
): Promise<{ seq: number; until: (fits: RegExp) => Promise<string[]>; stop: () => void }> {
  const stopping = new AbortController();
  const events = client.events(routes.eventStream.follow, { query, signal: stopping.signal });
  const ready = await events.next();
  const { event, data } = ready.value!;
  expect(event).toBe("ready");
  return {
    seq: JSON.parse(data).seq,
    stop: () => stopping.abort(),
    async until(fits) {
      const told: string[] = [];
      for (;;) {
        const next = await events.next();
        if (next.done) throw new Error(`it ended after ${told.join(", ")}`);
        const { kind, key, vendor, status } = JSON.parse(next.value.data);
        const name = kind
          ? `${kind} ${key}`
          : `${next.value.event} ${vendor ?? ""} ${status ?? ""}`;
        told.push(name.trim());
        if (fits.test(told.at(-1)!)) return told;
      }
    },
  };
}

const push = (repository: string, tag: string) =>
  pushSample(server.content.as(actor).repository(repository), sampleImage(), [tag]);

test("everybody is told of what they may see, as it happens, and of nothing else", async () => {
  const [all, some, one] = [
    await following(admin),
    await following(dev),
    await following(admin, { project: "theirs" }),
  ];
  await push("theirs/secret", "v1");
  await push("mine/app", "v1");
  await server.settings.change(actor, { token_expiration: 15 });
  await push("theirs/secret", "last");

  const everything = await all.until(/tag theirs\/secret:last/);
  expect(everything).toContain("repository theirs/secret");
  expect(everything).toContain("tag mine/app:v1");
  expect((await some.until(/setting/)).map((name) => name.split("@")[0])).toEqual([
    "repository mine/app",
    "manifest mine/app",
    "tag mine/app:v1",
    "setting token_expiration",
  ]);
  const theirs = await one.until(/:last/);
  expect(theirs.filter((name) => !name.includes("theirs/"))).toEqual([]);
  for (const stream of [all, some, one]) stream.stop();
});

test("whoever comes again is told what it missed, in order", async () => {
  const before = await following(admin);
  before.stop();
  await push("mine/app", "v2");
  await push("mine/app", "v3");
  const after = await following(admin, { after: before.seq });
  const told = await after.until(/:v3/);
  expect(told.filter((name) => name.startsWith("tag"))).toEqual([
    "tag mine/app:v2",
    "tag mine/app:v3",
  ]);
  after.stop();
});

test("one who has missed more than is kept ready is told to read anew", async () => {
  const before = await following(admin);
  before.stop();
  await server.catalog.commit(actor, async ({ record }) => {
    for (let n = 0; n < 1_001; n++) record({ kind: "conflict", key: `mine/app:${n}`, after: null });
  });
  const after = await following(admin, { after: before.seq });
  await push("mine/app", "v4");
  const told = await after.until(/:v4/);
  expect(told[0]).toBe("reset");
  expect(told.filter((name) => name.startsWith("conflict"))).toEqual([]);
  after.stop();
});

test("executions are told as they begin and end", async () => {
  const stream = await following(admin);
  await admin.checks.start({ body: { parameters: {} } as never });
  const told = await stream.until(/CHECK (?:Success|Error)/);
  expect(told).toContain("execution CHECK Running");
  stream.stop();
});

test("nobody follows without an account, nor too many times", async () => {
  const nobody = apiClient({ url: server.url });
  await expect(following(nobody)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  const open = [];
  for (let n = 0; n < 20; n++) open.push(await following(dev));
  await expect(following(dev)).rejects.toMatchObject({ code: "TOOMANYREQUESTS" });
  for (const stream of open) stream.stop();
});

test("streams end when the server closes", async () => {
  const other = await testServer({ workers: 0 });
  const client = apiClient({ url: other.url, credential: other.credential });
  const stream = await following(client);
  const ended = expect(stream.until(/never/)).rejects.toThrow(/it ended/);
  await other.close();
  await ended;
});

test("whoever asks for the headers alone takes no stream from others", async () => {
  const { username, password } = server.credential!;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const path = routes.eventStream.follow.path;
  for (let n = 0; n < 25; n++) {
    const answer = await fetch(`${server.url}${path}`, {
      method: "HEAD",
      headers: { authorization },
    });
    expect(answer.status).toBe(200);
  }
  (await following(admin)).stop();
});

test("a feed that cannot begin while something is committed may be begun again", async () => {
  const { catalog } = server;
  let wake = () => {};
  let isDown = true;
  const head = () => (isDown ? Promise.reject(new Error("down")) : catalog.head());
  const onCommit = (listener: () => void) => {
    wake = listener;
    return () => {};
  };
  const feed = openChangeFeed({ ...catalog, head, onCommit }, { onStatus: () => {} }, () => {});
  const failed = feed.follow(() => {});
  wake();
  await expect(failed).rejects.toThrow("down");
  isDown = false;
  const told: string[] = [];
  const leave = await feed.follow((happened) => {
    for (const one of happened) if (one.event === "change") told.push(one.key);
  });
  await push("mine/app", "again");
  wake();
  await expect.poll(() => told).toContain("mine/app:again");
  leave();
});
