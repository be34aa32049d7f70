import { RegistryError } from "@entrepot/oci";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

let server: TestServer;
let admin: Record<string, string>;
const image = sampleImage();
const PASSWORD = "Correct-Horse-9";
const actor = { name: "test", cause: "test" };

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  admin = basic(server.credential.username, server.credential.password);
  await server.access.createAccount(actor, { username: "dev", password: PASSWORD });
  await server.access.setMember(actor, "library", "dev", 1);
  await pushSample(server.content.as(actor).repository("library/app"), image, ["v1"]);
});
afterAll(() => server.close());

function basic(username: string, password: string): Record<string, string> {
  const pair = Buffer.from(`${username}:${password}`).toString("base64");
  return { authorization: `Basic ${pair}` };
}

async function call(method: string, path: string, body?: unknown, headers = admin) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const freeze = (on: boolean) => call("PUT", "/api/v2.0/configurations", { read_only: on });

test("while it is read-only, changes are refused with the reason, and pulls go on", async () => {
  expect((await freeze(true)).status).toBe(200);
  const info = JSON.parse((await call("GET", "/api/v2.0/systeminfo")).text);
  expect(info.read_only).toBe(true);

  const app = "/v2/library/app";
  const manifest = `${app}/manifests/v1`;
  const stored = JSON.parse((await call("GET", manifest)).text);
  const refused = [
    await call("POST", `${app}/blobs/uploads/`),
    await call("PUT", manifest, stored, { ...admin, "content-type": stored.mediaType }),
    await call("DELETE", manifest),
    await call("POST", "/api/v2.0/projects", { project_name: "another" }),
    await call("DELETE", "/api/v2.0/projects/library/repositories/app"),
    await call("POST", "/api/v2.0/labels", { name: "a", scope: "g" }),
    await call("POST", "/api/v2.0/restores", {}, basic("dev", PASSWORD)),
  ];
  for (const { status, text } of refused) {
    expect([status, text]).toEqual([403, expect.stringMatching(/DENIED.*read-only for now/)]);
  }

  const pulled = [
    await call("GET", manifest),
    await call("HEAD", manifest),
    await call("GET", `${app}/tags/list`),
    await call("GET", "/api/v2.0/projects"),
    await call("GET", "/service/token?scope=repository:library/app:pull"),
  ];
  expect(pulled.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

test("replication to here and retention change nothing meanwhile", async () => {
  await freeze(true);
  const { digest } = (await server.content.as(actor).repository("library/app").resolve("v1"))!;
  const changes = [
    server.content.projects.ensure(actor, "arriving", false),
    server.content.as(actor).repository("library/app").tag("v2", digest),
    server.content.deleteArtifact(actor, "library/app", digest, ["v1"]),
  ];
  for (const change of changes) {
    const error = await change.then(
      () => null,
      (why: unknown) => why,
    );
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ code: "DENIED" });
  }
});

test("a system administrator may recover, and end it", async () => {
  await freeze(true);
  const plan = await call("POST", "/api/v2.0/restores", { name: "library", seq: 1 });
  expect([plan.status, plan.text]).not.toEqual([403, expect.anything()]);
  expect((await freeze(false)).status).toBe(200);
  expect((await call("POST", "/v2/library/app/blobs/uploads/")).status).toBe(202);
  expect((await call("POST", "/api/v2.0/labels", { name: "a", scope: "g" })).status).toBe(201);
});
