import type { DiffLine } from "@entrepot/api";
import { routes } from "@entrepot/api";
import { apiClient } from "@entrepot/api/client";
import { cosignTagOf } from "@entrepot/oci";
import { pushSample, sampleBlob, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testServer, type TestServer } from "../testing.ts";

const ACTOR = { name: "test", cause: "test" };
let here: TestServer;
let there: TestServer;
let endpointId: number;

beforeAll(async () => {
  [here, there] = await Promise.all([testServer(), testServer()]);
  const credential = {
    access_key: there.credential.username,
    access_secret: there.credential.password,
  };
  const body = { name: "other house", type: "harbor" as const, url: there.url, credential };
  endpointId = Number((await apiOf(here).registries.create({ body })).created);
});
afterAll(async () => {
  await Promise.all([here?.close(), there?.close()]);
});

const apiOf = (server: TestServer) => apiClient(server);
const repositoryOf = (server: TestServer, name: string) =>
  server.content.as(ACTOR).repository(name);

async function pushPolicy(name: string, repository: string, type = "event_based"): Promise<number> {
  const body = {
    name,
    dest_registry: { id: endpointId },
    trigger: { type: type as "manual" },
    filters: [{ type: "name", value: repository }],
  };
  return Number((await apiOf(here).policies.create({ body: body as never })).created);
}

test("waiting returns when an image is everywhere it should be, not before", async () => {
  const policyId = await pushPolicy("waited", "library/waited");
  const image = sampleImage();
  await pushSample(repositoryOf(here, "library/waited"), image, ["v1"]);
  // Asked at once: nobody can have read the journal yet.
  const { body } = await apiOf(here).standing.wait({
    body: { references: ["library/waited:v1"], timeout: 30 },
  });
  const [found] = body.images;
  expect(body.arrived).toBe(true);
  expect(found).toMatchObject({ digest: image.content.digest, arrived: true });
  expect(found!.destinations).toMatchObject([
    { policy_id: policyId, endpoint_name: "other house", arrived: true, why: "" },
  ]);
  const copy = await repositoryOf(there, "library/waited").resolve("v1");
  expect(copy?.digest).toBe(image.content.digest);
});

test("where a repository's names go, and how far each is, by policy", async () => {
  const policyId = await pushPolicy("watched", "library/watched");
  const image = sampleImage();
  await pushSample(repositoryOf(here, "library/watched"), image, ["v1", "v2"]);
  await apiOf(here).standing.wait({
    body: { references: ["library/watched:v1", "library/watched:v2"], timeout: 30 },
  });
  const params = { project_name: "library", repository_name: "watched" };
  const { body: all } = await apiOf(here).replicas.ofRepository({ params });
  expect(all.map(({ reference }) => reference)).toEqual(expect.arrayContaining(["v1", "v2"]));
  const { body } = await apiOf(here).replicas.ofRepository({ params, query: { references: "v2" } });
  expect(body).toMatchObject([
    {
      policy_id: policyId,
      policy_name: "watched",
      endpoint_name: "other house",
      reference: "v2",
      arrived: image.content.digest,
      lag_seconds: 0,
      cause: null,
    },
  ]);
});

test("an image that no policy selects need be nowhere; one not here is missed", async () => {
  await pushSample(repositoryOf(here, "library/unwanted"), sampleImage(), ["v1"]);
  const { standing } = apiOf(here);
  const wait = (body: object) => standing.wait({ body: { timeout: 0, ...body } });
  const { body } = await wait({ repository: "library/unwanted", tag: "v1" });
  expect(body).toMatchObject({ arrived: true, images: [{ destinations: [] }] });
  await expect(wait({ references: ["library/unwanted:v2"] })).rejects.toThrow(/push it first/);
  await expect(wait({ references: ["library"] })).rejects.toThrow(/is not an image/);
  await expect(wait({})).rejects.toThrow(/say what to wait for/);
  await expect(wait({ references: ["nowhere/x:v1"] })).rejects.toThrow(/'nowhere' does not exist/);
  const unknown = { references: ["library/unwanted:v1"], policies: [999_999] };
  await expect(wait(unknown)).rejects.toThrow(/policy 999999 does not exist/);
});

