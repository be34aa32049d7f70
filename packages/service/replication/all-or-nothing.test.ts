import { testCatalog } from "@entrepot/catalog/testing";
import { openContent } from "@entrepot/content";
import { openJobs } from "@entrepot/jobs";
import { isManifestType, RegistryError } from "@entrepot/oci";
import { memoryRegistry, type Registry } from "@entrepot/registry";
import { before } from "@entrepot/registry/faults";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { afterEach, expect, test, vi } from "vitest";
import { DEFAULT_OPTIONS } from "./policy-options.ts";
import type { PolicySettings } from "./ports.ts";
import { openReplication, type Replication } from "./replication.ts";
import { EVERYTHING, siteOf, TARGET } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const NAME = "library/app";
const TAGS = ["v1", "v2", "v3"];
const SOON = { timeout: 15_000, interval: 20 };

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

type Call = (method: string, args: readonly unknown[]) => Promise<void>;

/** A source with three tags, an all-or-nothing policy, and a target whose calls may fail. */
async function world() {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const content = openContent({ catalog, store: memoryStore() });
  await content.projects.create(ACTOR, { name: "library", public: true });
  const target = memoryRegistry();
  const fault: { call: Call } = { call: async () => undefined };
  const held: Registry = {
    ...target,
    repository: (name) =>
      before(target.repository(name), (method, args) => fault.call(method, args)),
  };
  const local = siteOf(
    () => content.as(ACTOR),
    (selection) => content.artifacts(selection.repository),
  );
  const remote = siteOf(
    () => held,
    async function* () {},
  );
  const jobs = await openJobs({ catalog, log: () => undefined });
  ends.push(() => jobs.stop(1000));
  const replication = openReplication({
    catalog,
    jobs,
    box: { seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() },
    connect: () => remote,
    local,
    pace: { retryMs: 20, catchUpMs: 60_000, reconcileMs: 60_000 },
  });
  ends.push(() => replication.close());
  const policy = await policyTo(replication);
  const policyId = await replication.policies.create(policy, ACTOR);
  await jobs.start({ workers: 3 });
  const source = content.as(ACTOR).repository(NAME);
  const pushAll = async () =>
    Promise.all(TAGS.map((tag) => pushSample(source, sampleImage(), [tag])));
  const atTarget = () =>
    Promise.all(
      TAGS.map(async (tag) => (await target.repository(NAME).resolve(tag))?.digest ?? null),
    );
  const run = async () => {
    const id = await replication.run(policyId, "manual", ACTOR);
    await vi.waitFor(
      async () => expect((await jobs.execution(id))!.status).not.toBe("Running"),
      SOON,
    );
    return (await jobs.execution(id))!;
  };
  return { catalog, jobs, replication, policyId, policy, fault, pushAll, atTarget, run };
}

/** An endpoint, and what a policy to it says. */
async function policyTo({ endpoints }: Replication): Promise<PolicySettings> {
  const destEndpointId = await endpoints.create(TARGET, ACTOR);
  return {
    ...EVERYTHING,
    destEndpointId,
    filters: [{ type: "tag", value: "v*" }],
    triggerType: "manual",
    deletion: false,
    options: { ...DEFAULT_OPTIONS, allOrNothing: true },
  };
}

test("a failed run leaves the target's tags; the next one moves all of them", async () => {
  const { fault, pushAll, atTarget, run } = await world();
  const old = await pushAll();
  expect((await run()).status).toBe("Success");
  expect(await atTarget()).toEqual(old);

  const newer = await pushAll();
  fault.call = async (method, [content]) => {
    const { digest } = content as { digest?: string };
    if (method !== "push" || digest !== newer[1]) return;
    throw new RegistryError("DENIED", "simulated: this one is refused");
  };
  expect((await run()).status).toBe("Error");
  expect(await atTarget()).toEqual(old);

  fault.call = async () => undefined;
  expect((await run()).status).toBe("Success");
  expect(await atTarget()).toEqual(newer);
});

for (let n = 0; n < TAGS.length; n++) {
  test(`cut off after ${n} tags have moved, it moves the others when tried again`, async () => {
    const { fault, jobs, pushAll, atTarget, run } = await world();
    const digests = await pushAll();
    let moved = 0;
    let isCut = false;
    fault.call = async (method) => {
      if (method !== "tag") return;
      if (moved === n && !isCut) {
        isCut = true;
        throw new RegistryError("UNAVAILABLE", "simulated: it went away");
      }
      moved++;
    };
    const done = await run();
    expect(done.status).toBe("Success");
    expect(await atTarget()).toEqual(digests);
    expect(moved).toBe(TAGS.length);
    const { items } = await jobs.tasks({ executionId: done.id, page: 1, pageSize: 100 });
    const move = items.find(({ kind }) => kind === "move")!;
    expect(move.attempts).toBe(2);
    const log = (await jobs.taskLog(move.id)).map(({ text }) => text);
    for (const [i, tag] of TAGS.entries()) {
      expect(log).toContain(`${NAME}:${tag} now names ${digests[i]}`);
    }
  });
}

test("what is under way ends within a second when the policy is disabled", async () => {
  const { fault, jobs, replication, policyId, policy, pushAll } = await world();
  await pushAll();
  const reached = Promise.withResolvers<void>();
  fault.call = async (method, [content]) => {
    const { mediaType } = (content ?? {}) as { mediaType?: string };
    if (method !== "push" || !mediaType || isManifestType(mediaType)) return;
    reached.resolve();
    await new Promise(() => undefined);
  };
  const id = await replication.run(policyId, "manual", ACTOR);
  await reached.promise;
  const start = performance.now();
  await replication.policies.update(policyId, { ...policy, enabled: false }, ACTOR);
  expect((await jobs.execution(id))!.status).toBe("Stopped");
  expect(performance.now() - start).toBeLessThan(1_500);
});
