import { digestOf } from "@entrepot/oci";
import { bytesOf, memoryRegistry, type Registry, type Repository } from "@entrepot/registry";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ANONYMOUS, type Identity } from "./identity.ts";
import { BLOB, MEMBERS, testAccess, type TestAccess } from "./test-access.ts";

const bytes = Buffer.from("a blob");
const blob = BLOB;
const other = Buffer.from("another blob");
const manifestBytes = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: blob,
    layers: [],
  }),
);
const manifest = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest: digestOf(manifestBytes),
  size: manifestBytes.length,
};

let room: TestAccess;
beforeAll(async () => {
  room = await testAccess();
});
afterAll(() => room.close());

/** A fresh registry with the same image in `open/app` and `closed/app`. */
let registry: Registry;
beforeEach(async () => {
  registry = memoryRegistry();
  for (const name of ["open/app", "closed/app"]) {
    await registry.repository(name).push(blob, bytesOf(bytes));
    await registry.repository(name).push(manifest, bytesOf(manifestBytes), ["v1"]);
  }
});

/** Every method of a repository, with the action that it needs. */
const METHODS: [keyof Repository, "pull" | "push" | "delete", (r: Repository) => unknown][] = [
  ["resolve", "pull", (r) => r.resolve("v1")],
  ["stat", "pull", (r) => r.stat(blob.digest)],
  ["fetch", "pull", (r) => r.fetch(blob)],
  ["tags", "pull", (r) => r.tags()],
  ["referrers", "pull", (r) => r.referrers(manifest.digest)],
  ["push", "push", (r) => r.push(blob, bytesOf(bytes))],
  ["mount", "push", (r) => r.mount(blob, "open/app")],
  ["tag", "push", (r) => r.tag("v2", manifest.digest)],
  ["startUpload", "push", (r) => r.startUpload()],
  ["resumeUpload", "push", (r) => r.resumeUpload("none")],
  ["delete", "delete", (r) => r.delete("v1")],
  ["deleteBlob", "delete", (r) => r.deleteBlob(digestOf(other))],
];

/** What each may do in `open` and in `closed`. */
const RIGHTS: [string, string, string][] = [
  ["root", "pull push delete", "pull push delete"],
  ["padmin", "pull push delete", "pull push delete"],
  ["maintainer", "pull push delete", "pull push delete"],
  ["developer", "pull push", "pull push"],
  ["guest", "pull", "pull"],
  ["limited", "pull", "pull"],
  ["stranger", "pull", ""],
];

test("the table has every method", () => {
  const { name: _name, ...methods } = registry.repository("open/app");
  expect(METHODS.map(([method]) => method).toSorted()).toEqual(Object.keys(methods).toSorted());
});

describe.each(METHODS)("%s needs %s", (_method, action, act) => {
  test.each(RIGHTS)("%s, by Basic and by token", async (who, inOpen, inClosed) => {
    for (const [name, rights] of [
      ["open/app", inOpen],
      ["closed/app", inClosed],
    ] as const) {
      const held = await room.holding(who, `repository:${name}:pull,push,delete`);
      for (const identity of [await room.as(who), held]) {
        const outcome = await codeOf(identity, name, act);
        if (rights.includes(action)) expect(outcome, name).toBe(null);
        else expect(outcome, name).toBe(rights.includes("pull") ? "DENIED" : "NAME_UNKNOWN");
      }
    }
  });

  test("anonymous, without and with a token", async () => {
    const scopes = ["repository:open/app:pull,push,delete", "repository:closed/app:pull"];
    const held = await room.holding(null, ...scopes);
    expect(await codeOf(held, "open/app", act)).toBe(action === "pull" ? null : "UNAUTHORIZED");
    expect(await codeOf(ANONYMOUS, "open/app", act)).toBe(
      action === "pull" ? null : "UNAUTHORIZED",
    );
    for (const identity of [ANONYMOUS, held]) {
      expect(await codeOf(identity, "closed/app", act)).toBe("UNAUTHORIZED");
      expect(await codeOf(identity, "nowhere/app", act)).toBe("UNAUTHORIZED");
    }
  });

  test("a token for something else sends for a new one", async () => {
    for (const scopes of [[], ["repository:open/app:pull,push,delete"]]) {
      const held = await room.holding("padmin", ...scopes);
      expect(await codeOf(held, "closed/app", act)).toBe("UNAUTHORIZED");
    }
  });

  test("in a project that does not exist", async () => {
    for (const who of ["root", "padmin", "stranger"]) {
      const held = await room.holding(who, "repository:nowhere/app:pull,push,delete");
      for (const identity of [await room.as(who), held]) {
        expect(await codeOf(identity, "nowhere/app", act)).toBe("NAME_UNKNOWN");
      }
    }
  });
});

describe("refusals", () => {
  test("hidden and missing cannot be told apart", async () => {
    const stranger = await room.as("stranger");
    const hidden = await messageOf(stranger, "closed/app");
    const missing = await messageOf(stranger, "nowhere/app");
    expect(hidden.replaceAll("closed", "nowhere")).toBe(missing);
    expect(missing).toMatch(/'nowhere' does not exist, or you have no access to it; create it/);
    const anonymous = await messageOf(ANONYMOUS, "closed/app");
    expect(anonymous.replaceAll("closed", "nowhere")).toBe(
      await messageOf(ANONYMOUS, "nowhere/app"),
    );
  });

  test("an administrator is told plainly", async () => {
    expect(await messageOf(await room.as("root"), "nowhere/app")).toBe(
      "project 'nowhere' does not exist; create it with `entrepot project create nowhere`",
    );
  });

  test("the role needed is named", async () => {
    const guest = await room.as("guest");
    const pushing = room.access.guard(registry, guest).repository("closed/app").startUpload();
    await expect(pushing).rejects.toThrow(/needs the role of developer \(or higher\)/);
  });

  test("a hostile name never reaches the database", async () => {
    const guarded = room.access.guard(registry, await room.as("padmin"));
    expect(() => guarded.repository("../etc")).toThrow(/not a repository name/);
    const target = guarded.repository("closed/app");
    for (const from of ["a\0/b", "", "/", "%", "x".repeat(10_000)]) {
      expect(await target.mount(blob, from)).toBe(false);
    }
  });
});