test("what has not arrived is told: how much, since when, and why", async () => {
  const policyId = await pushPolicy("behind", "library/behind", "manual");
  const child = sampleImage();
  const index = sampleIndex([child]);
  const repository = repositoryOf(here, "library/behind");
  await pushSample(repository, index, ["v1"]);
  const since = new Date(Date.now() - 60_000);
  const row = { policy_id: policyId, repository: "library/behind", target: "library/behind" };
  const origin = "{}";
  const { digest } = child.content;
  await here.catalog.db
    .insertInto("replica")
    .values([
      { ...row, reference: "v1", wanted: index.content.digest, wanted_since: since, origin },
      { ...row, reference: digest, wanted: digest, wanted_since: since, origin },
      {
        ...row,
        reference: "stopped",
        wanted: digest,
        wanted_since: new Date(),
        origin,
        next_attempt: new Date(),
        last_error: "stopped with execution 1",
      },
    ])
    .execute();
  await here.catalog.db
    .updateTable("replica")
    .set({ next_attempt: "infinity" as never })
    .where("reference", "=", "stopped")
    .execute();

  const { standing, replicas } = apiOf(here);
  const { body: lag } = await standing.get({ params: { id: policyId } });
  const sizes = [index, child, ...child.children].map((sample) => sample.content.size);
  expect(lag).toMatchObject({
    policy_name: "behind",
    lag_items: 2,
    lag_bytes: sizes.reduce((sum, size) => sum + size, 0),
    oldest: { repository: "library/behind" },
  });
  expect(lag.lag_seconds).toBeGreaterThanOrEqual(60);
  const { body: all, total } = await standing.list({ query: { q: "policy_name=behind" } });
  expect([all.length, total]).toEqual([1, 1]);

  const params = { id: policyId };
  const shown = await replicas.list({ params, query: { behind: true, oldest_first: true } });
  expect(shown.body.map(({ reference, cause }) => [reference, cause])).toEqual([
    ["v1", expect.stringMatching(/unplanned|queued|running/)],
    ["stopped", "stopped"],
  ]);
  const whole = await replicas.list({ params, query: { behind: true, children: true } });
  expect(whole.total).toBe(3);
  const one = await replicas.list({ params, query: { q: "reference=~stop" } });
  expect(one.body).toMatchObject([{ why: "stopped with execution 1", next_attempt: null }]);
  await here.replication.policies.remove(policyId, ACTOR);
});

test("both sides are shown next to each other, and nothing is copied", async () => {
  const policyId = await pushPolicy("compared", "library/compared", "manual");
  const [source, target] = [here, there].map((one) => repositoryOf(one, "library/compared"));
  const [same, old, fresh, alone] = [sampleImage(), sampleImage(), sampleImage(), sampleImage()];
  await pushSample(source!, same, ["same"]);
  await pushSample(target!, same, ["same"]);
  await pushSample(source!, fresh, ["moved", "lacking"]);
  await pushSample(target!, old, ["moved", "more"]);
  await pushSample(source!, alone, ["alone"]);
  const signature = sampleImage({ subject: alone.content });
  await pushSample(source!, signature);
  await pushSample(target!, signature);
  const orphan = cosignTagOf(sampleBlob().content.digest).concat(".sig");
  await pushSample(target!, sampleImage(), [orphan]);

  const before = await there.catalog.head();
  const lines: DiffLine[] = [];
  const input = { params: { id: policyId }, query: { equal: true } };
  for await (const line of apiOf(here).lines(routes.standing.diff, input)) lines.push(line);
  const states = lines.flatMap((line) =>
    line.type === "entry" ? [`${line.state} ${line.reference}`] : [],
  );
  expect(states.toSorted()).toEqual(
    [
      "missing alone",
      `unreferenced ${signature.content.digest}`,
      "missing lacking",
      "different moved",
      "equal same",
      "extra more",
      `unreferenced ${orphan}`,
    ].toSorted(),
  );
  expect(lines.at(-1)).toEqual({
    type: "end",
    counts: { equal: 1, different: 1, missing: 2, extra: 1, unreferenced: 2 },
  });
  expect(await there.catalog.head()).toBe(before);
});

test("a comparison that cannot be completed says so", async () => {
  const policyId = await pushPolicy("broken", "library/compared", "manual");
  await pushSample(repositoryOf(here, "library/compared"), sampleImage(), ["last"]);
  await there.close();
  const input = { params: { id: policyId } };
  const lines = await Array.fromAsync(apiOf(here).lines(routes.standing.diff, input));
  expect(lines.at(-1)).toMatchObject({ type: "error" });
});
