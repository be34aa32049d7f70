import { randomBytes } from "node:crypto";
import { digestOf } from "@entrepot/oci";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { harborCaller, json } from "./harbor-caller.ts";

/*
 * Where Harbor's client is particular about what it is answered. Each test says what goes wrong in
 * a Harbor otherwise: src/common/http, src/lib/link.go, src/pkg/registry/client.go.
 */

const ACTOR = { name: "test", cause: "test" };
const ARTIFACTS = "/api/v2.0/projects/library/repositories/team%252Fapp/artifacts";
const LISTING = "with_tag=true&with_label=true&with_accessory=true";
let server: TestServer;
const call = harborCaller(() => server);
const image = sampleImage({}, [sampleBlob(randomBytes(1000))]);
const index = sampleIndex([sampleImage(), sampleImage()]);
const signature = sampleImage({ subject: index.content });

const repositoryOf = (name: string) => server.content.as(ACTOR).repository(name);

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const repository = repositoryOf("library/team/app");
  await pushSample(repository, image, ["v1"]);
  await pushSample(repository, index, ["multi"]);
  await pushSample(repository, signature);
});
afterAll(() => server?.close());

/** A token for `scopes`, as the adapter asks for one: name, actions. */
async function bearer(...scopes: (readonly [string, string])[]) {
  const asked = scopes.map(
    ([name, actions]) => `&scope=${encodeURIComponent(`repository:${name}:${actions}`)}`,
  );
  const { json: body } = await call(
    "GET",
    `/service/token?service=harbor-registry${asked.join("")}`,
  );
  return { authorization: `Bearer ${body.token}` };
}

describe("lists", () => {
  /** Go's client reads null into an empty list here and there, and fails elsewhere. */
  test.each([
    ["projects", "/api/v2.0/projects?with_detail=false"],
    ["no projects", `/api/v2.0/projects?q=${encodeURIComponent("name={'none'}")}`],
    ["repositories", "/api/v2.0/projects/library/repositories"],
    ["artifacts, all asked for", `${ARTIFACTS}?${LISTING}`],
    ["artifacts, nothing asked for", `${ARTIFACTS}?with_tag=false`],
    ["an artifact", `${ARTIFACTS}/v1?${LISTING}`],
    ["an index's child", `${ARTIFACTS}/${index.children[0]!.content.digest}?${LISTING}`],
    ["an accessory", `${ARTIFACTS}/${signature.content.digest}?${LISTING}`],
    ["labels", "/api/v2.0/labels?scope=g"],
    ["repositories of a blob that nobody has", blobQuery(digestOf(randomBytes(8)))],
  ])("%s: no null where a list belongs", async (_, path) => {
    const { status, json: body } = await call("GET", path);
    expect(status).toBe(200);
    expect(nullsIn(body)).toEqual([]);
    if (path.startsWith(`${ARTIFACTS}/`)) {
      for (const name of ["references", "tags", "labels", "accessories"]) {
        expect(body[name], name).toBeInstanceOf(Array);
      }
    }
  });

  test("labels are those that were made, for anybody, and artifacts carry theirs", async () => {
    const made = await call("POST", "/api/v2.0/labels", json({ name: "approved", scope: "g" }));
    const id = Number(made.headers.get("location")?.split("/").at(-1));
    await call("POST", `${ARTIFACTS}/multi/labels`, json({ id }));
    const open = await fetch(`${server.url}/api/v2.0/labels?scope=g`);
    expect(open.status).toBe(200);
    expect(await open.json()).toMatchObject([{ name: "approved" }]);

    const { json: found } = await call("GET", `${ARTIFACTS}?page_size=100&${LISTING}`);
    const byTag = Object.fromEntries(
      // oxlint-disable-next-line typescript/no-explicit-any -- whatever came
      found.map((one: any) => [one.tags[0].name, one]),
    );
    expect(byTag["multi"]).toMatchObject({
      labels: [{ name: "approved" }],
      accessories: [{ digest: signature.content.digest }],
      references: index.children.map(({ content }) => ({ child_digest: content.digest })),
    });
    expect(byTag["v1"].labels).toEqual([]);
    const { json: bare } = await call("GET", `${ARTIFACTS}?page_size=100`);
    // oxlint-disable-next-line typescript/no-explicit-any -- whatever came
    expect(bare.flatMap((one: any) => [...(one.labels ?? []), ...(one.accessories ?? [])])).toEqual(
      [],
    );
  });

  /** The client splits the header at each comma, and puts scheme and host in front of a URL. */
  test.each([
    ["of artifacts, by a filter with commas", `${ARTIFACTS}?page_size=1&q=tags%3D*%2Ctype%3DIMAGE`],
    ["of artifacts", `${ARTIFACTS}?page_size=1&${LISTING}`],
    ["of repositories by a blob", `${blobQuery(image.children[0]!.content.digest)}&page_size=1`],
  ])("Link %s: paths only, no comma within", async (_, path) => {
    await pushSample(repositoryOf("library/twin"), image, ["v1"]);
    const { status, headers } = await call("GET", path);
    expect(status).toBe(200);
    const links = (headers.get("link") ?? "").split(",");
    for (const link of links)
      expect(link).toMatch(/^ ?<\/api\/v2\.0\/[^<>,]*>; rel="(?:next|prev)"$/);
    const [, next] = /<([^>]*)>; rel="next"/.exec(links.join(",")) ?? [];
    const page = await call("GET", next!);
    expect([page.status, page.json.length]).toEqual([200, 1]);
  });
});

function blobQuery(digest: string): string {
  return `/api/v2.0/repositories?q=${encodeURIComponent(`blob_digest=${digest}`)}`;
}

