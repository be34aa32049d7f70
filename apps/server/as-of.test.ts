import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { ROLES } from "@entrepot/access";
import { bytesOf, collect } from "@entrepot/registry";
import { pushSample, type Sample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const PASSWORD = "correct horse";
const fetching = endpointFetch();
let server: TestServer;
let first: Sample;
let signature: Sample;
/** When v1 named `first`; the moment before anything was there. */
let then: number;
let before: number;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { access, catalog, content } = server;
  for (const username of ["guest", "stranger"]) {
    await access.createAccount(ACTOR, { username, password: PASSWORD });
  }
  for (const name of ["team", "gone"]) {
    await content.projects.create(ACTOR, { name, public: false });
    await access.setMember(ACTOR, name, "guest", ROLES.guest);
  }
  before = await catalog.head();
  first = sampleImage();
  signature = sampleImage({ subject: first.content, artifactType: "test/signature" });
  for (const name of ["library/app", "team/app", "gone/app"]) {
    const repository = content.as(ACTOR).repository(name);
    await pushSample(repository, first, ["v1", "v2"]);
    await pushSample(repository, signature);
  }
  then = await catalog.head();
  const repository = content.as(ACTOR).repository("library/app");
  await pushSample(repository, sampleImage(), ["v1"]);
  await repository.delete("v2");
  await repository.delete(first.content.digest);
  for (const name of ["team/app", "gone/app"]) await content.deleteRepository(ACTOR, name);
  await access.removeMember(ACTOR, "gone", "guest");
  await content.projects.remove(ACTOR, "gone");
});
afterAll(async () => {
  await fetching.close();
  await server.close();
});

/** The registry as a client meets it that fetches tokens. */
const clientOf = (credential: Login) =>
  remoteRegistry({ url: server.url, credential, fetch: fetching });

type Login = { readonly username: string; readonly password: string };
const GUEST = { username: "guest", password: PASSWORD };
const STRANGER = { username: "stranger", password: PASSWORD };

const basic = ({ username, password }: Login) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** What `GET /v2/<path>` answers, with Basic. */
const get = (path: string, login: Login | null = server.credential, init: RequestInit = {}) =>
  fetch(`${server.url}/v2/${path}`, {
    ...init,
    headers: {
      ...(login && {
        authorization: basic(login),
      }),
      ...init.headers,
    },
  });

const codeOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return `${response.status} ${errors[0]?.code}`;
};

