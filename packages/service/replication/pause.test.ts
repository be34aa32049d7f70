import { testCatalog } from "@entrepot/catalog/testing";
import { openContent } from "@entrepot/content";
import { openJobs } from "@entrepot/jobs";
import { memoryRegistry } from "@entrepot/registry";
import { pushSample, sampleImage } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { afterEach, expect, test, vi } from "vitest";
import { READER } from "./cursor.ts";
import { VENDOR } from "./policies.ts";
import { openReplication } from "./replication.ts";
import { EVERYTHING, siteOf, TARGET } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const NAME = "library/app";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A source with one policy to a target in memory, that can be switched on and off. */
async function switchable() {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const content = openContent({ catalog, store: memoryStore() });
  await content.projects.create(ACTOR, { name: "library", public: true });
  const target = memoryRegistry();
  const jobs = await openJobs({ catalog, log: () => undefined });
  ends.push(() => jobs.stop(1000));
  const { policies, endpoints, ...replication } = openReplication({
    catalog,
    jobs,
    box: { seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() },
    connect: () => siteOf(() => target),
    local: siteOf(
      () => content.as(ACTOR),
      (selection) => content.artifacts(selection.repository),
    ),
    // Nothing is taken up again by itself within the test.
    pace: { retryMs: 20, catchUpMs: 60_000, reconcileMs: 60_000 },
  });
  ends.push(() => replication.close());
  const destEndpointId = await endpoints.create(TARGET, ACTOR);
  const create = () => policies.create({ ...EVERYTHING, destEndpointId }, ACTOR);
  const enable = async (id: number, enabled: boolean) => {
    await policies.update(id, { ...(await policies.get(id))!, enabled }, ACTOR);
  };
  const push = (tag: string) =>
    pushSample(content.as(ACTOR).repository(NAME), sampleImage(), [tag]);
  const arrives = async (tag: string, digest: string) => {
    const at = async () => (await target.repository(NAME).resolve(tag))?.digest;
    await vi.waitFor(async () => expect(await at()).toBe(digest), { timeout: 10_000 });
  };
  const start = async () => {
    await jobs.start({ workers: 4 });
    replication.start();
  };
  /** Events have been read: whatever was missed till now is behind the cursor. */
  const read = () =>
    vi.waitFor(async () => {
      const cursor = await catalog.db
        .selectFrom("journal_cursor")
        .select("seq")
        .where("reader", "=", READER)
        .executeTakeFirst();
      expect(cursor?.seq).toBe(await catalog.head());
    });
  return { jobs, create, enable, push, arrives, start, read };
}

test("what a policy missed comes though it is disabled again before it has caught up", async () => {
  const { jobs, create, enable, push, arrives, start, read } = await switchable();
  const id = await create();
  await start();
  await arrives("v1", await push("v1"));
  await enable(id, false);
  const missed = await push("v2");
  const later = await push("v3");
  await read();
  await jobs.queues.pause(VENDOR);
  await enable(id, true);
  await enable(id, false);
  await jobs.queues.resume(VENDOR);
  await enable(id, true);
  await arrives("v2", missed);
  await arrives("v3", later);
});

test("a policy that is disabled before its first run has ended begins it anew", async () => {
  const { jobs, create, enable, push, arrives, start } = await switchable();
  const first = await push("v1");
  await jobs.queues.pause(VENDOR);
  const id = await create();
  await start();
  await enable(id, false);
  await jobs.queues.resume(VENDOR);
  await enable(id, true);
  await arrives("v1", first);
});
