import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { type Descriptor, isManifestType } from "@entrepot/oci";
import { memoryRegistry, type Registry } from "@entrepot/registry";
import { before } from "@entrepot/registry/faults";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { expireProxied, testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { api, basic, createEndpoint, pullPolicy, runPolicy } from "./entrepot-api.ts";
import { serveRegistry, type Served } from "./serve.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";
import { waitUntil } from "./wait-until.ts";

const NAME = "team/app";

/** Upstream, which counts what it is asked, and can be told to be down. */
async function upstreamServer() {
  const registry = memoryRegistry();
  const asked: string[] = [];
  let isDown = false;
  let held: Promise<void> | undefined;
  const noting: Registry = {
    ...registry,
    repository: (name) =>
      before(registry.repository(name), async (method, [content]) => {
        if (isDown) throw new Error("upstream is down");
        const what =
          typeof content === "string" ? content : (content as { digest: string })?.digest;
        asked.push(`${method} ${what}`);
        // The first blob that is asked for, which is the copy's, waits.
        if (held && method === "fetch" && !isManifestType((content as Descriptor).mediaType)) {
          const waiting = held;
          held = undefined;
          await waiting;
        }
      }),
  };
  const served = await serveRegistry(noting);
  return {
    ...served,
    repository: registry.repository(NAME),
    times: (text: string) => asked.filter((one) => one === text).length,
    setDown: (down: boolean) => (isDown = down),
    holdBack: (until: Promise<void>) => (held = until),
  };
}

const fetch = endpointFetch();
let server: TestServer;
let upstream: Awaited<ReturnType<typeof upstreamServer>>;
/** The proxy's repository, as a client of the server's sees it. */
const client = (name = `hub/${NAME}`, who = {}) =>
  remoteRegistry({ url: server.url, credential: server.credential, fetch, ...who }).repository(
    name,
  );

afterAll(() => fetch.close());
beforeEach(async () => {
  [server, upstream] = await Promise.all([testServer(), upstreamServer()]);
  const registry_id = await createEndpoint(server, "upstream", "docker-registry", upstream);
  const body = { project_name: "hub", registry_id, metadata: { public: "true" } };
  await api(server, "POST", "/projects", body);
});
afterEach(async () => {
  await server?.close();
  await upstream?.close();
});

/** Pulls an image with all its blobs, as clients do. */
async function pull(reference: string, name?: string, who?: object): Promise<string> {
  const repository = client(name, who);
  const found = await repository.resolve(reference);
  if (!found) throw new Error(`${reference} is not there`);
  const manifest = JSON.parse(await latin1(await repository.fetch(found)));
  const blobs = [manifest.config, ...(manifest.layers ?? [])].filter(Boolean);
  await Promise.all(blobs.map(async (blob) => latin1(await repository.fetch(blob))));
  return found.digest;
}

async function latin1(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(bytes)).toString("latin1");
}

const kept = async (reference: string) =>
  (
    await server.content
      .as({ name: "test", cause: "test" })
      .repository(`hub/${NAME}`)
      .resolve(reference)
  )?.digest;