describe("a name as of a moment", () => {
  test("by a client with a token: tag, digest, blobs, ranges, tags, referrers", async () => {
    const registry = clientOf(GUEST);
    for (const project of ["library", "team"]) {
      const repository = registry.repository(`as-of/seq-${then}/${project}/app`);
      const { digest, size } = first.content;
      expect(await repository.resolve("v1")).toMatchObject({ digest, size });
      expect(await repository.resolve("v2")).toMatchObject({ digest });
      const bytes = await collect(await repository.fetch(first.content), size);
      expect(Buffer.from(bytes)).toEqual(Buffer.from(first.bytes));
      const layer = first.children.at(-1)!;
      expect(await repository.stat(layer.content.digest)).toMatchObject({ size: 64 });
      const part = await collect(
        await repository.fetch(layer.content, { start: 10, length: 5 }),
        5,
      );
      expect(Buffer.from(part)).toEqual(Buffer.from(layer.bytes.slice(10, 15)));
      expect((await repository.tags({ n: 1 })).items).toEqual(["v1"]);
      expect((await repository.tags({ last: "v1" })).items).toEqual(["v2"]);
      const { items } = await repository.referrers(digest);
      expect(items.map((item) => item.digest)).toEqual([signature.content.digest]);
    }
  });

  test("by time, to the second and to the millisecond", async () => {
    const entries = await server.catalog.entries(then - 1, 1);
    const at = entries[0]!.at.toISOString().toLowerCase().replaceAll(":", ".");
    const answer = await get(`as-of/${at}/library/app/manifests/v1`);
    expect(answer.headers.get("docker-content-digest")).toBe(first.content.digest);
    const day = await get("as-of/2020-01-01/library/app/manifests/v1");
    expect(await codeOf(day)).toBe("404 MANIFEST_UNKNOWN");
    const early = await get(`as-of/seq-${before}/library/app/tags/list`);
    expect(await codeOf(early)).toBe("404 NAME_UNKNOWN");
  });

  test.each([
    ["as-of/v1/manifests/v1", "400 NAME_INVALID"],
    ["as-of/yesterday/library/app/manifests/v1", "400 NAME_INVALID"],
    ["as-of/2026-02-31/library/app/manifests/v1", "400 NAME_INVALID"],
    ["as-of/seq-999999/library/app/manifests/v1", "400 BAD_REQUEST"],
    ["as-of/2999-01-01/library/app/manifests/v1", "422 UNPROCESSABLE"],
  ])("%s: %s", async (path, expected) => {
    expect(await codeOf(await get(path))).toBe(expected);
  });

  test("before history begins: the earliest moment is told", async () => {
    const { db } = server.catalog;
    const [at, longer] = ["2026-01-31T00:00:00.000Z", { seq: before, at: "2026-01-01T00:00:00Z" }];
    const value = JSON.stringify({ seq: then, at, projects: { team: longer } });
    await db.insertInto("setting").values({ key: "history_begins", value }).execute();
    try {
      const answer = await get(`as-of/seq-${then - 1}/library/app/manifests/v1`);
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain(`kept from 2026-01-31T00:00:00.000Z (seq ${then}) on`);
      expect((await get(`as-of/seq-${then}/library/app/manifests/v1`)).status).toBe(200);
      expect((await get(`as-of/seq-${then}/team/app/manifests/v1`)).status).toBe(200);
      expect((await get(`as-of/seq-${before}/team/app/manifests/v1`)).status).toBe(404);
    } finally {
      await db.deleteFrom("setting").where("key", "=", "history_begins").execute();
    }
  });

  test("pushes and deletions are refused, and nothing counts as a pull", async () => {
    const name = `as-of/seq-${then}/library/app`;
    for (const [method, path] of [
      ["POST", "blobs/uploads/"],
      ["PUT", "manifests/v1"],
      ["DELETE", "manifests/v1"],
      ["DELETE", `blobs/${first.children[0]!.content.digest}`],
    ] as const) {
      const answer = await get(`${name}/${path}`, server.credential, { method });
      expect(await codeOf(answer), method).toBe("405 UNSUPPORTED");
    }
    const registry = clientOf(server.credential);
    const pushing = registry.repository(name).push(first.content, bytesOf(first.bytes), ["v1"]);
    await expect(pushing).rejects.toMatchObject({ code: "UNSUPPORTED" });

    const { digest } = first.content;
    expect((await get(`${name}/manifests/v1`)).status).toBe(200);
    await server.content.pulls.flush();
    const noted = server.catalog.db.selectFrom("pulled").selectAll().where("digest", "=", digest);
    expect(await noted.execute()).toEqual([]);
  });

  test("no project may have the name", async () => {
    const creating = server.content.projects.create(ACTOR, { name: "as-of" });
    await expect(creating).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
});

describe("rights", () => {
  const manifest = (project: string) => `as-of/seq-${then}/${project}/app/manifests/v1`;

  test("are today's in the repository's own project", async () => {
    expect((await get(manifest("library"), null)).status).toBe(200);
    expect((await get(manifest("team"), null)).status).toBe(401);
    expect((await get(manifest("team"), GUEST)).status).toBe(200);
    expect(await codeOf(await get(manifest("team"), STRANGER))).toBe("404 NAME_UNKNOWN");
    const challenge = (await get(manifest("team"), null)).headers.get("www-authenticate");
    expect(challenge).toContain(`scope="repository:as-of/seq-${then}/team/app:pull"`);
  });

  test("a token for the repository of today does not do for its past", async () => {
    const scope = "repository:team/app:pull";
    const url = `${server.url}/service/token?service=harbor-registry&scope=${scope}`;
    const issued = await fetch(url, { headers: { authorization: basic(GUEST) } });
    const { token } = (await issued.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${server.url}/v2/${manifest("team")}`, { headers })).status).toBe(401);
  });

  test("what a deleted project had only system administrators may read", async () => {
    expect((await get(manifest("gone"))).status).toBe(200);
    const admin = clientOf(server.credential);
    const repository = admin.repository(`as-of/seq-${then}/gone/app`);
    expect(await repository.resolve("v1")).toMatchObject({ digest: first.content.digest });
    expect(await codeOf(await get(manifest("gone"), GUEST))).toBe("404 NAME_UNKNOWN");

    // Whoever takes its name afterwards gets nothing of it.
    await server.content.projects.create(ACTOR, { name: "gone", public: false });
    await server.access.setMember(ACTOR, "gone", "stranger", ROLES.projectAdmin);
    expect(await codeOf(await get(manifest("gone"), STRANGER))).toBe("404 NAME_UNKNOWN");
    expect((await get(manifest("gone"))).status).toBe(200);
  });
});
