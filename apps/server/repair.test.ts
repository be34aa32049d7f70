import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest } from "@entrepot/oci";
import { pushSample, type Sample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { apiClient } from "@entrepot/api/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const PATIENT = { timeout: 60_000 };
let folder: string;
let server: TestServer;
let peer: TestServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-repair-"));
  [server, peer] = await Promise.all([testServer({ backupFolders: [folder] }), testServer()]);
});
afterAll(async () => {
  await server?.close();
  await peer?.close();
  await rm(folder, { recursive: true, force: true });
});

const api = (of = server) => apiClient({ url: of.url, credential: of.credential });

async function ended(id: number | null) {
  await expect
    .poll(async () => (await server.jobs.execution(id!))?.status, PATIENT)
    .toBe("Success");
}

/** An image in `repository`, with a layer of its own. */
async function pushed(repository: string): Promise<Sample> {
  const layer = sampleBlob(randomBytes(70_000));
  await pushSample(server.content.as(ACTOR).repository(repository), sampleImage({}, [layer]), [
    "v1",
  ]);
  return layer;
}

/** Replaces a blob behind the registry's back, as a disk would: its file is gone. */
const lose = (digest: Digest) => server.store.setAside(digest);

async function pull(repository: string, { content }: Sample): Promise<Buffer> {
  const { username, password } = server.credential;
  const basic = Buffer.from(`${username}:${password}`).toString("base64");
  const url = `${server.url}/v2/${repository}/blobs/${content.digest}`;
  const response = await fetch(url, { headers: { authorization: `Basic ${basic}` } });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status} ${bytes.toString()}`);
  return bytes;
}

test("what a peer has is healed: by a pull at once, by a repair for the rest", async () => {
  const layers = [await pushed("library/app"), await pushed("library/other")];
  const endpoint = await server.replication.endpoints.create(
    {
      name: "tokyo",
      description: "",
      type: "entrepot",
      url: peer.url,
      credentialType: "basic",
      accessKey: peer.credential.username,
      accessSecret: peer.credential.password,
      insecure: false,
      caCertificate: "",
      options: {},
    },
    ACTOR,
  );
  const { created } = await api().policies.create({
    body: { name: "all", dest_registry: { id: endpoint }, enabled: true },
  });
  await ended(await server.replication.run(Number(created), "manual", ACTOR));
  for (const { content } of layers) await lose(content.digest);

  const [first, second] = layers as [Sample, Sample];
  expect((await pull("library/app", first)).equals(first.bytes)).toBe(true);

  const check = Number((await api().checks.start({ body: {} })).created);
  await ended(check);
  const { body: found } = await api().checks.findings({ params: { check_id: check } });
  expect(found.map((one) => [one.class, one.name, one.harms])).toEqual([
    ["missing", second.content.digest, ["library/other:v1"]],
  ]);
  await expect
    .poll(() => server.metrics.text(), PATIENT)
    .toContain('entrepot_check_findings{class="missing"} 1');
  const id = Number((await api().repairs.plan({ body: {} })).created);
  const items = async () => (await api().repairs.items({ params: { id } })).body;
  expect(await items()).toMatchObject([
    { act: "heal", copies: ["endpoint 'tokyo' (library/other)"], outcome: null },
  ]);
  await api().repairs.execute({ params: { id } });
  await ended((await api().repairs.get({ params: { id } })).body.execution_id);
  expect(await items()).toMatchObject([{ outcome: "healed" }]);
  expect((await pull("library/other", second)).equals(second.bytes)).toBe(true);
}, 120_000);

test("what only a backup has is healed from there; what nobody has is told so", async () => {
  await server.content.projects.create(ACTOR, { name: "lone", public: false });
  const layer = await pushed("lone/app");
  const { created } = await api().backups.create({
    body: { name: "vault", address: `file:${join(folder, "vault")}` } as never,
  });
  await ended(await server.backups.run(Number(created), ACTOR));
  await lose(layer.content.digest);
  expect((await pull("lone/app", layer)).equals(layer.bytes)).toBe(true);

  const late = await pushed("lone/late");
  await lose(late.content.digest);
  await expect(pull("lone/late", late)).rejects.toThrow(/404 .*lost or damaged.*entrepot repair/);
  const { body: met } = await api().checks.met({ query: {} });
  expect(met.map(({ name }) => name)).toEqual([late.content.digest]);
  // What was read is shown for five seconds.
  await expect.poll(() => server.metrics.text(), PATIENT).toContain("entrepot_pull_damage 1");
  await pushSample(server.content.as(ACTOR).repository("lone/late"), late);
  expect((await pull("lone/late", late)).equals(late.bytes)).toBe(true);
  await server.mending.settled();
  expect((await api().checks.met({ query: {} })).body).toEqual([]);
}, 120_000);
