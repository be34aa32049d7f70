import { apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
let server: TestServer;
let api: ReturnType<typeof apiClient>;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { url, credential } = server;
  api = apiClient({ url, credential });
});
afterAll(() => server.close());

const at = (repository: string, reference = "") => ({
  params: { project_name: "library", repository_name: repository, reference },
});
const repositoryNamed = (name: string) => server.content.as(ACTOR).repository(`library/${name}`);

/** What the journal says of repository `name` since `seq`, by kind and key after its name. */
async function journalOf(name: string, seq: number) {
  const entries = await server.catalog.entries(seq, 1000);
  return entries
    .filter(({ key }) => key.startsWith(`library/${name}`))
    .map(({ kind, key }) => `${kind} ${key.slice(`library/${name}`.length)}`);
}

describe("copying", () => {
  test.each(["tag", "digest"])(
    "by %s brings all tags in one commit, and accessories",
    async (by) => {
      const [source, target] = [`from/${by}`, `to/${by}`];
      const image = sampleImage();
      const signature = sampleImage({ subject: image.content });
      await pushSample(repositoryNamed(source), image, ["a", "b"]);
      await pushSample(repositoryNamed(source), signature);
      const head = await server.catalog.head();

      const { digest } = image.content;
      const from = `library/${source}${by === "tag" ? ":a" : `@${digest}`}`;
      await api.artifacts.copy({ ...at(target), query: { from } });

      expect(await journalOf(target, head)).toEqual([
        "repository ",
        `manifest @${digest}`,
        "tag :a",
        "tag :b",
        `manifest @${signature.content.digest}`,
      ]);
      const { body: found } = await api.artifacts.get({
        ...at(target, digest),
        query: { with_accessory: true },
      });
      expect(found.accessories.map((one) => one.digest)).toEqual([signature.content.digest]);
    },
  );

  test("what is there already gets its tags", async () => {
    const image = sampleImage();
    await pushSample(repositoryNamed("there"), image, ["a", "b"]);
    await pushSample(repositoryNamed("has-it"), image);
    const head = await server.catalog.head();
    await api.artifacts.copy({ ...at("has-it"), query: { from: "library/there:b" } });
    expect(await journalOf("has-it", head)).toEqual(["tag :a", "tag :b"]);
  });

  test.each([
    ["library/absent:v1", "NOT_FOUND"],
    ["nowhere/app:v1", "NOT_FOUND"],
    ["library", "BAD_REQUEST"],
  ])("from %s: %s", async (from, code) => {
    const copying = api.artifacts.copy({ ...at("copy"), query: { from } });
    await expect(copying).rejects.toMatchObject({ code });
  });
});