test("what is pulled is kept with its tag, and served when upstream is down", async () => {
  const image = sampleImage();
  await pushSample(upstream.repository, image, ["v1"]);
  expect(await pull("v1")).toBe(image.content.digest);
  await waitUntil("the image is kept", () => kept("v1"), image.content.digest);
  upstream.setDown(true);
  expect(await pull("v1")).toBe(image.content.digest);
  await expect(pull("v2")).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("twenty clients at once: upstream sends each blob and manifest about once", async () => {
  const layer = sampleBlob(randomBytes(3 << 20));
  const image = sampleImage({}, [layer]);
  await pushSample(upstream.repository, image, ["v1"]);
  const digests = await Promise.all(Array.from({ length: 20 }, () => pull("v1")));
  expect(new Set(digests)).toEqual(new Set([image.content.digest]));
  expect(upstream.times(`fetch ${layer.content.digest}`)).toBe(1);
});

test("a tag is what it is upstream: moved there, moved here; gone there, not found", async () => {
  const [first, second] = [sampleImage(), sampleImage()];
  await pushSample(upstream.repository, first, ["latest"]);
  await pull("latest");
  await waitUntil("the first is kept", async () => (await kept("latest")) !== undefined, true);
  await pushSample(upstream.repository, second, ["latest"]);
  expect(await pull("latest")).toBe(second.content.digest);
  await waitUntil("the tag has moved", () => kept("latest"), second.content.digest);
  await upstream.repository.delete("latest");
  expect(await client().resolve("latest")).toBe(null);
  // What was pulled once stays, by digest.
  expect(await pull(first.content.digest)).toBe(first.content.digest);
});

test("of an index only what is pulled is kept; the rest comes when it is asked for", async () => {
  const [amd, arm] = [sampleImage(), sampleImage()];
  const index = sampleIndex([amd, arm]);
  await pushSample(upstream.repository, index, ["multi"]);
  await pull("multi");
  await pull(amd.content.digest);
  await waitUntil("the index is kept", () => kept("multi"), index.content.digest);
  await waitUntil(
    "the child is kept",
    async () => (await kept(amd.content.digest)) !== undefined,
    true,
  );
  expect(await kept(arm.content.digest)).toBe(undefined);
  upstream.setDown(true);
  expect(await pull("multi")).toBe(index.content.digest);
  await pull(amd.content.digest);
});

test("signatures come through as well, and nobody pushes to a proxy", async () => {
  const image = sampleImage();
  const signature = sampleImage({ subject: image.content, artifactType: "application/x.sig" });
  await pushSample(upstream.repository, image, ["v1"]);
  await pushSample(upstream.repository, signature, []);
  const { items } = await client().referrers(image.content.digest);
  expect(items.map(({ digest }) => digest)).toEqual([signature.content.digest]);
  const pushing = pushSample(client(), sampleImage(), ["mine"]);
  await expect(pushing).rejects.toMatchObject({ code: "DENIED" });
});

test("a private proxy asks upstream for nobody who may not pull", async () => {
  const image = sampleImage();
  await pushSample(upstream.repository, image, ["v1"]);
  await api(server, "PUT", "/projects/hub", { metadata: { public: "false" } });
  const stranger = remoteRegistry({ url: server.url, fetch }).repository(`hub/${NAME}`);
  await expect(stranger.resolve("v1")).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  await expect(stranger.tags()).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  expect(upstream.times("resolve v1")).toBe(0);
});

test("what nobody pulls for as long as the project says is let go, and comes again", async () => {
  const [old, used] = [sampleImage(), sampleImage()];
  await pushSample(upstream.repository, old, ["old"]);
  await pushSample(upstream.repository, used, ["used"]);
  await Promise.all([pull("old"), pull("used")]);
  await waitUntil(
    "both are kept",
    async () => (await kept("old")) && (await kept("used")) !== undefined,
    true,
  );
  // As another client than an Entrepot, whose reading is no pull.
  for (const tag of ["old", "used"]) {
    const answer = await globalThis.fetch(`${server.url}/v2/hub/${NAME}/manifests/${tag}`, {
      headers: { authorization: basic(server.credential) },
    });
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0);
  }
  await server.content.pulls.flush();
  const path = `/projects/hub/repositories/${encodeURIComponent(encodeURIComponent(NAME))}`;
  const { json: repository } = await api(server, "GET", path);
  expect(repository.pull_count).toBe(2);
  const { json: artifact } = await api(server, "GET", `${path}/artifacts/used`);
  expect(Date.parse(artifact.pull_time)).toBeGreaterThan(Date.now() - 60_000);

  await api(server, "PUT", "/projects/hub", { metadata: { proxy_keep_days: "7" } });
  expect(await expireProxied(server.catalog, server.content)).toBe(0);
  const longAgo = new Date(Date.now() - 8 * 24 * 3_600_000);
  const { digest } = old.content;
  const { db } = server.catalog;
  await db.updateTable("pulled").set({ at: longAgo }).where("digest", "=", digest).execute();
  expect(await expireProxied(server.catalog, server.content)).toBe(1);
  expect(await kept("old")).toBe(undefined);
  expect(await kept("used")).toBe(used.content.digest);
  expect(await pull("old")).toBe(old.content.digest);
});

test("what a pull policy is still copying can be pulled already", async () => {
  const image = sampleImage();
  await pushSample(upstream.repository, image, ["v1"]);
  const gate = Promise.withResolvers<void>();
  upstream.holdBack(gate.promise);
  const endpoint = (await api(server, "GET", "/registries?name=upstream")).json[0].id;
  const policy = await pullPolicy(server, "slowly", endpoint, {
    filters: [{ type: "name", value: NAME }],
  });
  await runPolicy(server, policy);
  const here = server.content.as({ name: "test", cause: "test" }).repository(NAME);
  // The copy waits for its first blob; a client's answer does not wait for the copy.
  const docker = { userAgent: "docker/29" };
  await waitUntil("it can be pulled", async () => pull("v1", NAME, docker), image.content.digest);
  // Another registry's copy waits for what is really here.
  expect(await client(NAME).resolve("v1")).toBe(null);
  expect(await here.resolve("v1")).toBe(null);
  gate.resolve();
  await waitUntil(
    "it has arrived",
    async () => (await here.resolve("v1"))?.digest,
    image.content.digest,
  );
});

const title = "a proxy of docker-registry, pulled from by skopeo";
describe.skipIf(!hasDockerRegistry || !hasSkopeo)(title, () => {
  let docker: Served;
  let folder: string;
  beforeAll(async () => {
    docker = await runDockerRegistry();
    folder = await mkdtemp(join(tmpdir(), "entrepot-proxy-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test("the copy is the image, byte for byte; the second one needs no upstream", async () => {
    const image = sampleImage({}, [sampleBlob(randomBytes(5 << 20))]);
    const there = remoteRegistry({ url: docker.url, fetch });
    await pushSample(there.repository("library/nginx"), image, ["1.29"]);
    const registry_id = await createEndpoint(server, "docker", "docker-registry", docker);
    const metadata = { public: "true" };
    await api(server, "POST", "/projects", { project_name: "mirror", registry_id, metadata });
    const from = `docker://${new URL(server.url).host}/mirror/library/nginx:1.29`;
    const copy = (to: string) =>
      skopeo(["copy", "--src-tls-verify=false", from, `dir:${join(folder, to)}`]);
    await copy("first");
    const here = server.content.as({ name: "t", cause: "t" }).repository("mirror/library/nginx");
    await waitUntil("it is kept", async () => (await here.resolve("1.29")) !== null, true);
    await docker.close();
    await copy("second");
  });
});
