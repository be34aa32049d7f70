import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SESSION_MINUTES } from "./access-settings.ts";
import { ANONYMOUS, type Identity } from "./identity.ts";
import { hashOfSecret } from "./secrets.ts";
import { csrfTokenOf, isCsrfToken, openSessions, type Sessions } from "./sessions.ts";
import { PASSWORD, type TestAccess, testAccess } from "./test-access.ts";

const HERE = { address: "10.0.0.1", userAgent: "browser" };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const actor = { name: "root", cause: "test" };

let room: TestAccess;
let guest: Identity;
let accountId: number;
beforeAll(async () => {
  room = await testAccess();
  guest = await room.as("guest");
  accountId = guest.accountId!;
});
afterAll(() => room.close());
beforeEach(() => room.catalog.db.deleteFrom("session").execute());

const begin = (origin = HERE) => room.access.beginSession(guest, origin);
const list = (sessions: Sessions = room.access) =>
  sessions.listSessions({ accountId, offset: 0, limit: 10 });

test("a session is its account, by a secret of which only a hash is kept", async () => {
  const { id, secret, identity } = await begin({ address: "::1", userAgent: "é\n".repeat(500) });
  expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(identity).toEqual({ ...guest, session: id });
  expect(await room.access.resumeSession(secret)).toEqual(identity);
  const [row] = await room.catalog.db.selectFrom("session").selectAll().execute();
  expect(row).toMatchObject({ hash: hashOfSecret(secret), address: "::1" });
  expect(row!.user_agent).toBe("?".repeat(256));
  expect(JSON.stringify(row)).not.toContain(secret);
  expect((await room.catalog.entries(0, 100)).map(({ kind }) => kind)).not.toContain("session");
});

test.each(["", "x", "é".repeat(43), "x\0".repeat(30), "A".repeat(43), `ept_${"A".repeat(43)}`])(
  "%j is nobody's secret",
  async (secret) => {
    await begin();
    expect(await room.access.resumeSession(secret)).toBe(null);
  },
);

test("neither a token nor a robot nor nobody begins one", async () => {
  const forbidden = { code: "FORBIDDEN" };
  const { access } = room;
  const held = await room.holding("guest", "repository:closed/app:pull");
  await expect(access.beginSession(held, HERE)).rejects.toMatchObject(forbidden);
  const byToken = { ...guest, accessToken: 1 };
  await expect(access.beginSession(byToken, HERE)).rejects.toMatchObject(forbidden);
  const robot: Identity = { ...guest, kind: "robot", accountId: null, robotId: 1 };
  await expect(access.beginSession(robot, HERE)).rejects.toMatchObject(forbidden);
  await expect(access.beginSession(ANONYMOUS, HERE)).rejects.toMatchObject({
    code: "UNAUTHORIZED",
  });
});

describe("time", () => {
  const idleMs = SESSION_MINUTES.initial * MINUTE_MS;

  test("unused, it ends when the setting says; used, after thirty days", async () => {
    const start = room.time.now;
    const { secret: idle } = await begin();
    const { secret: busy } = await begin();
    room.time.now = start + idleMs - MINUTE_MS;
    expect(await room.access.resumeSession(busy)).not.toBe(null);
    room.time.now = start + idleMs;
    expect(await room.access.resumeSession(idle)).toBe(null);
    expect((await list()).total).toBe(1);
    let uses = 0;
    while (await room.access.resumeSession(busy)) {
      room.time.now += idleMs / 2;
      uses += 1;
    }
    expect(room.time.now - start).toBeGreaterThanOrEqual(30 * DAY_MS);
    expect(room.time.now - start).toBeLessThan(30 * DAY_MS + idleMs);
    expect(uses).toBeGreaterThan(10);
    expect((await list()).total).toBe(0);
    await room.access.tidyUp();
    expect(await room.catalog.db.selectFrom("session").execute()).toEqual([]);
  });

  test("that it was seen is noted once a minute", async () => {
    const { secret } = await begin();
    const seen = async () => (await list()).items[0]!.seenAt.getTime();
    const start = room.time.now;
    room.time.now = start + MINUTE_MS - 1;
    await room.access.resumeSession(secret);
    expect(await seen()).toBe(start);
    room.time.now = start + MINUTE_MS;
    await Promise.all([1, 2, 3].map(() => room.access.resumeSession(secret)));
    expect(await seen()).toBe(start + MINUTE_MS);
  });

  test("what only looks whether it is still there does not keep it", async () => {
    const { secret } = await begin();
    const start = room.time.now;
    for (let at = 0; at < idleMs; at += idleMs / 4) {
      room.time.now = start + at;
      expect(await room.access.resumeSession(secret, true)).not.toBe(null);
    }
    room.time.now = start + idleMs;
    expect(await room.access.resumeSession(secret, true)).toBe(null);
  });

  test("a shorter time of the settings counts at once", async () => {
    const clock = () => room.time.now;
    let minutes = 60;
    const settings = { get: () => minutes as never };
    const sessions = openSessions({ catalog: room.catalog, settings, clock });
    const { secret } = await sessions.beginSession(guest, HERE);
    room.time.now += 30 * MINUTE_MS;
    expect(await sessions.resumeSession(secret)).not.toBe(null);
    room.time.now += 10 * MINUTE_MS;
    minutes = 5;
    expect(await sessions.resumeSession(secret)).toBe(null);
  });
});

