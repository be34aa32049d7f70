import { sampleBlob, sampleImage, sampleIndex, pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { harborCaller, json } from "./harbor-caller.ts";

/*
 * Every call that Harbor's own adapter makes on the registry at the other side of a replication,
 * as it writes it: with these paths, encodings and headers a Harbor replicates to us and from us.
 */

const ACTOR = { name: "test", cause: "test" };
let server: TestServer;
const image = sampleImage();
const index = sampleIndex([sampleImage(), sampleImage()]);
const signature = sampleImage({ subject: image.content });
const cosigned = sampleImage();
const REPOSITORY = "library/team/app";
const ARTIFACTS = "/api/v2.0/projects/library/repositories/team%252Fapp/artifacts";

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const repository = server.content.as(ACTOR).repository(REPOSITORY);
  await pushSample(repository, image, ["v1", "v1.0", "latest"]);
  await pushSample(repository, index, ["multi"]);
  await pushSample(repository, signature);
  const cosignTag = `${image.content.digest.replace(":", "-")}.sig`;
  await pushSample(repository, cosigned, [cosignTag]);
});
afterAll(() => server.close());

const call = harborCaller(() => server);

describe("before anything else", () => {
  test("the version says that this is a Harbor 2", async () => {
    const { status, json: body } = await call("GET", "/api/version");
    expect([status, body]).toEqual([200, { version: "v2.0" }]);
  });

  test("/v2/ without credentials says where tokens are", async () => {
    const answer = await fetch(`${server.url}/v2/`);
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get("www-authenticate") ?? "";
    expect(challenge).toBe(`Bearer realm="${server.url}/service/token",service="harbor-registry"`);
  });

  test.each([
    ["pull", "pull"],
    ["pull,push", "pull,push"],
    ["*", "*"],
  ])("a token for %s, which lets in", async (actions, asked) => {
    const scope = `scope=${encodeURIComponent(`repository:${REPOSITORY}:${asked}`)}`;
    const from = `scope=${encodeURIComponent("repository:library/other:pull")}`;
    const path = `/service/token?service=harbor-registry&${scope}&${from}`;
    const { status, json: body } = await call("GET", path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token: expect.any(String), expires_in: expect.any(Number) });
    expect(Date.parse(body.issued_at)).not.toBeNaN();
    const headers = { authorization: `Bearer ${body.token}` };
    expect((await call("GET", "/v2/", { headers })).status).toBe(200);
  });

  test("labels are an array, for anybody", async () => {
    const answer = await fetch(`${server.url}/api/v2.0/labels?scope=g`);
    expect([answer.status, await answer.json()]).toEqual([200, []]);
  });
});

