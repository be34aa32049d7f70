import { testServer, type TestServer } from "@entrepot/server/testing";
import { pushSample, type Sample } from "@entrepot/registry/samples";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeImage } from "./images.ts";
import { hasSkopeo, skopeo } from "./skopeo.ts";

/* A robot of a project, as build servers use it. */

const ACTOR = { name: "test", cause: "test" };
let server: TestServer;
let image: Sample;

beforeAll(async () => {
  server = await testServer({ workers: 0 });
  image = makeImage();
  for (const name of ["team", "other"]) {
    await server.content.projects.create(ACTOR, { name, public: false });
    await pushSample(server.content.as(ACTOR).repository(`${name}/app`), image, ["v1"]);
  }
});
afterAll(() => server.close());

async function robot(name: string, ...actions: string[]) {
  const access = actions.map((action) => ({ resource: "repository", action }));
  const { loginName, secret, id } = await server.access.robots.create(ACTOR, {
    name,
    project: "team",
    prefix: "robot$",
    description: "",
    disabled: false,
    days: 1,
    permissions: [{ kind: "project", namespace: "team", access }],
  });
  return { id, creds: `${loginName}:${secret}` };
}

describe.skipIf(!hasSkopeo)(`skopeo${hasSkopeo ? "" : " (skipped: not installed)"}`, () => {
  const at = (name: string) => `docker://${new URL(server.url).host}/${name}`;
  const copy = (creds: string, from: string, to: string) =>
    skopeo(["copy", ...side("src", creds), ...side("dest", creds), at(from), at(to)]);
  const side = (which: string, creds: string) => [
    `--${which}-creds`,
    creds,
    `--${which}-tls-verify=false`,
  ];
  const inspect = (creds: string, name: string) =>
    skopeo(["inspect", "--raw", "--creds", creds, "--tls-verify=false", at(name)]);

  test("logs in, pulls and pushes as a robot that may, and nowhere else", async () => {
    const { creds } = await robot("ci", "push");
    const [username, password] = creds.split(/:(.*)/s) as [string, string];
    const { host } = new URL(server.url);
    const authfile = `--authfile=/tmp/robot-${process.pid}.json`;
    const who = [authfile, "--tls-verify=false", "-u", username, "-p", password];
    const said = await skopeo(["login", ...who, host]);
    expect(said).toContain("Login Succeeded");
    await skopeo(["logout", authfile, host]);

    await copy(creds, "team/app:v1", "team/copy:v1");
    const copied = await server.content.as(ACTOR).repository("team/copy").resolve("v1");
    expect(copied?.digest).toBe(image.content.digest);
    const { actor } = await server.catalog.db
      .selectFrom("journal")
      .select("actor")
      .where("key", "=", "team/copy:v1")
      .executeTakeFirstOrThrow();
    expect(actor).toBe("robot$team+ci");
    await expect(copy(creds, "team/app:v1", "other/copy:v1")).rejects.toThrow();
    await expect(inspect(creds, "other/app:v1")).rejects.toThrow();
  });

  test("is refused a push as a robot that only pulls, and all once it is disabled", async () => {
    const { id, creds } = await robot("reader", "pull");
    expect(await inspect(creds, "team/app:v1")).toBe(Buffer.from(image.bytes).toString());
    await expect(copy(creds, "team/app:v1", "team/no:v1")).rejects.toThrow(/denied|unauthorized/i);
    const before = (await server.access.robots.get(id))!;
    await server.access.robots.update(ACTOR, id, { ...before, disabled: true });
    await expect(inspect(creds, "team/app:v1")).rejects.toThrow(/unauthorized|invalid/i);
  });
});
