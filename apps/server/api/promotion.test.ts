import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
const image = sampleImage();
const signature = sampleImage({ subject: image.content });
const { digest } = image.content;
let here: TestServer;
let there: TestServer;

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer({ workers: 0 })]);
  for (const name of ["dev", "prod"]) {
    await here.content.projects.create(ACTOR, { name, public: false });
  }
  const repository = here.content.as(ACTOR).repository("dev/team/app");
  await pushSample(repository, image, ["v1", "nightly"]);
  await pushSample(repository, signature);
});
afterAll(() => Promise.all([here?.close(), there?.close()]));

async function call(method: string, path: string, body?: object, user = here.credential) {
  const credential = Buffer.from(`${user.username}:${user.password}`).toString("base64");
  const answer = await fetch(`${here.url}/api/v2.0${path}`, {
    method,
    headers: { authorization: `Basic ${credential}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const location = answer.headers.get("location") ?? "";
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  const json = (/^[[{]/.test(text) ? JSON.parse(text) : null) as any;
  return { status: answer.status, json, location };
}

const ARTIFACT = "/projects/dev/repositories/team%252Fapp/artifacts/v1";

test("within the registry: its tags and signature, each tag in the journal", async () => {
  const head = await here.catalog.head();
  const body = { repository: "prod/app", tags: ["v1", "stable"] };
  const { status, location } = await call("POST", `${ARTIFACT}/promotions`, body);
  expect(status).toBe(201);
  const found = await call("GET", location.replace("/api/v2.0", "") + "?with_accessory=true");
  expect(found.json.tags.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    "stable",
    "v1",
  ]);
  expect(found.json.accessories).toMatchObject([{ digest: signature.content.digest }]);
  const rows = await here.catalog.db
    .selectFrom("journal")
    .select("key")
    .where("kind", "=", "tag")
    .where("seq", ">", head as never)
    .execute();
  expect(
    rows.map(({ key }) => JSON.stringify(key)).filter((key) => /v1|stable/.test(key)),
  ).toHaveLength(2);
  const repeated = await call("POST", `${ARTIFACT}/promotions`, body);
  expect(repeated.status).toBe(201);
});

test("Harbor's copy brings all tags, the signature too, and moves no bytes", async () => {
  const from = encodeURIComponent("dev/team/app:v1");
  const { status } = await call("POST", `/projects/prod/repositories/copy/artifacts?from=${from}`);
  expect(status).toBe(201);
  const { json } = await call("GET", "/projects/prod/repositories/copy/artifacts?with_accessory=1");
  expect(json).toHaveLength(1);
  expect(json[0].tags.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    "nightly",
    "v1",
  ]);
  expect(json[0].accessories).toMatchObject([{ digest: signature.content.digest }]);
});

test("needs the right to read here and to push there", async () => {
  const user = { username: "dev", password: "Only4ThisTest" };
  await here.access.createAccount(ACTOR, user);
  const promote = (body: object) => call("POST", `${ARTIFACT}/promotions`, body, user);
  expect((await promote({ repository: "prod/other" })).status).toBeGreaterThanOrEqual(403);
  await here.access.setMember(ACTOR, "dev", "dev", 2 as never);
  expect((await promote({ repository: "prod/other" })).status).toBeGreaterThanOrEqual(403);
  expect((await promote({ repository: "prod/other", registry_id: 1 })).status).toBe(403);
  expect((await promote({ repository: "dev/other" })).status).toBe(201);
});

test.each([
  ["a bad tag", { repository: "prod/app", tags: ["-no"] }, 400],
  ["a bad name", { repository: "Prod" }, 400],
  ["an unknown endpoint", { repository: "prod/app", registry_id: 99 }, 404],
])("refuses %s", async (_, body, expected) => {
  expect((await call("POST", `${ARTIFACT}/promotions`, body)).status).toBe(expected);
});

test("to another registry: an execution that is seen and ends", async () => {
  const { username, password } = there.credential;
  const endpoint = await call("POST", "/registries", {
    name: "production",
    type: "entrepot",
    url: there.url,
    credential: { access_key: username, access_secret: password },
  });
  expect(endpoint.status).toBe(201);
  const registry_id = Number(endpoint.location.split("/").at(-1));
  const body = { registry_id, repository: "prod/app", tags: ["1.4", "stable"] };
  const { status, location } = await call("POST", `${ARTIFACT}/promotions`, body);
  expect(status).toBe(201);
  const path = location.replace("/api/v2.0", "");
  await vi.waitFor(
    async () => expect((await call("GET", path)).json).toMatchObject({ status: "Succeed" }),
    { timeout: 30_000 },
  );
  const { json } = await call("GET", `${path}/tasks`);
  expect(json).toMatchObject([
    {
      operation: "copy",
      src_resource: `dev/team/app@${digest}`,
      dst_resource: "prod/app:1.4,stable",
      bytes_sent: expect.any(Number),
    },
  ]);
  const repository = there.content.as(ACTOR).repository("prod/app");
  for (const tag of ["1.4", "stable"]) {
    expect(await repository.resolve(tag)).toMatchObject(image.content);
  }
  const { items } = await repository.referrers(digest);
  expect(items.map((one) => one.digest)).toEqual([signature.content.digest]);
});