describe("projects", () => {
  test("by name, several at once; private and public", async () => {
    const path = `/api/v2.0/projects?q=${encodeURIComponent("name={'library' 'absent'}")}`;
    const { status, json: body } = await call("GET", `${path}&with_detail=false`);
    expect(status).toBe(200);
    expect(body.map(({ name }: { name: string }) => name)).toEqual(["library"]);
    expect(body[0].metadata.public).toBe("true");
    expect(body[0].registry_id ?? 0).toBe(0);
  });

  test("none is an empty array", async () => {
    const q = encodeURIComponent("name={'absent'}");
    const { status, json: body } = await call("GET", `/api/v2.0/projects?q=${q}`);
    expect([status, body]).toEqual([200, []]);
  });

  test("are created with metadata, and there already are 409", async () => {
    const body = json({ project_name: "copies", metadata: { public: "true" } });
    const first = await call("POST", "/api/v2.0/projects", body);
    expect(first.status).toBe(201);
    const location = first.headers.get("location") ?? "";
    expect(location).toMatch(/^\/api\/v2\.0\/projects\/\d+$/);
    expect((await call("GET", location)).json).toMatchObject({
      name: "copies",
      metadata: { public: "true" },
      current_user_role_id: 1,
    });
    const second = await call("POST", "/api/v2.0/projects", body);
    expect([second.status, second.json.errors[0].code]).toEqual([409, "CONFLICT"]);
  });

  test("Link holds paths only, and no comma", async () => {
    for (const name of ["l1", "l2", "l3"]) {
      await call("POST", "/api/v2.0/projects", json({ project_name: name }));
    }
    const q = encodeURIComponent("name=~l,public=false");
    const path = `/api/v2.0/projects?q=${q}&page_size=1&page=2`;
    const { headers, json: body } = await call("GET", path);
    expect(body).toHaveLength(1);
    expect(Number(headers.get("x-total-count"))).toBeGreaterThanOrEqual(3);
    const links = (headers.get("link") ?? "").split(",");
    expect(links).toHaveLength(2);
    for (const link of links) expect(link).toMatch(/^ ?<\/api\/v2\.0\/projects\?[^<>,]*>; rel="/);
  });
});

describe("what is here", () => {
  test("projects, repositories", async () => {
    const found = await call("GET", "/api/v2.0/projects?name=library");
    expect(found.json[0]).toMatchObject({ name: "library", repo_count: 1 });
    const {
      status,
      headers,
      json: body,
    } = await call("GET", "/api/v2.0/projects/library/repositories");
    expect([status, headers.get("x-total-count")]).toEqual([200, "1"]);
    expect(body[0]).toMatchObject({ name: REPOSITORY, artifact_count: 2, description: "" });
  });

  test("artifacts with tags, labels, references and accessories, never null", async () => {
    const query = "page=1&page_size=100&with_label=true&with_accessory=true";
    const { status, json: body } = await call("GET", `${ARTIFACTS}?${query}`);
    expect(status).toBe(200);
    expect(body).toHaveLength(2);
    const [multi, single] = body;
    expect(multi).toMatchObject({
      type: "IMAGE",
      digest: index.content.digest,
      labels: [],
      accessories: [],
      tags: [{ name: "multi" }],
      references: index.children.map((child) => ({ child_digest: child.content.digest })),
    });
    expect(single).toMatchObject({ type: "IMAGE", digest: image.content.digest, references: [] });
    expect(single.tags.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      "latest",
      "v1",
      "v1.0",
    ]);
    expect(
      single.accessories.map(({ digest, type }: Record<string, string>) => [digest, type]),
    ).toEqual([
      [signature.content.digest, "subject.accessory"],
      [cosigned.content.digest, "signature.cosign"],
    ]);
    const layers = image.children.reduce((sum, child) => sum + child.content.size, 0);
    expect(single.size).toBe(image.content.size + layers);
  });

  test.each([
    ["a child of an index", () => index.children[0]!.content.digest, 0],
    ["an accessory", () => signature.content.digest, 0],
    ["an accessory by tag", () => cosigned.content.digest, 1],
  ])("%s by digest", async (_, digest, tags) => {
    const path = `${ARTIFACTS}/${digest()}?page_size=100&with_accessory=true&with_tag=true`;
    const { status, json: body } = await call("GET", path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ digest: digest(), references: [], accessories: [], labels: [] });
    expect(body.tags).toHaveLength(tags);
  });

  test("a name encoded once is the same repository", async () => {
    const once = ARTIFACTS.replace("%252F", "%2F");
    expect((await call("GET", `${once}?with_tag=true`)).json).toHaveLength(2);
  });

  test("a repository that is gone has no artifacts", async () => {
    const { status, json: body } = await call("GET", ARTIFACTS.replace("app", "gone"));
    expect([status, body]).toEqual([200, []]);
  });

  test("manifests and blobs by HEAD, with their digest", async () => {
    const manifest = await call("HEAD", `/v2/${REPOSITORY}/manifests/v1`, {
      headers: { accept: image.content.mediaType },
    });
    expect(manifest.status).toBe(200);
    expect(manifest.headers.get("docker-content-digest")).toBe(image.content.digest);
    const { digest } = image.children[0]!.content;
    expect((await call("HEAD", `/v2/${REPOSITORY}/blobs/${digest}`)).status).toBe(200);
    const absent = `sha256:${"0".repeat(64)}`;
    expect((await call("HEAD", `/v2/${REPOSITORY}/blobs/${absent}`)).status).toBe(404);
  });
});

