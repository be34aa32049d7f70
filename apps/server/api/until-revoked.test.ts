import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const PASSWORD = "correct horse";
const ACTOR = { name: "test", cause: "test" };
/** "Within seconds": two between looks, and some for a busy machine. */
const SOON_MS = 10_000;

let server: TestServer;
let logPath: string;
beforeAll(async () => {
  server = await testServer({ workers: 1 });
  const begun = Promise.withResolvers<number>();
  server.jobs.handle({
    kind: "talk",
    maxAttempts: 1,
    retryDelayMs: () => null,
    run: async ({ task, log, signal }) => {
      log("info", "line 1");
      begun.resolve(task.id);
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    },
  });
  const tasks = [{ kind: "talk", lane: "talk", payload: {} }];
  await server.jobs.execute({
    vendor: "TALK",
    vendorId: 1,
    trigger: "manual",
    actor: "test",
    tasks,
  });
  logPath = `/api/v2.0/jobservice/jobs/${await begun.promise}/log?follow=true`;
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.access.deleteAccount(ACTOR, "ann");
  const account = { username: "ann", password: PASSWORD, sysadmin: true };
  await server.access.createAccount(ACTOR, account);
});

const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`ann:${password}`).toString("base64")}`,
});
const annId = async () => (await server.access.findAccount("ann"))!.id;

async function session(): Promise<{ headers: Record<string, string>; id: number }> {
  const answer = await fetch(`${server.url}/api/v2.0/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "ann", password: PASSWORD }),
  });
  const { session_id: id } = (await answer.json()) as { session_id: number };
  return { id, headers: { cookie: answer.headers.get("set-cookie")!.split(";")[0]! } };
}

async function accessToken() {
  const wanted = { name: "ci", readOnly: true, days: null };
  const made = await server.access.createAccessToken(ACTOR, await annId(), wanted);
  return { id: made.id, headers: basic(made.secret) };
}

/** What a stream says, from its first words on; `ended` resolves when it is cut. */
async function following(path: string, headers: Record<string, string>) {
  const answer = await fetch(server.url + path, { headers });
  expect(answer.status).toBe(200);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value: first } = await reader.read();
  const text = { value: first ?? "" };
  const ended = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text.value += value;
    }
  })();
  return { text, ended, stop: () => reader.cancel() };
}

const events = "/api/v2.0/events/stream";
const within = (ended: Promise<void>) =>
  Promise.race([
    ended.then(() => "cut"),
    new Promise((resolve) => setTimeout(resolve, SOON_MS, "still open").unref()),
  ]);

/** What is followed, what the caller comes by, and what ends that. */
const CASES: readonly [string, () => Promise<[Record<string, string>, () => Promise<unknown>]>][] =
  [
    [
      "a session is revoked",
      async () => {
        const { id, headers } = await session();
        return [headers, () => server.access.endSession(id, null)];
      },
    ],
    [
      "a token is revoked",
      async () => {
        const { id, headers } = await accessToken();
        return [headers, async () => server.access.revokeAccessToken(ACTOR, await annId(), id)];
      },
    ],
    [
      "the password is another one",
      async () => [
        basic(PASSWORD),
        () => server.access.changePassword(ACTOR, "ann", "another correct horse"),
      ],
    ],
    [
      "the account is deleted",
      async () => [(await session()).headers, () => server.access.deleteAccount(ACTOR, "ann")],
    ],
    [
      "a system administrator is none any more",
      async () => [
        (await accessToken()).headers,
        () => server.access.setSysadmin(ACTOR, "ann", false),
      ],
    ],
  ];

test.each(CASES)("streams are cut when %s, and others are not", async (_what, prepare) => {
  const [headers, revoke] = await prepare();
  const { username, password } = server.credential;
  const pair = Buffer.from(`${username}:${password}`).toString("base64");
  const other = await following(events, { authorization: `Basic ${pair}` });
  const streams = [await following(events, headers), await following(logPath, headers)];
  expect(streams[0]!.text.value).toContain("event: ready");
  expect(streams[1]!.text.value).toContain("line 1");
  await revoke();
  const cut = await Promise.all(streams.map(({ ended }) => within(ended)));
  expect(cut).toEqual(["cut", "cut"]);

  await server.settings.change(ACTOR, { token_expiration: 17 });
  await expect.poll(() => other.text.value).toContain("token_expiration");
  for (const { text } of streams) expect(text.value).not.toContain("token_expiration");
  await server.settings.change(ACTOR, { token_expiration: null });
  await other.stop();
});
