import { expect, test } from "vitest";
import { digestOf } from "@entrepot/oci";
import { handlerFetch } from "./fetch.ts";
import { harborClient } from "./harbor.ts";

const CREDENTIAL = { username: "me", password: "secret" };

/** A client of a Harbor that answers by `answers`, from method and path with query. */
function harbor(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const fetch = handlerFetch(async (request) => {
    const asks = `${request.method} ${request.url.slice("http://harbor".length)}`;
    asked.push(asks);
    expect(request.headers.get("authorization")).toMatch(/^Basic /);
    const answer = answers[asks] ?? 404;
    const status = typeof answer === "number" ? answer : 200;
    return new Response(JSON.stringify(answer), { status });
  });
  return { client: harborClient({ url: "http://harbor", credential: CREDENTIAL, fetch }), asked };
}

test("version and system information", async () => {
  const { client } = harbor({
    "GET /api/version": { version: "v2.0" },
    "GET /api/v2.0/systeminfo": { harbor_version: "v2.14.0", entrepot_registry_id: "abc" },
  });
  expect(await client.version()).toBe("v2.0");
  const expected = { harborVersion: "v2.14.0", entrepotRegistryId: "abc" };
  expect(await client.systemInfo()).toEqual(expected);
});

test("no Harbor has no version", async () => {
  const { client } = harbor({});
  expect(await client.version()).toBeNull();
  await expect(client.systemInfo()).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("projects by name are asked for twenty at a time", async () => {
  const { client, asked } = harbor({});
  await expect(client.projectsNamed(["a", "b"])).rejects.toMatchObject({ code: "NOT_FOUND" });
  const q = "name%3D%7B%27a%27%20%27b%27%7D";
  expect(asked).toEqual([`GET /api/v2.0/projects?q=${q}&with_detail=false&page=1&page_size=100`]);
  await expect(client.projectsNamed(["a' 'b"])).rejects.toMatchObject({ code: "NAME_INVALID" });
});

test("a project is created, or was there", async () => {
  const created = harbor({ "POST /api/v2.0/projects": 201 });
  expect(await created.client.createProject("new", true)).toBe(true);
  const there = harbor({ "POST /api/v2.0/projects": 409 });
  expect(await there.client.createProject("old", true)).toBe(false);
  const denied = harbor({ "POST /api/v2.0/projects": 403 });
  await expect(denied.client.createProject("x", true)).rejects.toMatchObject({ code: "DENIED" });
});

test("lists come in pages", async () => {
  const path = "GET /api/v2.0/projects/p/repositories";
  const names = Array.from({ length: 150 }, (_, n) => ({ name: `p/r${n}` }));
  const { client, asked } = harbor({
    [`${path}?page=1&page_size=100`]: names.slice(0, 100),
    [`${path}?page=2&page_size=100`]: names.slice(100),
  });
  const found = await Array.fromAsync(client.repositories("p"));
  expect(found).toEqual(names.map(({ name }) => name));
  expect(asked.length).toBe(2);
});

test("artifacts, of a repository whose name is encoded twice", async () => {
  const digest = digestOf(Buffer.from("x"));
  const query = "with_tag=true&with_label=true&page=1&page_size=100";
  const { client } = harbor({
    [`GET /api/v2.0/projects/p/repositories/a%252Fb/artifacts?${query}`]: [
      { digest, type: "IMAGE", tags: [{ name: "v1" }, { name: "v2" }], labels: null },
    ],
  });
  expect(await Array.fromAsync(client.artifacts("p/a/b"))).toEqual([
    { digest, type: "IMAGE", tags: ["v1", "v2"], labels: [] },
  ]);
});

test("accessories of an artifact that is there, and of one that is not", async () => {
  const [digest, signature] = ["x", "y"].map((text) => digestOf(Buffer.from(text)));
  const query = "with_tag=false&with_label=false&with_accessory=true";
  const { client } = harbor({
    [`GET /api/v2.0/projects/p/repositories/a%252Fb/artifacts/${digest}?${query}`]: {
      digest,
      accessories: [{ digest: signature, type: "signature.cosign" }, { digest: "no digest" }],
    },
  });
  expect(await client.accessories("p/a/b", digest!)).toEqual([signature]);
  expect(await client.accessories("p/a/b", signature!)).toEqual([]);
});

test("a tag alone is deleted", async () => {
  const { client } = harbor({
    "DELETE /api/v2.0/projects/p/repositories/a%252Fb/artifacts/v1/tags/v1": 200,
  });
  expect(await client.deleteTag("p/a/b", "v1")).toBe(true);
  expect(await client.deleteTag("p/a/b", "v2")).toBe(false);
});

test("a repository that has a blob", async () => {
  const digest = digestOf(Buffer.from("x"));
  const q = encodeURIComponent(`blob_digest=${digest}`);
  const path = `GET /api/v2.0/repositories?q=${q}&page_size=1&page=1`;
  expect(await harbor({ [path]: [{ name: "p/r" }] }).client.repositoryWithBlob(digest)).toBe("p/r");
  expect(await harbor({ [path]: [] }).client.repositoryWithBlob(digest)).toBeNull();
  expect(await harbor({}).client.repositoryWithBlob(digest)).toBeNull();
});
