import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient, type ApiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "admin", cause: "test" };

let folder: string;
let server: TestServer;
let there: TestServer;
let api: ApiClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "entrepot-from-"));
  server = await testServer({ backupFolders: [folder] });
  there = await testServer();
  api = apiClient({ url: server.url, credential: server.credential });
});
afterAll(async () => {
  await server.close();
  await there.close();
  await rm(folder, { recursive: true });
});

async function until<T>(read: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await read();
    if (isSo(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A policy that sends what `pattern` matches to the other server by every change. */
async function policy(name: string, pattern: string, registry: number): Promise<number> {
  const body = {
    name,
    dest_registry: { id: registry },
    filters: [{ type: "name", value: pattern }],
    trigger: { type: "event_based" },
    enabled: true,
  };
  return Number((await api.policies.create({ body: body as never })).created);
}

test("a project comes out of a backup into a running registry, and is sent on later", async () => {
  const team = server.content.as(ACTOR).repository("team/app");
  await server.content.projects.create(ACTOR, { name: "team" });
  const first = await pushSample(team, sampleImage(), ["v1"]);
  const registry = Number(
    (
      await api.registries.create({
        body: {
          name: "there",
          type: "entrepot",
          url: there.url,
          credential: {
            access_key: there.credential.username,
            access_secret: there.credential.password,
          },
        } as never,
      })
    ).created,
  );
  const [sends, others] = [
    await policy("sends", "team/**", registry),
    await policy("others", "library/**", registry),
  ];
  const enabled = async (id: number) => (await api.policies.get({ params: { id } })).body.enabled;

  const target = { name: "vault", address: `file:${folder}/vault` };
  const id = Number((await api.backups.create({ body: target as never })).created);
  const { created } = await api.backups.run({ params: { id }, body: {} as never });
  const params = { id, execution_id: Number(created) };
  const backup = await until(
    async () => (await api.backups.execution({ params })).body,
    ({ status }) => status !== "Running",
  );
  expect(backup.status).toBe("Success");
  await pushSample(team, sampleImage(), ["v1"]);

  const body = { name: "team", from: "vault" };
  const made = await api.restores.create({ body: { ...body, dry_run: true } });
  const plan = { id: Number(made.created) };
  expect((await api.restores.get({ params: plan })).body).toMatchObject({
    from: "vault",
    counts: { change: 1, conflict: 0 },
    execution: null,
  });
  expect(await enabled(sends)).toBe(true);
  await api.restores.execute({ params: plan });
  const end = await until(
    async () => (await api.restores.get({ params: plan })).body,
    ({ execution }) => execution !== null && execution.status !== "Running",
  );
  expect(end.execution).toMatchObject({ status: "Success", left: 0 });
  expect((await team.resolve("v1"))?.digest).toBe(first);

  expect([await enabled(sends), await enabled(others)]).toEqual([false, true]);
  const { body: note } = await api.backups.restored();
  expect(note).toMatchObject({ policies: ["sends"], targets: [], projects: ["team"] });
  await api.backups.confirm();
  expect(await enabled(sends)).toBe(true);
  const arrived = there.content.as(ACTOR).repository("team/app");
  await until(
    () => arrived.resolve("v1").catch(() => null),
    (found) => found?.digest === first,
  );
}, 60_000);

test("what is no target and no place for backups is refused", async () => {
  for (const [from, code] of [
    ["nowhere", "NOT_FOUND"],
    ["file:/etc", "FORBIDDEN"],
  ] as const) {
    const body = { name: "team", from, dry_run: true };
    await expect(api.restores.create({ body })).rejects.toMatchObject({ code });
  }
});
