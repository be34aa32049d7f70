import { testServer, type TestServer } from "@entrepot/server/testing";
import { pushSample, type Sample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DockerEngine, dockerMissing, runDockerEngine } from "./docker-engine.ts";
import { makeImage, makeTwoPlatforms } from "./images.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";
import { thisMachine } from "./tiny-program.ts";

/* A tag is moved and deleted; programs of others pull what it named before. */

const ACTOR = { name: "test", cause: "test" };
let server: TestServer;
let first: Sample;
/** `host:port/as-of/<moment>`, and the same by seq. */
let places: string[];

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  const { catalog, content } = server;
  await content.projects.create(ACTOR, { name: "team", public: false });
  const repository = content.as(ACTOR).repository("team/app");
  first = makeTwoPlatforms();
  await pushSample(repository, first, ["v1"]);
  const seq = await catalog.head();
  const [entry] = await catalog.entries(seq - 1, 1);
  const time = entry!.at.toISOString().toLowerCase().replaceAll(":", ".");
  await pushSample(repository, makeImage(), ["v1"]);
  await repository.delete(first.content.digest);
  await content.deleteRepository(ACTOR, "team/app");
  const { host } = new URL(server.url);
  places = [`${host}/as-of/${time}`, `${host}/as-of/seq-${seq}`];
});
afterAll(() => server.close());

describe.skipIf(!hasSkopeo)(`skopeo${hasSkopeo ? "" : " (skipped: not installed)"}`, () => {
  const login = () => `${server.credential.username}:${server.credential.password}`;
  const flags = () => ["--creds", login(), "--tls-verify=false"];
  const bothSides = () => {
    const source = ["--src-creds", login(), "--src-tls-verify=false"];
    return [...source, "--dest-creds", login(), "--dest-tls-verify=false"];
  };

  test("inspects, lists and copies what was there", async () => {
    for (const place of places) {
      const name = `docker://${place}/team/app`;
      const tags = JSON.parse(await skopeo(["list-tags", ...flags(), name])) as { Tags: string[] };
      expect(tags.Tags).toEqual(["v1"]);
      const raw = await skopeo(["inspect", "--raw", ...flags(), `${name}:v1`]);
      expect(raw).toBe(Buffer.from(first.bytes).toString());
    }
    // Back to where it was, by a client alone.
    const { host } = new URL(server.url);
    await skopeo([
      "copy",
      "--all",
      ...bothSides(),
      `docker://${places[0]}/team/app:v1`,
      `docker://${host}/team/again:v1`,
    ]);
    const again = await server.content.as(ACTOR).repository("team/again").resolve("v1");
    expect(again?.digest).toBe(first.content.digest);
  });

  test("is refused a push, and told where to", async () => {
    const { host } = new URL(server.url);
    const pushing = skopeo([
      "copy",
      ...bothSides(),
      `docker://${places[0]}/team/app:v1`,
      `docker://${host}/as-of/2026-01-01/team/app:v2`,
    ]);
    await expect(pushing).rejects.toThrow(/can only be read|unsupported|denied/i);
  });

  test("without a login sees nothing of a private project", async () => {
    const name = `docker://${places[0]}/team/app:v1`;
    const looking = skopeo(["inspect", "--raw", "--no-creds", "--tls-verify=false", name]);
    await expect(looking).rejects.toThrow(/unauthorized|authentication|denied/i);
  });
});

const why = dockerMissing ?? (thisMachine() === null ? "no program for this machine" : null);

describe.skipIf(why !== null)(`the Docker engine${why ? ` (skipped: ${why})` : ""}`, () => {
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await runDockerEngine();
  });
  afterAll(() => engine?.close());

  test("pulls what a tag named then, and cannot push there", async () => {
    const { username, password } = server.credential;
    const { host } = new URL(server.url);
    const flags = ["login", "--username", username, "--password-stdin", host];
    await engine.docker(flags, Buffer.from(password));
    const name = `${places[0]}/team/app:v1`;
    const said = await engine.docker(["pull", name]);
    expect(said).toContain(first.content.digest);
    await expect(engine.docker(["push", name])).rejects.toThrow(
      /can only be read|denied|unsupported/,
    );
  });
});
