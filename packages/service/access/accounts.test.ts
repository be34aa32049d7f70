import { compareWithTables, type JournalEntry } from "@entrepot/catalog";
import { testCatalog, type TestCatalog } from "@entrepot/catalog/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Accounts, openAccounts } from "./accounts.ts";
import { type Members, openMembers } from "./members.ts";

const actor = { name: "root", cause: "test" };
const PASSWORD = "correct horse";

let room: TestCatalog;
let accounts: Accounts;
let members: Members;
beforeEach(async () => {
  room = await testCatalog();
  accounts = openAccounts(room.catalog);
  members = openMembers(room.catalog);
});
afterEach(async () => {
  const differences = await compareWithTables(room.catalog);
  await room.close();
  expect(differences).toEqual([]);
});

describe("the first administrator", () => {
  test("gets a password that is told once", async () => {
    const password = await accounts.ensureAdmin();
    expect(password).toMatch(/^[A-Za-z0-9_-]{20}$/);
    expect(await accounts.findAccount("admin")).toMatchObject({ id: 1, sysadmin: true });
    expect(await accounts.ensureAdmin()).toBe(null);
    expect(await accounts.ensureAdmin("something else")).toBe(null);
  });

  test("gets the password given", async () => {
    expect(await accounts.ensureAdmin(PASSWORD)).toBe(null);
    expect(await accounts.findAccount("admin")).toMatchObject({ username: "admin" });
    await expect(accounts.ensureAdmin("short")).resolves.toBe(null);
  });

  test("a password that does not do is refused", async () => {
    await expect(accounts.ensureAdmin("short")).rejects.toThrow(/5 characters; use 8 to 128/);
  });

  test("nodes that start together make one", async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => accounts.ensureAdmin()));
    expect(made.filter((password) => password !== null)).toHaveLength(1);
    expect(await keys()).toEqual(["account admin"]);
  });
});

