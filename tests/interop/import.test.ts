import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { pushSample } from "@entrepot/registry/samples";
import { testServer, type TestServer } from "@entrepot/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerRegistry, hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { runCli } from "./entrepot-cli.ts";
import { makeImage, makeTwoPlatforms } from "./images.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";

const ready = hasSkopeo && hasDockerRegistry;
const skipped = ready ? "" : " (skipped: skopeo or docker-registry is not installed)";

describe.skipIf(!ready)(`moving in${skipped}`, () => {
  const fetch = endpointFetch();
  const [one, two] = [makeImage(), makeTwoPlatforms()];
  let docker: DockerRegistry;
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "entrepot-import-"));
    docker = await runDockerRegistry();
    server = await testServer({ workers: 0 });
    const registry = remoteRegistry({ url: docker.url, fetch });
    await pushSample(registry.repository("team/app"), one, ["1.0"]);
    await pushSample(registry.repository("team/app"), two, ["2.0"]);
    await pushSample(registry.repository("tool"), one, ["latest"]);
  });
  afterAll(async () => {
    await server?.close();
    await docker?.close();
    await fetch.close();
    await rm(folder, { recursive: true });
  });

  const resolve = (name: string, tag: string) =>
    server.content.as({ name: "test", cause: "test" }).repository(name).resolve(tag);

  test("from another registry, again without moving a byte", { timeout: 60_000 }, async () => {
    const args = ["import", "--from-registry", docker.url, "--into", "docker"];
    expect(await runCli(server, args)).toMatch(
      new RegExp(`^Imported ${docker.url}: 3 images, 0 unchanged, .* compared 3, all the same`),
    );
    expect(await runCli(server, args)).toContain("3 images, 3 unchanged, 0 B moved; compared 3");
    expect(await resolve("docker/team/app", "2.0")).toMatchObject(two.content);
    expect(await resolve("docker/tool", "latest")).toMatchObject(one.content);
    await expect(runCli(server, args.slice(0, 3))).rejects.toThrow(/tool is in no project/);
  });

  test("from a folder of skopeo sync, plain and scoped", { timeout: 60_000 }, async () => {
    const host = new URL(docker.url).host;
    for (const [name, ...flags] of [["plain"], ["scoped", "--scoped"]] as const) {
      const place = join(folder, name);
      await mkdir(place);
      const from = ["--all", "--src", "docker", "--src-tls-verify=false", "--dest", "dir"];
      await skopeo(["sync", ...from, ...flags, `${host}/team/app`, place]);
      const args = ["import", place, "--into", `synced-${name}`];
      expect(await runCli(server, args)).toMatch(/: 2 images, 0 unchanged, .* all the same/);
      expect(await runCli(server, args)).toContain("2 images, 2 unchanged, 0 B moved; compared 2");
      const repository = name === "plain" ? "synced-plain/app" : "synced-scoped/team/app";
      expect(await resolve(repository, "1.0")).toMatchObject(one.content);
      expect(await resolve(repository, "2.0")).toMatchObject(two.content);
    }
  });
});