describe("tokens and changes since", () => {
  test("a token that grants push is refused once the project is gone", async () => {
    const held: Identity = {
      ...(await room.as("padmin")),
      grants: [{ type: "repository", name: "gone/app", actions: ["pull", "push"] }],
    };
    expect(await codeOf(held, "gone/app", (r) => r.startUpload())).toBe("NAME_UNKNOWN");
  });

  test("a right given since the token was issued sends for a new one", async () => {
    const held = await room.holding("stranger", "repository:closed/app:push");
    await room.access.setMember(actor, "closed", "stranger", 2);
    expect(await codeOf(held, "closed/app", (r) => r.startUpload())).toBe("UNAUTHORIZED");
    expect(await codeOf(await room.as("stranger"), "closed/app", (r) => r.startUpload())).toBe(
      null,
    );
    await room.access.removeMember(actor, "closed", "stranger");
    expect(await codeOf(await room.as("stranger"), "closed/app", (r) => r.startUpload())).toBe(
      "NAME_UNKNOWN",
    );
  });
});

describe("mount", () => {
  const target = "open/copy";

  test.each([
    ["from what one may pull", "padmin", "closed/app", true],
    ["from what one may not pull", "stranger", "closed/app", false],
    ["from what does not exist", "stranger", "nowhere/app", false],
    ["from a public project", "stranger", "open/app", true],
    ["from anywhere, there is one to pull", "padmin", undefined, true],
    ["from anywhere, there is none to pull", "stranger", undefined, false],
  ])("%s", async (_name, who, from, wanted) => {
    await withStranger(async () => {
      const guarded = room.access.guard(registry, await room.as(who)).repository(target);
      expect(await guarded.mount(blob, from)).toBe(wanted);
      expect((await registry.repository(target).stat(blob.digest)) !== null).toBe(wanted);
    });
  });

  test.each([
    ["a token with pull on the source", [`repository:closed/app:pull`], "closed/app", true],
    ["a token without", [], "closed/app", false],
    ["from anywhere, a token that names one", [`repository:closed/app:pull`], undefined, true],
    ["from anywhere, a token that names none", [], undefined, false],
  ])("%s", async (_name, scopes, from, wanted) => {
    await withStranger(async () => {
      const held = await room.holding("padmin", `repository:${target}:pull,push`, ...scopes);
      const guarded = room.access.guard(registry, held).repository(target);
      expect(await guarded.mount(blob, from)).toBe(wanted);
    });
  });
});

describe("the list of repositories", () => {
  const ALL = ["closed/app", "open/app"];

  test.each([...Object.keys(MEMBERS), "root"])("%s sees all", async (who) => {
    expect(await listAs(await room.as(who))).toEqual(ALL);
    expect(await listAs(await room.holding(who, "registry:catalog:*"))).toEqual(ALL);
  });

  test("others see what is public", async () => {
    expect(await listAs(await room.as("stranger"))).toEqual(["open/app"]);
    expect(await listAs(await room.holding("stranger", "registry:catalog:*"))).toEqual([
      "open/app",
    ]);
    expect(await listAs(await room.holding(null, "registry:catalog:*"))).toEqual(["open/app"]);
  });

  test("without the scope it sends for a token", async () => {
    for (const identity of [ANONYMOUS, await room.holding("root", "repository:open/app:pull")]) {
      await expect(listAs(identity)).rejects.toMatchObject({
        code: "UNAUTHORIZED",
        detail: [{ Type: "registry", Class: "", Name: "catalog", Action: "*" }],
      });
    }
  });

  test("pages are filled with what is visible", async () => {
    const root = room.access.guard(registry, await room.as("root"));
    expect(await root.repositories({ n: 1 })).toEqual({
      items: ["closed/app"],
      next: "closed/app",
    });
    expect(await root.repositories({ n: 1, last: "closed/app" })).toEqual({
      items: ["open/app"],
      next: null,
    });
    expect(await root.repositories({ n: 0 })).toEqual({ items: [], next: null });
    const stranger = room.access.guard(registry, await room.as("stranger"));
    expect(await stranger.repositories({ n: 1 })).toEqual({ items: ["open/app"], next: null });
  });
});

const actor = { name: "root", cause: "test" };

/** Lets `stranger` push to `open` while `act` runs; of `closed`, it sees nothing. */
async function withStranger(act: () => Promise<void>): Promise<void> {
  await room.access.setMember(actor, "open", "stranger", 2);
  await act();
  await room.access.removeMember(actor, "open", "stranger");
}

async function listAs(identity: Identity): Promise<readonly string[]> {
  return (await room.access.guard(registry, identity).repositories()).items;
}

async function codeOf(
  identity: Identity,
  name: string,
  act: (repository: Repository) => unknown,
): Promise<string | null> {
  try {
    await act(room.access.guard(registry, identity).repository(name));
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function messageOf(identity: Identity, name: string): Promise<string> {
  const resolving = room.access.guard(registry, identity).repository(name).resolve("v1");
  return resolving.then(
    () => "",
    (error: Error) => error.message,
  );
}