describe("accounts", () => {
  test("are created, listed, changed, deleted; all is journalled, no secret is", async () => {
    await accounts.ensureAdmin(PASSWORD);
    const ann = await accounts.createAccount(actor, {
      username: "ann",
      password: PASSWORD,
      email: "ann@example.test",
      realname: "Ann",
    });
    expect(ann).toMatchObject({ username: "ann", email: "ann@example.test", sysadmin: false });
    expect(ann).not.toHaveProperty("password_hash");
    await accounts.changePassword(actor, "ann", "another horse");
    expect(await accounts.deleteAccount(actor, "ann")).toBe(true);
    expect(await accounts.deleteAccount(actor, "ann")).toBe(false);
    expect(await accounts.findAccount("ann")).toBe(null);

    const entries = await journal();
    expect(entries.map((entry) => [entry.key, entry.after === null])).toEqual([
      ["admin", false],
      ["ann", false],
      ["ann", false],
      ["ann", true],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/argon2|password/);
  });

  test("a name is taken once", async () => {
    const ann = { username: "ann", password: PASSWORD };
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => accounts.createAccount(actor, ann)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(accounts.createAccount(actor, ann)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test.each(["", "a b", "a:b", "robot$x", "-x", "anonymous", "ä", "a\0", "a/b", "x".repeat(256)])(
    "%j is no username",
    async (username) => {
      const creating = accounts.createAccount(actor, { username, password: PASSWORD });
      await expect(creating).rejects.toMatchObject({ code: "BAD_REQUEST" });
    },
  );

  test.each([
    "",
    "seven77",
    "x".repeat(129),
    "AnnaBell",
    "Password123",
    "Harbor12345",
    "ZZZZZZZZZZZZ",
  ])("%j is no password", async (password) => {
    const creating = accounts.createAccount(actor, { username: "annabell", password });
    await expect(creating).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await expect(accounts.changePassword(actor, "annabell", password)).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
  });

  test("pages are in ASCII order", async () => {
    for (const username of ["bob", "Zoe", "ann"]) {
      await accounts.createAccount(actor, { username, password: PASSWORD });
    }
    const first = await accounts.listAccounts({ n: 2 });
    expect(first.items.map(({ username }) => username)).toEqual(["Zoe", "ann"]);
    const second = await accounts.listAccounts({ n: 2, last: first.next ?? "" });
    expect(second.items.map(({ username }) => username)).toEqual(["bob"]);
    expect(second.next).toBe(null);
  });

  test("the last system administrators cannot delete each other", async () => {
    await accounts.ensureAdmin(PASSWORD);
    await accounts.createAccount(actor, { username: "two", password: PASSWORD, sysadmin: true });
    const outcomes = await Promise.allSettled(
      ["admin", "two"].map((username) => accounts.deleteAccount(actor, username)),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  test("an account becomes a system administrator, and the last one stays it", async () => {
    await accounts.ensureAdmin(PASSWORD);
    await accounts.createAccount(actor, { username: "two", password: PASSWORD });
    const last = accounts.setSysadmin(actor, "admin", false);
    await expect(last).rejects.toMatchObject({ code: "CONFLICT" });
    await accounts.setSysadmin(actor, "two", true);
    await accounts.setSysadmin(actor, "two", true);
    await accounts.setSysadmin(actor, "admin", false);
    expect((await accounts.findAccount("admin"))?.sysadmin).toBe(false);
    expect((await accounts.findAccount("two"))?.sysadmin).toBe(true);
    const unknown = accounts.setSysadmin(actor, "nobody", true);
    await expect(unknown).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each(["nobody", "no\0body", ""])("%j is nobody", async (username) => {
    const changing = accounts.changePassword(actor, username, PASSWORD);
    await expect(changing).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await accounts.deleteAccount(actor, username)).toBe(false);
    expect(await accounts.findAccount(username)).toBe(null);
    expect((await accounts.listAccounts({ last: username })).items).toEqual([]);
  });
});

describe("members", () => {
  beforeEach(async () => {
    await room.catalog.commit(actor, async ({ db, record }) => {
      await db.insertInto("project").values({ name: "lab" }).execute();
      const after = {
        name: "lab",
        owner: "admin",
        metadata: { public: "false" },
        registryId: null,
      };
      record({ kind: "project", key: "lab", after });
    });
    for (const username of ["ann", "bob"]) {
      await accounts.createAccount(actor, { username, password: PASSWORD });
    }
  });

  test("are set, replaced, removed; what changes nothing is not journalled", async () => {
    const set = await members.setMember(actor, "lab", "ann", 2);
    expect(set).toMatchObject({ username: "ann", role: 2 });
    expect(await members.setMember(actor, "lab", "ann", 2)).toEqual(set);
    expect(await members.setMember(actor, "lab", "ann", 1)).toEqual({ ...set, role: 1 });
    await members.setMember(actor, "lab", "bob", 5);
    expect(await members.members("lab")).toMatchObject({
      items: [
        { username: "ann", role: 1 },
        { username: "bob", role: 5 },
      ],
      next: null,
    });
    expect(await members.removeMember(actor, "lab", "ann")).toBe(true);
    expect(await members.removeMember(actor, "lab", "ann")).toBe(false);
    expect((await keys()).filter((key) => key.startsWith("member"))).toEqual([
      "member lab/ann",
      "member lab/ann",
      "member lab/bob",
      "member lab/ann",
    ]);
  });

  test("go with their account, journalled each", async () => {
    await members.setMember(actor, "lab", "ann", 2);
    await accounts.deleteAccount(actor, "ann");
    expect((await members.members("lab")).items).toEqual([]);
    expect((await keys()).slice(-2)).toEqual(["member lab/ann", "account ann"]);
  });

  test("must exist, with a role that does", async () => {
    const notFound = { code: "NOT_FOUND" };
    await expect(members.setMember(actor, "lab", "nobody", 1)).rejects.toMatchObject(notFound);
    await expect(members.setMember(actor, "gone", "ann", 1)).rejects.toMatchObject(notFound);
    await expect(members.removeMember(actor, "gone", "ann")).rejects.toMatchObject(notFound);
    await expect(members.setMember(actor, "lab", "a\0nn", 1)).rejects.toMatchObject(notFound);
    expect(await members.removeMember(actor, "lab", "a\0nn")).toBe(false);
    await expect(members.members("l\0ab")).rejects.toMatchObject(notFound);
    await expect(members.members("gone")).rejects.toMatchObject(notFound);
    for (const role of [0, 6, 1.5, Number.NaN]) {
      await expect(members.setMember(actor, "lab", "ann", role)).rejects.toThrow(
        /roles are 1 to 5/,
      );
    }
  });
});

async function journal(): Promise<JournalEntry[]> {
  return room.catalog.entries(0, 100);
}

/** Kind and key of every entry. */
async function keys(): Promise<string[]> {
  return (await journal()).map(({ kind, key }) => `${kind} ${key}`);
}
