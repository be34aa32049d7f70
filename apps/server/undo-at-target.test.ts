import { apiClient } from "@entrepot/api/client";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { testServer, type TestServer } from "./testing.ts";

const ACTOR = { name: "admin", cause: "test" };
const SOON = { timeout: 60_000, interval: 50 };
const NAME = "library/app";

let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
});

const apiOf = ({ url, credential }: TestServer) => apiClient({ url, credential });
const repositoryOf = (server: TestServer) => server.content.as(ACTOR).repository(NAME);

test("what one run deleted at its target comes back there by one undo", async () => {
  const api = apiOf(here);
  const { username, password } = there.credential;
  const endpoint = await api.registries.create({
    body: {
      name: "there",
      type: "entrepot",
      url: there.url,
      credential: { type: "basic", access_key: username, access_secret: password },
      insecure: false,
    } as never,
  });
  const policy = {
    name: "mirror",
    dest_registry: { id: Number(endpoint.created) },
    filters: [{ type: "name", value: NAME }],
    deletion: true,
    override: true,
    enabled: true,
  };
  const { created: id } = await api.policies.create({ body: policy as never });
  const run = async () => {
    const body = { policy_id: Number(id) };
    const { created } = await api.executions.start({ body: body as never });
    const params = { id: Number(created) };
    await vi.waitFor(async () => {
      expect((await api.executions.get({ params })).body.status).toBe("Succeed");
    }, SOON);
  };
  const tags = ["v1", "v2", "v3"];
  for (const tag of tags) await pushSample(repositoryOf(here), sampleImage(), [tag]);
  await run();
  const before = await Promise.all(tags.map((tag) => repositoryOf(there).resolve(tag)));
  for (const tag of ["v1", "v2"]) await repositoryOf(here).delete(tag);
  const head = await there.catalog.head();
  await run();
  expect((await repositoryOf(there).tags()).items).toEqual(["v3"]);

  const deletions = await there.catalog.entries(head, 100);
  const causes = new Set(deletions.filter(({ after }) => after === null).map((one) => one.cause));
  expect(causes.size).toBe(1);
  const [cause] = [...causes];
  const target = apiOf(there);
  const { created } = await target.restores.create({ body: { cause: cause! } });
  await vi.waitFor(async () => {
    const { body } = await target.restores.get({ params: { id: Number(created) } });
    expect(body.execution).toMatchObject({ status: "Success", left: 0 });
  }, SOON);
  const after = await Promise.all(tags.map((tag) => repositoryOf(there).resolve(tag)));
  expect(after).toEqual(before);
});
