import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "@entrepot/oci";
import { pushSample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { api, basic, createEndpoint, pushPolicy } from "./entrepot-api.ts";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";

/*
 * A pushes to B over a slow line; B can reach A over a good one. What has not arrived at B yet can
 * be pulled there.
 */
const NAME = "library/app";
const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 30_000, interval: 50 };
/** A layer takes half a minute. */
const SLOW = { sentBytesPerSecond: 100_000 };
const LAYER = sampleBlob(randomBytes(3 << 20));

let a: TestServer;
let b: TestServer;
let line: FaultProxy;
beforeEach(async () => {
  [a, b] = await Promise.all([testServer(), testServer()]);
  line = await faultProxy(b.url);
});
afterEach(async () => {
  await line?.close();
  await Promise.all([a?.close(), b?.close()]);
});

/** Has A copy `image` to B as `v1`, and waits until B has been told. */
async function copySlowly(image = sampleImage({}, [LAYER])): Promise<string> {
  const { credential } = b;
  const id = await createEndpoint(a, "b", "harbor", { url: line.url, credential });
  await pushPolicy(a, "to b", id, { filters: [{ type: "tag", value: "v*" }] });
  line.plan(() => SLOW);
  const repository = a.content.as(ACTOR).repository(NAME);
  await pushSample(repository, sampleImage(), ["secret"]);
  return pushSample(repository, image, ["v1"]);
}

const hereAt = (server: TestServer) => server.content.as(ACTOR).repository(NAME);
const ask = (server: TestServer, path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/v2/${NAME}/${path}`, {
    headers: { authorization: basic(server.credential), ...headers },
  });
const told = () =>
  vi.waitFor(async () => {
    const rows = await b.catalog.db.selectFrom("announced_copy").selectAll().execute();
    expect(rows).toMatchObject([
      { repository: NAME, registry: a.catalog.registryId, source: NAME },
    ]);
  }, SOON);

test("an image that a push policy is still copying can be pulled already", async () => {
  await createEndpoint(b, "a", "harbor", a);
  const digest = await copySlowly();
  await told();

  const manifest = await ask(b, "manifests/v1");
  expect(manifest.headers.get("docker-content-digest")).toBe(digest);
  expect(digestOf(Buffer.from(await manifest.arrayBuffer()))).toBe(digest);
  const layer = await ask(b, `blobs/${LAYER.content.digest}`);
  expect(digestOf(Buffer.from(await layer.arrayBuffer()))).toBe(LAYER.content.digest);
  expect(await hereAt(b).resolve("v1")).toBe(null);
  expect(await hereAt(b).stat(LAYER.content.digest)).toBe(null);

  // What nobody copies stays A's own, by its tag and by its digest.
  const secret = (await hereAt(a).resolve("secret"))!;
  expect((await ask(b, "manifests/secret")).status).toBe(404);
  expect((await ask(b, `manifests/${secret.digest}`)).status).toBe(404);
  // Who copies here has to learn what is here.
  const copier = { "user-agent": "entrepot-registry-client/0.1" };
  expect((await ask(b, "manifests/v1", copier)).status).toBe(404);
  const head = { method: "HEAD", headers: { authorization: basic(b.credential) } };
  const asked = await fetch(`${b.url}/v2/${NAME}/blobs/${LAYER.content.digest}`, head);
  expect(asked.status).toBe(404);
});

test("without an endpoint for who copies, nothing is there before it has arrived", async () => {
  await copySlowly();
  await told();
  expect((await ask(b, "manifests/v1")).status).toBe(404);
  expect((await ask(b, `blobs/${LAYER.content.digest}`)).status).toBe(404);
});

describe("an announcement alone", () => {
  const announce = (credential: TestServer["credential"]) =>
    fetch(`${b.url}/api/v2.0/projects/library/repositories/app/announcements`, {
      method: "POST",
      headers: { authorization: basic(credential), "content-type": "application/json" },
      body: JSON.stringify({ registry_id: a.catalog.registryId, repository: NAME }),
    });

  test("shows nothing that the registry does not say it is copying", async () => {
    await createEndpoint(b, "a", "harbor", a);
    const digest = await pushSample(hereAt(a), sampleImage(), ["v1"]);
    expect((await announce(b.credential)).status).toBe(200);
    expect((await ask(b, "manifests/v1")).status).toBe(404);
    expect((await ask(b, `manifests/${digest}`)).status).toBe(404);
  });

  test("is taken only of who may push there", async () => {
    const reader = { username: "reader", password: "Reader12345" };
    await api(b, "POST", "/users", { ...reader, email: "r@x.example", realname: "R" });
    expect((await announce(reader)).status).toBe(403);
  });
});

describe.skipIf(!hasSkopeo)("pulled with skopeo", () => {
  test("comes whole while the line to the target still carries it", async () => {
    await createEndpoint(b, "a", "harbor", a);
    const digest = await copySlowly();
    await told();
    const folder = await mkdtemp(join(tmpdir(), "entrepot-arriving-"));
    try {
      const account = `${b.credential.username}:${b.credential.password}`;
      const from = `docker://${new URL(b.url).host}/${NAME}:v1`;
      const how = ["--src-tls-verify=false", "--src-creds", account];
      await skopeo(["copy", ...how, from, `dir:${folder}`]);
      expect(digestOf(await readFile(join(folder, "manifest.json")))).toBe(digest);
      expect(await hereAt(b).resolve("v1")).toBe(null);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    line.plan(() => ({}));
  });
});
