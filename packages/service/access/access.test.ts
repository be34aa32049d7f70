import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAccess } from "./access.ts";
import { ANONYMOUS } from "./identity.ts";
import { scopesOf, needsToken } from "./refusal.ts";
import { basic, PASSWORD, testAccess, type TestAccess, withAuthorization } from "./test-access.ts";

const HERE = "10.0.0.1";
const actor = { name: "root", cause: "test" };

let room: TestAccess;
beforeAll(async () => {
  room = await testAccess();
});
afterAll(() => room.close());
beforeEach(() => {
  room.time.now += 3_600_000;
});

function authenticate(authorization: string, address = HERE) {
  return room.access.authenticate(withAuthorization(authorization), address);
}

describe("authenticate", () => {
  test("without Authorization one is anonymous", async () => {
    const request = new Request("http://registry.test/v2/");
    expect(await room.access.authenticate(request, HERE)).toEqual(ANONYMOUS);
  });

  test("Basic", async () => {
    const identity = await authenticate(basic("root", PASSWORD));
    expect(identity).toMatchObject({ kind: "account", name: "root", sysadmin: true, grants: null });
    expect(await authenticate(basic("root", PASSWORD).replace("Basic", "bAsIc"))).toEqual(identity);
  });

  test("a registry token carries no system-wide right", async () => {
    const held = await room.holding("root", "repository:closed/app:pull");
    expect(held).toMatchObject({ name: "root", sysadmin: false });
    expect(held.grants).toHaveLength(1);
  });

  test.each([
    basic("guest", "wrong"),
    basic("nobody", PASSWORD),
    basic("guest", ""),
    basic("", ""),
    basic("guest", "x".repeat(5_000)),
    basic("x".repeat(2_000), "x"),
    "Basic",
    "Basic bm9jb2xvbg==",
    "Bearer",
    "Bearer x.y.z",
    "Negotiate x",
  ])("refuses %s", async (authorization) => {
    await expect(authenticate(authorization)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("a colon in the password is the password's", async () => {
    await room.access.createAccount(actor, { username: "colon", password: "pass:word:" });
    expect((await authenticate(basic("colon", "pass:word:"))).name).toBe("colon");
  });
});

describe("verified credentials", () => {
  test("side by side they are hashed once, then remembered for a minute", async () => {
    await room.access.createAccount(actor, { username: "busy", password: PASSWORD });
    // Far more than may wait for a hash: they share one.
    await loginOften("busy");
    const before = process.cpuUsage();
    await loginOften("busy");
    const { user, system } = process.cpuUsage(before);
    expect(user + system, "microseconds for 300 requests").toBeLessThan(3_000_000);
  });

  test("a new password or a deleted account is out at once", async () => {
    await room.access.createAccount(actor, { username: "gone", password: PASSWORD });
    await loginAs("gone");
    await room.access.changePassword(actor, "gone", "another horse");
    await expect(loginAs("gone")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    await loginAs("gone", "another horse");
    await room.access.deleteAccount(actor, "gone");
    await expect(loginAs("gone", "another horse")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  test("guesses made side by side count each", async () => {
    const guesses = Array.from({ length: 20 }, (_one, i) => loginAs("guest", `wrong ${i}`));
    const codes = (await Promise.allSettled(guesses)).map((one) =>
      one.status === "rejected" ? one.reason.code : "in",
    );
    expect(codes.filter((code) => code === "UNAUTHORIZED")).toHaveLength(5);
    expect(codes.filter((code) => code === "TOOMANYREQUESTS")).toHaveLength(15);
  });

  test("unknown users are slowed down just so", async () => {
    for (let i = 0; i < 5; i++) {
      await expect(loginAs("nobody")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    }
    await expect(loginAs("nobody")).rejects.toMatchObject({
      code: "TOOMANYREQUESTS",
      detail: { retryAfterSeconds: 1 },
    });
  });
});

test("nobody is sent to log in, or to fetch a token", async () => {
  expect(() => room.access.requireLogin(ANONYMOUS)).toThrow(/log in, or fetch a token/);
  room.access.requireLogin(await room.holding(null));
  room.access.requireLogin(await room.as("guest"));
});

describe("may", () => {
  test("roles decide, a registry token may nothing here", async () => {
    const may = room.access.may;
    const guest = await room.as("guest");
    expect(await may(guest, "closed", "repository", "pull")).toBe(true);
    expect(await may(guest, "closed", "project", "update")).toBe(false);
    expect(await may(await room.as("root"), "closed", "project", "delete")).toBe(true);
    expect(await may(await room.as("root"), "nowhere", "project", "read")).toBe(false);
    expect(await may(ANONYMOUS, "open", "tag", "list")).toBe(true);
    expect(await may(ANONYMOUS, "closed", "tag", "list")).toBe(false);
    const held = await room.holding("root", "repository:closed/app:pull");
    expect(await may(held, "closed", "repository", "pull")).toBe(false);
  });

  test("a revoked sysadmin is one no longer, whatever its identity says", async () => {
    const root = await room.as("root");
    const set = (sysadmin: boolean) =>
      room.catalog.db.updateTable("account").set({ sysadmin }).where("username", "=", "root");
    await set(false).execute();
    expect(await room.access.may(root, "closed", "project", "delete")).toBe(false);
    await set(true).execute();
  });
});

describe("challenge", () => {
  const pull = { type: "repository", name: "a/b", actions: ["pull", "push"] };
  const catalog = { type: "registry", name: "catalog", actions: ["*"] };
  const service = 'service="harbor-registry"';

  test.each([
    [
      "no scope",
      [],
      "http://10.0.0.5:5050",
      `Bearer realm="http://10.0.0.5:5050/service/token",${service}`,
    ],
    [
      "one scope",
      [pull],
      "https://registry.test",
      `Bearer realm="https://registry.test/service/token",${service},` +
        'scope="repository:a/b:pull,push"',
    ],
    [
      "two scopes",
      [pull, catalog],
      "https://registry.test",
      `Bearer realm="https://registry.test/service/token",${service},` +
        'scope="repository:a/b:pull,push registry:catalog:*"',
    ],
  ])("%s", (_name, scopes, base, wanted) => {
    expect(room.access.challenge(scopes, base)).toBe(wanted);
  });

  test("the scopes of a refusal", () => {
    expect(scopesOf(needsToken(pull))).toEqual([pull]);
    expect(scopesOf(needsToken(catalog))).toEqual([catalog]);
  });
});

test("a token of one node is good on another", async () => {
  const { access, catalog, box, time } = room;
  const other = await openAccess({ catalog, box, clock: () => time.now });
  const held = await room.holding("guest", "repository:closed/app:pull");
  const answer = await access.tokenService(
    withAuthorization(basic("guest", PASSWORD), "http://registry.test/service/token"),
    HERE,
  );
  const { token } = (await answer.json()) as { token: string };
  const there = await other.authenticate(withAuthorization(`Bearer ${token}`), HERE);
  expect(there).toEqual({ ...held, grants: [] });
});

function loginOften(username: string) {
  return Promise.all(Array.from({ length: 300 }, () => loginAs(username)));
}

function loginAs(username: string, password = PASSWORD) {
  return authenticate(basic(username, password), "10.0.0.2");
}
