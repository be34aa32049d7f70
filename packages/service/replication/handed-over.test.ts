import { testCatalog } from "@entrepot/catalog/testing";
import { openJobs } from "@entrepot/jobs";
import { asDigest } from "@entrepot/oci";
import { memoryRegistry, type Registry } from "@entrepot/registry";
import { before } from "@entrepot/registry/faults";
import { sampleImage } from "@entrepot/registry/samples";
import { afterEach, expect, test, vi } from "vitest";
import { openReplication } from "./replication.ts";
import type { Site } from "./ports.ts";
import { EVERYTHING, siteOf, TARGET } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const SOON = { timeout: 20_000, interval: 20 };
/** Several batches. */
const NAMES = 2_000;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** `registry`, which tells of each tag that is asked for. */
function noting(registry: Registry, onTag: () => void): Registry {
  const note = async (method: string, [reference]: readonly unknown[]) => {
    if (method === "resolve" && asDigest(String(reference)) === null) onTag();
  };
  return { ...registry, repository: (name) => before(registry.repository(name), note) };
}

test.each([
  ["goes on where it was", (n: number) => `v${10_000 + n}`, NAMES - 200],
  ["begins anew where names come in no order", (n: number) => `v${10_000 - n}`, NAMES],
])("a comparison is handed over when its node drains, and %s", async (_, tag, compared) => {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const { digest } = sampleImage().content;

  /** A node whose listing stops at `at` for `pause`, and how many names it has listed. */
  const node = async (at: number, pause: () => Promise<unknown>) => {
    const counter = { listed: 0, compared: 0 };
    const list: Site["list"] = async function* () {
      for (let n = 0; n < NAMES; n++) {
        if (n === at) await pause();
        counter.listed++;
        yield { repository: "library/app", reference: tag(n), digest };
      }
    };
    const memory = memoryRegistry();
    const target = noting(memory, () => counter.compared++);
    const jobs = await openJobs({ catalog, log: () => undefined });
    const replication = openReplication({
      catalog,
      jobs,
      box: { seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() },
      connect: () => siteOf(() => target),
      local: siteOf(() => memory, list),
    });
    ends.push(() => replication.close());
    ends.push(() => jobs.stop(1000));
    return { jobs, replication, counter };
  };

  let stopping: Promise<void> | undefined;
  const second = await node(-1, async () => undefined);
  const first = await node(250, async () => {
    stopping = first.jobs.stop(15_000);
    await vi.waitFor(async () => {
      const pools = await second.jobs.pools.list();
      expect(pools.map(({ draining }) => draining)).toEqual([true]);
    }, SOON);
  });
  const { endpoints, policies } = first.replication;
  const destEndpointId = await endpoints.create(TARGET, ACTOR);
  const policyId = await policies.create(
    { ...EVERYTHING, triggerType: "manual", destEndpointId },
    ACTOR,
  );
  await first.jobs.start({ workers: 1 });
  const id = await first.replication.run(policyId, "manual", ACTOR);
  await vi.waitFor(() => expect(stopping).toBeDefined(), SOON);
  await stopping;
  expect(first.counter.listed).toBeLessThan(NAMES);
  const one = { executionId: id, page: 1, pageSize: 10 };
  expect((await second.jobs.tasks(one)).items).toMatchObject([{ status: "Pending" }]);

  await second.jobs.start({ workers: 1 });
  await vi.waitFor(async () => {
    expect(await second.jobs.execution(id)).toMatchObject({ status: "Success" });
  }, SOON);
  expect(second.counter.listed).toBe(NAMES);
  expect(second.counter.compared).toBeLessThanOrEqual(compared);
  expect(second.counter.compared).toBeGreaterThan(compared - 1_000);
  const [task] = (await second.jobs.tasks(one)).items;
  // Being drained is no failed attempt.
  expect(task).toMatchObject({ attempts: 1, progress: { listed: NAMES } });
  const said = (await second.jobs.taskLog(task!.id)).map(({ text }) => text);
  expect(said).toContainEqual(expect.stringMatching(/^handed over after \d+ artifacts/));
});