describe("taking what is sent", () => {
  test("a blob is found by its digest and mounted from there: 201", async () => {
    const { digest } = image.children[0]!.content;
    const q = encodeURIComponent(`blob_digest=${digest}`);
    const found = await call("GET", `/api/v2.0/repositories?q=${q}&page_size=1&page_number=1`);
    expect(found.json.map(({ name }: { name: string }) => name)).toEqual([REPOSITORY]);
    const path = `/v2/library/mounted/blobs/uploads/?mount=${digest}&from=${REPOSITORY}`;
    expect((await call("POST", path)).status).toBe(201);
  });

  test("a blob that nobody has is in an empty list", async () => {
    const q = encodeURIComponent(`blob_digest=sha256:${"1".repeat(64)}`);
    const found = await call("GET", `/api/v2.0/repositories?q=${q}&page_size=1&page_number=1`);
    expect([found.status, found.json]).toEqual([200, []]);
  });

  test("a blob in a private project is not told to strangers", async () => {
    await call("POST", "/api/v2.0/projects", json({ project_name: "closed" }));
    const hidden = sampleImage();
    await pushSample(server.content.as(ACTOR).repository("closed/app"), hidden, ["v1"]);
    const q = encodeURIComponent(`blob_digest=${hidden.children[0]!.content.digest}`);
    const path = `/api/v2.0/repositories?q=${q}&page_size=1`;
    expect((await call("GET", path)).json).toHaveLength(1);
    const stranger = await fetch(server.url + path);
    expect([stranger.status, await stranger.json()]).toEqual([200, []]);
  });

  test("a blob in chunks, the last one with the PUT", async () => {
    const { bytes, content } = sampleBlob(Buffer.alloc(3000, 7));
    const start = await call("POST", "/v2/library/chunked/blobs/uploads/");
    expect(start.status).toBe(202);
    let location = start.headers.get("location") ?? "";
    // Harbor sends its token to this host alone.
    expect(new URL(location, server.url).origin).toBe(server.url);
    const relative = (url: string) => new URL(url, server.url).href.slice(server.url.length);
    const patched = await call("PATCH", relative(location), {
      body: Buffer.from(bytes.subarray(0, 2000)),
      headers: { "content-range": "0-1999", "content-type": "application/octet-stream" },
    });
    expect(patched.status).toBe(202);
    expect(patched.headers.get("range")).toBe("0-1999");
    location = patched.headers.get("location") ?? "";
    const status = await call("GET", relative(location));
    expect([status.status, status.headers.get("range")]).toEqual([204, "0-1999"]);
    const end = relative(location);
    const digest = encodeURIComponent(content.digest);
    const put = await call("PUT", `${end}${end.includes("?") ? "&" : "?"}digest=${digest}`, {
      body: Buffer.from(bytes.subarray(2000)),
      headers: { "content-range": "2000-2999", "content-type": "application/octet-stream" },
    });
    expect(put.status).toBe(201);
  });

  test("a manifest by PUT: 201", async () => {
    const pushed = await call("PUT", `/v2/${REPOSITORY}/manifests/again`, {
      body: Buffer.from(image.bytes),
      headers: { "content-type": image.content.mediaType },
    });
    expect(pushed.status).toBe(201);
  });
});

