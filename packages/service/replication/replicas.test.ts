import { testCatalog } from "@entrepot/catalog/testing";
import { openJobs } from "@entrepot/jobs";
import { digestOf } from "@entrepot/oci";
import { afterEach, expect, test } from "vitest";
import type { Step } from "./planner.ts";
import type { PolicySettings, Site } from "./ports.ts";
import { noteArrivals, storeSteps, takeReplicas } from "./replicas.ts";
import { openReplication } from "./replication.ts";
import { EVERYTHING, TARGET } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const HERE = "11111111-1111-4111-8111-111111111111";
const KEY = { repository: "library/app", reference: "v1" };
const DIGEST = digestOf(Buffer.from("one"));

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const unused = {
  ping: async () => ({ peerId: null }),
  close: async () => undefined,
} as Partial<Site> as Site;

/** A policy that nobody works for. */
async function policyAlone() {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const jobs = await openJobs({ catalog, log: () => undefined });
  const { endpoints, policies, ...replication } = openReplication({
    catalog,
    jobs,
    box: { seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() },
    connect: () => unused,
    local: unused,
  });
  ends.push(() => replication.close());
  const endpoint = { ...TARGET, type: "harbor" };
  const settings: PolicySettings = {
    ...EVERYTHING,
    destEndpointId: await endpoints.create(endpoint, ACTOR),
    triggerType: "manual",
  };
  const policy = (await policies.get(await policies.create(settings, ACTOR)))!;
  const key = { policyId: policy.id, ...KEY };
  return {
    want: (step: Step) => catalog.transaction((db) => storeSteps(db, policy, [step])),
    take: async () => (await takeReplicas(catalog.db, [key]))[0],
    note: async (digest: Step["digest"], since: string) =>
      (await noteArrivals(catalog.db, [{ ...key, digest, since }]))[0],
  };
}

/** A change of the name at time `ms` of its clock. */
function stepTo(digest: Step["digest"], ms: number): Step {
  const origin = { registry: HERE, seq: ms, path: [HERE], clock: `${HERE}:${ms}.0` };
  const operation = digest === null ? "delete" : "copy";
  return { operation, ...KEY, target: KEY.repository, digest, origin };
}

test.each([
  ["a deletion", null],
  ["a digest", DIGEST],
])("%s that came to be wanted anew while it was told is told again", async (_about, digest) => {
  const { want, take, note } = await policyAlone();
  await want(stepTo(digest, 1));
  const first = await take();
  await want(stepTo(digest, 2));
  expect(await note(digest, first!.since)).toBe(false);

  const second = await take();
  expect(second!.origin.clock).toBe(`${HERE}:2.0`);
  expect(await note(digest, second!.since)).toBe(true);
  const left = await take();
  if (digest === null) expect(left).toBeNull();
  else expect(left).toMatchObject({ wanted: digest, arrived: digest });
});