describe("tags", () => {
  test("one more is made, and 409 if its name is taken", async () => {
    await pushSample(repositoryNamed("retag"), sampleImage(), ["v1"]);
    const head = await server.catalog.head();
    const make = () => api.tags.create({ ...at("retag", "v1"), body: { name: "stable" } });
    await make();
    expect(await journalOf("retag", head)).toEqual(["tag :stable"]);
    await expect(make()).rejects.toMatchObject({ code: "CONFLICT", status: 409 });
  });

  test("one that is at another artifact is not this one's", async () => {
    await pushSample(repositoryNamed("two"), sampleImage(), ["a"]);
    await pushSample(repositoryNamed("two"), sampleImage(), ["b"]);
    const params = { ...at("two", "a").params, tag_name: "b" };
    await expect(api.tags.delete({ params })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("artifacts", () => {
  test("a child of an index is in its way: 412; the index goes, then the child", async () => {
    const child = sampleImage();
    const index = sampleIndex([child]);
    await pushSample(repositoryNamed("multi"), index, ["v1"]);
    const { digest } = child.content;
    const early = api.artifacts.delete(at("multi", digest));
    await expect(early).rejects.toMatchObject({ code: "PRECONDITION", status: 412 });
    await api.artifacts.delete(at("multi", "v1"));
    await api.artifacts.delete(at("multi", digest));
  });

  test("an index counts its children in its size, and shows their platforms", async () => {
    const child = sampleImage();
    const index = sampleIndex([child, sampleImage({}, child.children.slice(1))]);
    await pushSample(repositoryNamed("sized"), index, ["v1"]);
    const seen = new Map(
      [index, ...index.children, ...index.children.flatMap((one) => one.children)].map(
        ({ content }) => [content.digest, content.size],
      ),
    );
    const { body: found } = await api.artifacts.get(at("sized", "v1"));
    expect(found.size).toBe([...seen.values()].reduce((a, b) => a + b, 0));
    expect(found.references).toHaveLength(2);
  });

  test.each([
    ["tags=nil", ["untagged"]],
    ["tags=*", ["a", "b"]],
    ["tags=v-a", ["a"]],
    ["tags=~V-", ["a", "b"]],
    ["tags={v-a v-b}", ["a", "b"]],
    ["tags=(v-a extra)", ["a"]],
    ["type=IMAGE", ["untagged", "a", "b"]],
    ["type=CHART", []],
    ["push_time=[2020-01-01~]", ["untagged", "a", "b"]],
    ["push_time=[~2020-01-01]", []],
  ])("q %s", async (q, wanted) => {
    const names = await filtered();
    const found = await api.artifacts.list({ ...at("filtered"), query: { q } });
    expect(found.body.map(({ digest }) => names.get(digest)).toSorted()).toEqual(wanted.toSorted());
    expect(found.total).toBe(wanted.length);
  });

  test("are sorted and paged", async () => {
    await filtered();
    const query = { sort: "digest", page_size: 2 };
    const first = await api.artifacts.list({ ...at("filtered"), query });
    const second = await api.artifacts.list({ ...at("filtered"), query: { ...query, page: 2 } });
    const digests = [...first.body, ...second.body].map(({ digest }) => digest);
    expect([first.body.length, second.body.length, first.total]).toEqual([2, 1, 3]);
    expect(digests).toEqual(digests.toSorted());
  });
});

let names: Promise<Map<string, string>> | undefined;

/** Repository `filtered`, made once: an untagged image, `a` with two tags, `b` with one. */
function filtered(): Promise<Map<string, string>> {
  return (names ??= (async () => {
    const made = new Map<string, string>();
    for (const [name, tags] of [
      ["untagged", []],
      ["a", ["v-a", "extra"]],
      ["b", ["v-b"]],
    ] as const) {
      const digest = await pushSample(repositoryNamed("filtered"), sampleImage(), [...tags]);
      made.set(digest, name);
    }
    return made;
  })());
}

describe("what does not do", () => {
  const admin = () => {
    const { username, password } = server.credential;
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  };

  test.each([
    ["NUL in a path", "GET", "/api/v2.0/projects/a%00b", 400],
    ["NUL in a query", "GET", "/api/v2.0/projects?name=a%00b", 400],
    ["a number out of range", "GET", "/api/v2.0/projects?q=project_id%3D999999999999999", 200],
    ["a page out of bounds", "GET", "/api/v2.0/projects?page_size=101", 422],
    ["a page far out", "GET", "/api/v2.0/projects?page=9007199254740991", 200],
    ["a field that is none", "GET", "/api/v2.0/projects?q=colour%3Dred", 400],
    ["an order that is none", "GET", "/api/v2.0/projects?sort=colour", 400],
    ["a path that is none", "GET", "/api/v2.0/nothing", 404],
    ["an id that is none", "GET", "/api/v2.0/users/99999999999", 404],
    ["a body that is no JSON", "POST", "/api/v2.0/projects", 400],
  ])("%s: %s %s is %i", async (_, method, path, status) => {
    const headers = { authorization: admin(), "content-type": "application/json" };
    const body = method === "POST" ? { body: "{" } : {};
    const answer = await fetch(server.url + path, { method, headers, ...body });
    expect(answer.status).toBe(status);
  });

  test.each([
    [10, 400],
    [2_000_000, 413],
  ])("a body in chunks, %i bytes: %i", async (size, status) => {
    const headers = { authorization: admin(), "content-type": "application/json" };
    const text = JSON.stringify({ project_name: "X".repeat(size) });
    const body = new Blob([text]).stream();
    const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
    const answer = await fetch(`${server.url}/api/v2.0/projects`, init);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(status === 400 ? "cannot name a project" : "larger");
  });

  test("a body of 2 MB is 413", async () => {
    const headers = { authorization: admin(), "content-type": "application/json" };
    const body = JSON.stringify({ project_name: "x".repeat(2_000_000) });
    const answer = await fetch(`${server.url}/api/v2.0/projects`, {
      method: "POST",
      headers,
      body,
    });
    expect(answer.status).toBe(413);
  });
});

test("the last system administrator stays: 412", async () => {
  const { user_id } = (await api.users.current()).body;
  const params = { user_id };
  await expect(api.users.delete({ params })).rejects.toMatchObject({ status: 412 });
  const ending = api.users.setSysadmin({ params, body: { sysadmin_flag: false } });
  await expect(ending).rejects.toMatchObject({ status: 412 });
});