describe("deleting", () => {
  test("a tag alone; what is gone is 404", async () => {
    const path = `${ARTIFACTS}/v1.0/tags/v1.0`;
    expect((await call("DELETE", path)).status).toBe(200);
    expect((await call("DELETE", path)).status).toBe(404);
    expect((await call("HEAD", `/v2/${REPOSITORY}/manifests/v1`)).status).toBe(200);
  });

  test("an artifact by its digest: 202, its tags with it", async () => {
    const gone = sampleImage();
    await pushSample(server.content.as(ACTOR).repository(REPOSITORY), gone, ["old", "older"]);
    const path = `/v2/${REPOSITORY}/manifests`;
    const head = await call("HEAD", `${path}/older`);
    expect(head.headers.get("docker-content-digest")).toBe(gone.content.digest);
    expect((await call("DELETE", `${path}/${gone.content.digest}`)).status).toBe(202);
    expect((await call("HEAD", `${path}/old`)).status).toBe(404);
  });

  /*
   * Harbor itself refuses this, as registries of specification 1.0 did, and so its adapter never
   * asks for it. Specification 1.1 (end-9) lets a registry delete the tag alone, its conformance
   * suite tries it, and ORAS and regctl do it: so we do, and the artifact stays.
   */
  test("a manifest by its tag deletes the tag alone: 202", async () => {
    const kept = sampleImage();
    await pushSample(server.content.as(ACTOR).repository(REPOSITORY), kept, ["gone", "stays"]);
    const path = `/v2/${REPOSITORY}/manifests`;
    expect((await call("DELETE", `${path}/gone`)).status).toBe(202);
    expect((await call("HEAD", `${path}/gone`)).status).toBe(404);
    expect((await call("HEAD", `${path}/stays`)).status).toBe(200);
  });
});

describe("with a robot's credential", () => {
  /** What Harbor's documentation gives a robot that it replicates with. */
  const rights = (...all: string[]) =>
    all.map((right) => ({ resource: right.split(":")[0], action: right.split(":")[1] }));
  const content = rights(
    "repository:list",
    "repository:pull",
    "repository:push",
    "artifact:read",
    "artifact:list",
    "artifact:create",
    "artifact:delete",
    "tag:list",
    "tag:create",
    "tag:delete",
  );
  const permissions = [
    { kind: "system", namespace: "/", access: rights("project:list", "project:create") },
    { kind: "project", namespace: "*", access: content },
  ];
  let basic: string;

  beforeAll(async () => {
    const robot = { name: "replicator", level: "system", duration: -1, permissions };
    const made = await call("POST", "/api/v2.0/robots", json(robot));
    expect(made.status).toBe(201);
    const text = `${made.json.name}:${made.json.secret}`;
    basic = `Basic ${Buffer.from(text).toString("base64")}`;
    const sample = sampleImage();
    await pushSample(server.content.as(ACTOR).repository(REPOSITORY), sample, ["unwanted"]);
  });

  const asRobot = (method: string, path: string, init: RequestInit = {}) =>
    call(method, path, { ...init, headers: { ...init.headers, authorization: basic } });

  test("what is here is found, what is missing is made, and nothing else is allowed", async () => {
    const answers: Record<string, number> = {};
    const note = async (what: string, method: string, path: string, init?: RequestInit) =>
      void (answers[what] = (await asRobot(method, path, init)).status);
    await note("projects", "GET", "/api/v2.0/projects?page=1&page_size=100");
    await note("project there", "HEAD", "/api/v2.0/projects?project_name=library");
    await note("project missing", "HEAD", "/api/v2.0/projects?project_name=by-robot");
    const project = json({ project_name: "by-robot", metadata: { public: "false" } });
    await note("project made", "POST", "/api/v2.0/projects", project);
    await note("repositories", "GET", "/api/v2.0/projects/by-robot/repositories");
    await note("artifacts", "GET", `${ARTIFACTS}?with_tag=true`);
    await note("tag deleted", "DELETE", `${ARTIFACTS}/unwanted/tags/unwanted`);
    await note("members", "GET", "/api/v2.0/projects/library/members");
    await note("users", "GET", "/api/v2.0/users");
    expect(answers).toEqual({
      projects: 200,
      "project there": 200,
      "project missing": 404,
      "project made": 201,
      repositories: 200,
      artifacts: 200,
      "tag deleted": 200,
      members: 403,
      users: 403,
    });
    const scope = encodeURIComponent(`repository:${REPOSITORY}:pull,push`);
    const { json: body } = await asRobot("GET", `/service/token?scope=${scope}`);
    expect(body.scope).toBe(`repository:${REPOSITORY}:pull,push`);
  });
});
