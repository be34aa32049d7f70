import { testServer, type TestServer } from "@entrepot/server/testing";
import { pushSample } from "@entrepot/registry/samples";
import { endpointFetch, remoteRegistry } from "@entrepot/distribution/client";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasDockerRegistry, runDockerRegistry } from "./docker-registry.ts";
import { runGuide } from "./guide.ts";
import { makeImage, makeReferrer, makeTwoPlatforms } from "./images.ts";
import { hasSkopeo } from "./skopeo.ts";

/** A guide of twenty commands is twenty processes, one after the other. */
const LONG_GUIDE_MS = 240_000;
const LOGIN =
  "entrepot login https://registry.example -u admin --password-stdin < registry.password";
const ACTOR = { name: "test", cause: "test" };
const title = hasSkopeo
  ? "the guides' commands do what they say"
  : "the guides' commands do what they say (skipped: skopeo is not installed)";

describe.skipIf(!hasSkopeo)(title, () => {
  const fetch = endpointFetch();
  afterAll(() => fetch.close());
  let servers: [TestServer, TestServer];
  beforeEach(async () => {
    servers = await Promise.all([testServer(), testServer()]);
  });
  afterEach(() => Promise.all(servers.map((server) => server.close())));

  /** The two servers, by the names that a guide has for them. */
  const placesOf = (...names: [string, string]) =>
    names.map((name, n) => {
      const { url, credential } = servers[n]!;
      return { name, url, password: credential.password };
    });
  const repositoryOf = (server: TestServer, name: string) =>
    server.content.as(ACTOR).repository(name);

  test("two sites", async () => {
    const said = await runGuide("sites.md", placesOf("berlin.example", "tokyo.example"));
    expect(said).toContain("team/app");
  });

  test("those who push and pull", async () => {
    const said = await runGuide("developers.md", placesOf("registry.example", "other.example"));
    expect(said).toContain("shop/app:stable");
  });

  test("two masters", async () => {
    const said = await runGuide("dual-master.md", placesOf("berlin.example", "tokyo.example"));
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
        ...placesOf("berlin.example", "tokyo.example"),
        { name: "public.example", url: docker.url },
      ]);
      expect(said).toContain("hub");
    } finally {
      await docker.close();
    }
  });

  test(
    "promotion from development to production",
    async () => {
      const [build, production] = servers;
      await runGuide("promotion.md", placesOf("build.example", "production.example"));
      const made = await repositoryOf(build, "dev/app").resolve("1.0-rc1");
      for (const [server, name, tags] of [
        [build, "test/app", ["1.0-rc1"]],
        [build, "test/app-of-today", ["1.0-rc1"]],
        [build, "staging/app", ["1.0", "latest"]],
        [production, "shop/app", ["1.0", "1.0-hotfix", "latest"]],
      ] as const) {
        const repository = repositoryOf(server, name);
        expect((await repository.tags()).items, name).toEqual(tags);
        expect((await repository.resolve(tags[0]))?.digest, name).toBe(made!.digest);
      }
    },
    LONG_GUIDE_MS,
  );

  test(
    "keeping what is needed, and collecting the rest",
    async () => {
      const [registry] = servers;
      const { url, credential } = registry;
      const place = { name: "registry.example", url, password: credential.password };
      const kept = await runGuide("retention.md", [place]);
      expect(kept).toMatch(/keep +library\/app .* 1\.0 /);
      expect(kept).toContain("Created immutable rule 1 of project library.");
      const { catalog } = registry;
      const quota = await catalog.db.selectFrom("quota").select("storage").executeTakeFirst();
      expect(quota).toEqual({ storage: 20 * 2 ** 30 });
      const collected = await runGuide("garbage-collection.md", [place]);
      expect(collected).toContain("Would free 0 B in 0 blobs.");
      expect(collected).toContain("Garbage is collected by hand only.");
    },
    LONG_GUIDE_MS,
  );

  test(
    "the past",
    async () => {
      const [registry] = servers;
      const { url, credential } = registry;
      const place = { name: "registry.example", url, password: credential.password };
      const said = await runGuide("history.md", [place]);
      const [, listed = ""] = said.split("history list team/app:1.0");
      expect(listed).toMatch(/delete +tag +team\/app:1\.0/);
      expect(said).toMatch(/gone +tag +team\/app:1\.0/);
      expect(said).toContain("2 names differ");
      expect((await repositoryOf(registry, "team/app").tags()).items).toEqual(["latest"]);
    },
    LONG_GUIDE_MS,
  );

  test(
    "undo and restore",
    async () => {
      const [server] = servers;
      const said = await runGuide("restore.md", placesOf("registry.example", "other.example"));
      expect(said).toContain("goes");
      // The last act was undone: 2.0 is deleted again.
      expect((await repositoryOf(server, "team/app").tags()).items).toEqual(["1.0"]);
      expect((await repositoryOf(server, "team-then/app").tags()).items).toEqual(["1.0", "2.0"]);
    },
    LONG_GUIDE_MS,
  );

  test(
    "who may do what",
    async () => {
      const said = await runGuide("access.md", placesOf("registry.example", "other.example"), {
        befalls: { Sessions: LOGIN },
        // It needs no engine.
        words: { "docker login": "skopeo login" },
      });
      expect(said).toMatch(/ann +.*maintainer/);
      expect(said).toContain("robot$shop+ci");
    },
    LONG_GUIDE_MS,
  );

  test(
    "the audit log",
    async () => {
      const said = await runGuide("audit.md", placesOf("registry.example", "other.example"), {
        befalls: { "The audit log": LOGIN },
      });
      expect(said).toMatch(/audit\.jsonl/);
    },
    LONG_GUIDE_MS,
  );

  test(
    "an air gap",
    async () => {
      const [build, plant] = servers;
      const [image, other] = [makeTwoPlatforms(), makeTwoPlatforms()];
      const signature = makeReferrer(image, "signed");
      await build.content.projects.create(ACTOR, { name: "team", public: false });
      const source = repositoryOf(build, "team/app");
      await pushSample(source, image, ["1.0", "1.1"]);
      await pushSample(source, signature);
      await pushSample(source, other, ["2.0"]);

      const said = await runGuide("air-gapped.md", placesOf("build.example", "plant.example"));
      const results = said.split("\n").filter((line) => /^(?:Ex|Im)ported/.test(line));
      expect(results).toEqual([
        expect.stringMatching(/^Exported to transfer: 2 images, \d unchanged, .* compared 2, all/),
        "Exported to transfer: 2 images, 2 unchanged, 0 B moved; compared 2, all the same.",
        expect.stringMatching(/^Exported to transfer\.tar: 3 images, .* compared 3, all the same/),
        expect.stringMatching(/^Imported transfer: 2 images, .* compared 2, all the same/),
        expect.stringMatching(/^Imported transfer\.tar: 3 images, 2 unchanged, .* compared 3, all/),
        expect.stringMatching(/^Imported app\.tar: 1 image, .* compared 1, all the same/),
      ]);
      const target = repositoryOf(plant, "team/app");
      expect((await target.tags()).items).toEqual(["1.0", "1.1", "2.0"]);
      expect(await target.resolve("1.1")).toMatchObject(image.content);
      const { items } = await target.referrers(image.content.digest);
      expect(items.map(({ digest }) => digest)).toEqual([signature.content.digest]);
      expect(await repositoryOf(plant, "team/again").resolve("1.0")).toMatchObject(image.content);
    },
    LONG_GUIDE_MS,
  );
});