/** Where null stands in `value`. */
function nullsIn(value: unknown, path = ""): string[] {
  if (value === null) return [path];
  if (typeof value !== "object") return [];
  return Object.entries(value as object).flatMap(([key, at]) => nullsIn(at, `${path}/${key}`));
}

describe("blobs", () => {
  /** A Harbor takes any 2xx for a mount: told 202, it goes on to a manifest whose blob lacks. */
  test("a repository is named only while it can be mounted from", async () => {
    const only = sampleImage({}, [sampleBlob(randomBytes(500))]);
    const { digest } = only.children[1]!.content;
    await pushSample(repositoryOf("library/origin"), only, ["v1"]);
    const found = await call("GET", `${blobQuery(digest)}&page_size=1&page_number=1`);
    expect(found.json).toMatchObject([{ name: "library/origin" }]);
    const mount = `/v2/library/into/blobs/uploads/?mount=${digest}&from=library/origin`;
    const headers = await bearer(["library/into", "pull,push"], ["library/origin", "pull"]);
    const mounted = await call("POST", mount, { headers });
    expect(mounted.status).toBe(201);
    expect(mounted.headers.get("docker-content-digest")).toBe(digest);

    const other = sampleImage({}, [sampleBlob(randomBytes(500))]);
    await pushSample(repositoryOf("library/brief"), other, ["v1"]);
    await call("DELETE", "/api/v2.0/projects/library/repositories/brief");
    const gone = await call("GET", `${blobQuery(other.children[1]!.content.digest)}&page_size=1`);
    expect([gone.status, gone.json]).toEqual([200, []]);
  });

  /** The token goes to the endpoint's own host alone: elsewhere the upload is refused. */
  test("an upload whole: its place is on this host; HEAD tells the digest", async () => {
    const { bytes, content } = sampleBlob(randomBytes(5000));
    const headers = await bearer(["library/whole", "pull,push"]);
    const start = await call("POST", "/v2/library/whole/blobs/uploads/", { headers });
    expect(start.status).toBe(202);
    const location = new URL(start.headers.get("location") ?? "", server.url);
    expect(location.origin).toBe(server.url);
    location.searchParams.set("digest", content.digest);
    const type = { "content-type": "application/octet-stream" };
    const put = await call("PUT", location.href, {
      headers: { ...headers, ...type },
      body: Buffer.from(bytes),
    });
    expect(put.status).toBe(201);
    const head = await call("HEAD", `/v2/library/whole/blobs/${content.digest}`, { headers });
    expect(head.headers.get("docker-content-digest")).toBe(content.digest);
    expect(head.headers.get("content-length")).toBe("5000");
  });

  /** After a broken chunk the client asks how much has arrived, and goes on from there. */
  test("an upload in chunks goes on where its status says", async () => {
    const { bytes, content } = sampleBlob(randomBytes(3000));
    const headers = await bearer(["library/parts", "pull,push"]);
    const chunk = (from: number, to: number) => ({
      headers: {
        ...headers,
        "content-range": `${from}-${to - 1}`,
        "content-type": "application/octet-stream",
      },
      body: Buffer.from(bytes.subarray(from, to)),
    });
    const start = await call("POST", "/v2/library/parts/blobs/uploads/", { headers });
    let location = start.headers.get("location") ?? "";
    for (const [from, to] of [
      [0, 1000],
      [1000, 2000],
    ] as const) {
      const patched = await call("PATCH", location, chunk(from, to));
      expect([patched.status, patched.headers.get("range")]).toEqual([202, `0-${to - 1}`]);
      location = patched.headers.get("location") ?? location;
      expect(new URL(location, server.url).origin).toBe(server.url);
    }
    const again = await call("PATCH", location, chunk(1000, 2000));
    expect(again.status).toBe(416);
    const status = await call("GET", location, { headers });
    expect([status.status, status.headers.get("range")]).toEqual([204, "0-1999"]);
    const end = new URL(location, server.url);
    end.searchParams.set("digest", content.digest);
    expect((await call("PUT", end.href, chunk(2000, 3000))).status).toBe(201);
  });
});

describe("rights and traces", () => {
  test("a token for * lets an artifact be deleted, one for pushing does not", async () => {
    const gone = sampleImage();
    await pushSample(repositoryOf("library/doomed"), gone, ["v1"]);
    const path = `/v2/library/doomed/manifests/${gone.content.digest}`;
    const pushing = await bearer(["library/doomed", "pull,push"]);
    expect((await call("DELETE", path, { headers: pushing })).status).toBeGreaterThan(400);
    const all = await bearer(["library/doomed", "*"]);
    expect((await call("DELETE", path, { headers: all })).status).toBe(202);
  });

  test("a Harbor's reading is no pull; anybody else's is", async () => {
    const pulled = sampleImage();
    await pushSample(repositoryOf("library/pulled"), pulled, ["v1"]);
    const get = (agent: string) =>
      call("GET", "/v2/library/pulled/manifests/v1", { headers: { "user-agent": agent } });
    for (const agent of ["harbor-registry-client", "entrepot-registry-client/0.1", "docker/28"]) {
      expect((await get(agent)).status).toBe(200);
    }
    const path = "/api/v2.0/projects/library/repositories/pulled";
    await vi.waitFor(async () => expect((await call("GET", path)).json.pull_count).toBe(1), {
      timeout: 20_000,
      interval: 100,
    });
  });

  test("a project that is there is 409, whoever made it; a wrong name is 400", async () => {
    const create = (name: unknown) =>
      call(
        "POST",
        "/api/v2.0/projects",
        json({ project_name: name, metadata: { public: "false" } }),
      );
    expect((await create("replicated")).status).toBe(201);
    expect((await create("replicated")).status).toBe(409);
    expect((await create("library")).status).toBe(409);
    expect((await create("Not A Name")).status).toBe(400);
  });
});
