import { compareWithTables } from "@entrepot/catalog";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NewAccessToken } from "./access-tokens.ts";
import { hashOfSecret } from "./secrets.ts";
import {
  basic,
  PASSWORD,
  type TestAccess,
  testAccess,
  tokenRequest,
  withAuthorization,
} from "./test-access.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const actor = { name: "guest", cause: "test" };
const WHOLE: NewAccessToken = { name: "ci", readOnly: false, days: 90 };
const unauthorized = { code: "UNAUTHORIZED", message: "username or password is wrong" };

let room: TestAccess;
beforeAll(async () => {
  room = await testAccess();
});
afterAll(() => room.close());
beforeEach(() => room.catalog.db.deleteFrom("access_token").execute());

async function make(username = "developer", token = WHOLE) {
  const account = await room.access.findAccount(username);
  const accountId = account!.id;
  const made = await room.access.createAccessToken(actor, accountId, token);
  return { ...made, accountId };
}

const use = (username: string, secret: string) =>
  room.access.authenticate(withAuthorization(basic(username, secret)), "10.0.0.9");

test("it is its owner's password for Basic; of its secret only a hash is kept", async () => {
  const { id, secret, accountId } = await make();
  expect(secret).toMatch(/^ept_[A-Za-z0-9_-]{43}$/);
  const identity = await use("developer", secret);
  expect(identity).toEqual({ ...(await room.as("developer")), accessToken: id });
  const [row] = await room.catalog.db.selectFrom("access_token").selectAll().execute();
  expect(row).toMatchObject({ hash: hashOfSecret(secret), account_id: accountId });
  expect(JSON.stringify([row, await room.catalog.entries(0, 1_000)])).not.toContain(secret);
});

test("it is a password nowhere else: not at the login that sessions begin with", async () => {
  const { secret } = await make();
  await expect(room.access.login("developer", secret, "10.0.0.9")).rejects.toMatchObject(
    unauthorized,
  );
});

test.each([
  ["another account", "guest", (secret: string) => secret],
  ["an account that is not there", "nobody", (secret: string) => secret],
  ["another spelling of the account", "Developer", (secret: string) => secret],
  ["a letter more", "developer", (secret: string) => `${secret}A`],
  ["a letter less", "developer", (secret: string) => secret.slice(0, -1)],
  ["another secret", "developer", () => `ept_${"A".repeat(43)}`],
  ["NUL", "dev\0eloper", (secret: string) => secret],
])("with %s it is refused as a wrong password is", async (_what, username, bend) => {
  const { secret } = await make();
  await expect(use(username, bend(secret))).rejects.toMatchObject(unauthorized);
});

test("guesses of tokens hold up nobody", async () => {
  for (let i = 0; i < 20; i++) {
    const guess = `ept_${String(i).padStart(43, "A")}`;
    await expect(use("developer", guess)).rejects.toMatchObject(unauthorized);
  }
  expect(await use("developer", PASSWORD)).toMatchObject({ name: "developer" });
});

describe("its end", () => {
  test("comes when it was to, to the millisecond; or never", async () => {
    const { secret, expiresAt } = await make("developer", { ...WHOLE, days: 1 });
    const forever = await make("developer", { ...WHOLE, name: "forever", days: null });
    const start = room.time.now;
    expect(expiresAt!.getTime()).toBe(start + DAY_MS);
    room.time.now = start + DAY_MS - 1;
    expect(await use("developer", secret)).toMatchObject({ name: "developer" });
    room.time.now = start + DAY_MS;
    await expect(use("developer", secret)).rejects.toMatchObject(unauthorized);
    room.time.now = start + 20_000 * DAY_MS;
    expect(await use("developer", forever.secret)).toMatchObject({ name: "developer" });
    room.time.now = start;
  });

  test("comes at once when it is revoked, by its owner alone", async () => {
    const { id, secret, accountId } = await make();
    expect(await room.access.revokeAccessToken(actor, accountId + 1, id)).toBe(false);
    expect(await use("developer", secret)).toMatchObject({ accessToken: id });
    expect(await room.access.revokeAccessToken(actor, accountId, id)).toBe(true);
    await expect(use("developer", secret)).rejects.toMatchObject(unauthorized);
    expect(await room.access.revokeAccessToken(actor, accountId, id)).toBe(false);
  });

  test("comes with the account's, each journalled; a new one of the name has none", async () => {
    const account = { username: "leaver", password: PASSWORD };
    await room.access.createAccount(actor, account);
    const { secret } = await make("leaver");
    await make("leaver", { ...WHOLE, name: "other" });
    await room.access.deleteAccount(actor, "leaver");
    await room.access.createAccount(actor, account);
    await expect(use("leaver", secret)).rejects.toMatchObject(unauthorized);
    const entries = await room.catalog.entries(0, 1_000);
    const changes = entries.filter(({ key }) => key.startsWith("leaver/"));
    expect(changes.map(({ kind, key, after }) => [kind, key, after && after["readOnly"]])).toEqual([
      ["access_token", "leaver/ci", false],
      ["access_token", "leaver/other", false],
      ["access_token", "leaver/ci", null],
      ["access_token", "leaver/other", null],
    ]);
    await room.access.deleteAccount(actor, "leaver");
  });

  test("does not come with a new password", async () => {
    const { secret } = await make("limited");
    await room.access.changePassword(actor, "limited", "another horse");
    expect(await use("limited", secret)).toMatchObject({ name: "limited" });
  });
});

