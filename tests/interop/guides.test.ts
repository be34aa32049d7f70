import { testServer, type TestServer } from "@entrepot/server/testing";
import { pushSample } from "@entrepot/registry/samples";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { type GuidePlace, runGuide } from "./guide.ts";
import { makeImage } from "./images.ts";
import { hasSkopeo } from "./skopeo.ts";

const title = hasSkopeo
  ? "the guides' commands do what they say"
  : "the guides' commands do what they say (skipped: skopeo is not installed)";

describe.skipIf(!hasSkopeo)(title, () => {
  const fetch = endpointFetch();
  afterAll(() => fetch.close());
  let servers: TestServer[] = [];
  let places: GuidePlace[] = [];
  beforeEach(async () => {
    servers = await Promise.all([testServer(), testServer()]);
    places = ["berlin.example", "tokyo.example"].map((name, n) => {
      const { url, credential } = servers[n]!;
      return { name, url, password: credential.password };
    });
  });
  afterEach(() => Promise.all(servers.map((server) => server.close())));

  test("two sites", async () => {
    const said = await runGuide("sites.md", places);
    expect(said).toContain("team/app");
  });

  test("two masters", async () => {
    const said = await runGuide("dual-master.md", places);
    const lists = said.split("tag list team/app").slice(1);
    expect(lists).toHaveLength(2);
    for (const list of lists) {
      expect(list).toContain("from-berlin");
      expect(list).toContain("from-tokyo");
    }
  });

  test.skipIf(!hasDockerRegistry)("a mirror of a public registry", async () => {
    const docker = await runDockerRegistry();
    try {
      const registry = remoteRegistry({ url: docker.url, fetch });
      await pushSample(registry.repository("library/app"), makeImage(), ["1.0", "2.0"]);
      const said = await runGuide("mirror.md", [
        ...places,
        { name: "public.example", url: docker.url },
      ]);
      expect(said).toContain("hub");
    } finally {
      await docker.close();
    }
  });
});