describe("ending", () => {
  test("one, by its owner or by anybody who may; on all nodes", async () => {
    const other = openSessions({ catalog: room.catalog, clock: () => room.time.now });
    const { id, secret } = await begin();
    expect(await other.resumeSession(secret)).toMatchObject({ session: id });
    expect(await other.endSession(id, accountId + 1)).toBe(false);
    expect(await other.endSession(id, accountId)).toBe(true);
    expect(await other.endSession(id, accountId)).toBe(false);
    expect(await room.access.resumeSession(secret)).toBe(null);
    expect(await other.endSession((await begin()).id, null)).toBe(true);
    expect(await other.endSession(2 ** 40, null)).toBe(false);
  });

  test("all but one", async () => {
    const { id, secret } = await begin();
    await begin();
    await room.access.endSessions(accountId, id);
    expect((await list()).items.map((session) => session.id)).toEqual([id]);
    await room.access.endSessions(accountId);
    expect(await room.access.resumeSession(secret)).toBe(null);
  });

  test("the oldest of a hundred make room", async () => {
    const { secret: first } = await begin();
    const { secret: second } = await begin();
    for (let i = 0; i < 99; i++) await begin();
    expect((await list()).total).toBe(100);
    expect(await room.access.resumeSession(first)).toBe(null);
    expect(await room.access.resumeSession(second)).not.toBe(null);
  });

  test("with a new password, and with the account", async () => {
    const account = { username: "leaver", password: PASSWORD };
    await room.access.createAccount(actor, account);
    const login = async (password: string) => room.access.login("leaver", password, "10.0.0.2");
    const { secret } = await room.access.beginSession(await login(PASSWORD), HERE);
    const { secret: others } = await begin();
    await room.access.changePassword(actor, "leaver", "another horse");
    expect(await room.access.resumeSession(secret)).toBe(null);
    const again = await room.access.beginSession(await login("another horse"), HERE);
    await room.access.deleteAccount(actor, "leaver");
    expect(await room.access.resumeSession(again.secret)).toBe(null);
    expect(await room.access.resumeSession(others)).not.toBe(null);
  });

  test("who is a system administrator is asked anew", async () => {
    const root = await room.as("root");
    const { secret } = await room.access.beginSession(root, HERE);
    expect(await room.access.resumeSession(secret)).toMatchObject({ sysadmin: true });
    const set = (sysadmin: boolean) =>
      room.catalog.db.updateTable("account").set({ sysadmin }).where("username", "=", "root");
    await set(false).execute();
    expect(await room.access.resumeSession(secret)).toMatchObject({ sysadmin: false });
    await set(true).execute();
  });
});

test("the CSRF token goes with the secret, and does not tell it", async () => {
  const [one, two] = [(await begin()).secret, (await begin()).secret];
  expect(csrfTokenOf(one)).toBe(csrfTokenOf(one));
  expect(isCsrfToken(csrfTokenOf(one), one)).toBe(true);
  for (const wrong of ["", "x", one, csrfTokenOf(two), `${csrfTokenOf(one)}x`, "é".repeat(43)]) {
    expect(isCsrfToken(wrong, one)).toBe(false);
  }
  expect(await room.access.resumeSession(csrfTokenOf(one))).toBe(null);
});