test("a name is taken once per account, and a hundred are enough", async () => {
  await make();
  await make("guest");
  await expect(make()).rejects.toMatchObject({ code: "CONFLICT" });
  for (let i = 1; i < 100; i++) await make("developer", { ...WHOLE, name: `n${i}` });
  await expect(make("developer", { ...WHOLE, name: "more" })).rejects.toMatchObject({
    code: "PRECONDITION",
  });
  const account = await room.access.findAccount("developer");
  const listed = await room.access.listAccessTokens(account!.id);
  expect(listed).toHaveLength(100);
});

test("when it was last used is noted once a minute, and not journalled", async () => {
  const { secret, accountId } = await make();
  const used = async () => (await room.access.listAccessTokens(accountId))[0]!.usedAt;
  expect(await used()).toBe(null);
  const head = await room.catalog.head();
  const first = room.time.now;
  await Promise.all([1, 2, 3].map(() => use("developer", secret)));
  room.time.now = first + MINUTE_MS - 1;
  await use("developer", secret);
  expect(await used()).toEqual(new Date(first));
  room.time.now = first + MINUTE_MS;
  await use("developer", secret);
  expect(await used()).toEqual(new Date(first + MINUTE_MS));
  expect(await room.catalog.head()).toBe(head);
});

describe("one that may only read", () => {
  const scopes = ["repository:closed/app:pull,push,delete", "registry:catalog:*"];

  test("pulls and lists, whoever its owner is", async () => {
    for (const owner of ["root", "padmin", "developer"]) {
      const { secret } = await make(owner, { ...WHOLE, readOnly: true });
      const identity = await use(owner, secret);
      expect(identity.readOnly).toBe(true);
      const { may } = room.access;
      expect(await may(identity, "closed", "repository", "pull")).toBe(true);
      expect(await may(identity, "closed", "tag", "list")).toBe(true);
      expect(await may(identity, "closed", "repository", "push")).toBe(false);
      expect(await may(identity, "closed", "repository", "delete")).toBe(false);
    }
  });

  test("gets registry tokens for pulling alone, and is told that it may not push", async () => {
    const { secret } = await make("root", { ...WHOLE, readOnly: true });
    const url = tokenRequest(null, scopes).url;
    const asked = withAuthorization(basic("root", secret), url);
    const answer = await room.access.tokenService(asked, "10.0.0.9");
    const { token, scope } = (await answer.json()) as { token: string; scope: string };
    expect(scope).toBe("repository:closed/app:pull registry:catalog:*");
    const held = await room.access.authenticate(withAuthorization(`Bearer ${token}`), "10.0.0.9");
    expect(held).toMatchObject({ readOnly: true, sysadmin: false });
  });

  test("a whole one gets them for what its owner may", async () => {
    const { secret } = await make();
    const asked = withAuthorization(basic("developer", secret), tokenRequest(null, scopes).url);
    const answer = await room.access.tokenService(asked, "10.0.0.9");
    expect(await answer.json()).toMatchObject({
      scope: "repository:closed/app:pull,push registry:catalog:*",
    });
  });
});

test("journal and tables agree about tokens", async () => {
  const { accountId, id } = await make("developer", { ...WHOLE, days: 1 });
  const endless = { ...WHOLE, name: "b", readOnly: true, days: null };
  await make("guest", endless);
  const token = async () =>
    (await compareWithTables(room.catalog)).filter(({ kind }) => kind === "access_token");
  const remembered = (await token()).filter(({ table }) => table !== null);
  expect(remembered).toEqual([]);
  await room.access.revokeAccessToken(actor, accountId, id);
  expect((await token()).filter(({ key }) => key === "developer/ci")).toEqual([]);
});
