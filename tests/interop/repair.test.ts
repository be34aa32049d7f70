import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./entrepot-cli.ts";
import { runGuide } from "./guide.ts";
import { makeImage } from "./images.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";

const ACTOR = { name: "test", cause: "test" };
/** Copies everything to `peer`. */
async function replicateAll(server: TestServer, peer: TestServer): Promise<void> {
  const { username, password } = peer.credential;
  const settings = {
    name: "tokyo",
    description: "",
    type: "entrepot",
    url: peer.url,
    credentialType: "basic",
    accessKey: username,
    accessSecret: password,
    insecure: false,
    caCertificate: "",
    options: {},
  };
  await server.replication.endpoints.create(settings, ACTOR);
  await runCli(server, ["replication", "policy", "create", "all", "--to", "tokyo"]);
  await runCli(server, ["replication", "run", "all", "--wait"]);
}

const skipped = hasSkopeo ? "" : " (skipped: skopeo is not installed)";

describe.skipIf(!hasSkopeo)(`damage and its repair${skipped}`, () => {
  let server: TestServer;
  let peer: TestServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-damage-"));
    [server, peer] = await Promise.all([testServer(), testServer()]);
  });
  afterAll(async () => {
    await server?.close();
    await peer?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("skopeo pulls an image whose blob is lost here, while a peer has it", async () => {
    const image = makeImage();
    await pushSample(server.content.as(ACTOR).repository("library/app"), image, ["v1"]);
    await replicateAll(server, peer);
    const lost = image.children.at(-1)!.content.digest;
    await server.store.setAside(lost);

    const { username, password } = server.credential;
    const from = `docker://${new URL(server.url).host}/library/app:v1`;
    const login = ["--src-creds", `${username}:${password}`, "--src-tls-verify=false"];
    await skopeo(["copy", ...login, from, `oci:${folder}:v1`]);
    expect(await server.store.stat(lost)).not.toBe(null);
  }, 120_000);

  test("the runbook", async () => {
    const image = makeImage();
    await pushSample(server.content.as(ACTOR).repository("library/guide"), image, ["v1"]);
    const { url, credential } = server;
    const place = { name: "registry.example", url, password: credential.password };
    const said = await runGuide("repair.md", [place]);
    expect(said).toContain("nothing to do");
  }, 120_000);
});
