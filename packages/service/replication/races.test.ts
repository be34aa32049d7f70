import type { Catalog } from "@entrepot/catalog";
import { testCatalog } from "@entrepot/catalog/testing";
import { openContent } from "@entrepot/content";
import { openJobs } from "@entrepot/jobs";
import { asDigest, digestOf, RegistryError } from "@entrepot/oci";
import { memoryRegistry, type Registry } from "@entrepot/registry";
import { before as beforeCalls } from "@entrepot/registry/faults";
import { pushSample, type Sample, sampleImage, sampleIndex } from "@entrepot/registry/samples";
import { memoryStore } from "@entrepot/storage/memory";
import { type KyselyPlugin, sql } from "kysely";
import { afterEach, expect, test, vi } from "vitest";
import { compareAll, readAgain } from "./compare.ts";
import { planRun, stepsOf } from "./plan-run.ts";
import { reconcile } from "./reconcile.ts";
import { openReplication, type Replication } from "./replication.ts";
import { EVERYTHING, siteOf, TARGET } from "./testing.ts";

const ACTOR = { name: "test", cause: "test" };
const NAME = "library/app";
const PACE = { retryMs: 20, catchUpMs: 100, reconcileMs: 60_000 };

type Call = (method: string, args: readonly unknown[]) => Promise<void>;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A source with one policy to a target in memory; every call at either side can be held up. */
async function pairOf() {
  const { catalog, close } = await testCatalog();
  ends.push(close);
  const content = openContent({ catalog, store: memoryStore() });
  await content.projects.create(ACTOR, { name: "library", public: true });
  const target = memoryRegistry();
  const calls = { atSource: (async () => {}) as Call, atTarget: (async () => {}) as Call };
  const held = (registry: Registry, side: keyof typeof calls): Registry => ({
    ...registry,
    repository: (name) =>
      beforeCalls(registry.repository(name), (method, args) => calls[side](method, args)),
  });
  const local = siteOf(
    () => held(content.as(ACTOR), "atSource"),
    async function* (selection) {
      for await (const one of content.artifacts(selection.repository)) {
        await calls.atSource("list", [one.reference]);
        yield one;
      }
    },
  );
  const remote = siteOf(() => held(target, "atTarget"));
  const jobs = await openJobs({ catalog, log: () => undefined });
  ends.push(() => jobs.stop(1000));
  const replication = openReplication({
    catalog,
    jobs,
    box: { seal: (text) => Buffer.from(text), open: (sealed) => Buffer.from(sealed).toString() },
    connect: () => remote,
    local,
    pace: PACE,
  });
  ends.push(() => replication.close());
  const policyId = await setUp(replication);
  await jobs.start({ workers: 4 });
  replication.start();
  const source = content.as(ACTOR).repository(NAME);
  const at = async (tag: string) => (await target.repository(NAME).resolve(tag))?.digest;
  const push = (tag: string) => pushSample(source, sampleImage(), [tag]);
  const arrives = (tag: string, digest: string | undefined) =>
    vi.waitFor(async () => expect(await at(tag)).toBe(digest), { timeout: 10_000 });
  const rest = (meanwhile: () => Promise<void> = async () => undefined) =>
    vi.waitFor(
      async () => {
        await meanwhile();
        const { db } = catalog;
        const rows = await db.selectFrom("replica").selectAll().execute();
        expect(rows.filter(({ wanted, arrived }) => wanted !== arrived)).toEqual([]);
        const running = db.selectFrom("execution").select("id").where("status", "=", "Running");
        expect(await running.execute()).toEqual([]);
      },
      { timeout: 10_000 },
    );
  await rest();
  return { catalog, jobs, replication, policyId, target, source, calls, push, at, arrives, rest };
}

async function setUp({ endpoints, policies }: Replication): Promise<number> {
  const destEndpointId = await endpoints.create(TARGET, ACTOR);
  return policies.create({ ...EVERYTHING, destEndpointId }, ACTOR);
}

/** Holds up the first call that `matches` until `open`; `reached` resolves when it is there. */
function gate(matches: (method: string, args: readonly unknown[]) => boolean) {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let used = false;
  const call: Call = async (method, args) => {
    if (used || !matches(method, args)) return;
    used = true;
    reached.resolve();
    await opened.promise;
  };
  return { call, reached: reached.promise, open: () => opened.resolve() };
}

const RUN_STOPS = [
  { about: "lists the older tag", side: "atSource", method: "list" },
  { about: "asks the target for it", side: "atTarget", method: "resolve" },
] as const;

test.each(RUN_STOPS)("a run that $about while a newer comes ends with the newer", async (stop) => {
  const { replication, policyId, calls, push, arrives, rest, at } = await pairOf();
  await arrives("v1", await push("v1"));
  await rest();
  const { call, reached, open } = gate((method) => method === stop.method);
  calls[stop.side] = call;
  await replication.run(policyId, "manual", ACTOR);
  await reached;
  const newer = await push("v1");
  await arrives("v1", newer);
  open();
  await rest();
  expect(await at("v1")).toBe(newer);
});

test("a run does not take for settled what something else was sent for", async () => {
  const { catalog, replication, policyId, push, arrives, rest } = await pairOf();
  const there = await push("v1");
  await arrives("v1", there);
  await rest();
  // As a crash leaves it: sent, and nobody knows whether it will arrive.
  const other = sampleImage().content.digest;
  const replica = catalog.db.updateTable("replica").where("reference", "=", "v1");
  await replica.set({ sent: other }).execute();
  await replication.run(policyId, "manual", ACTOR);
  await rest();
  const known = catalog.db.selectFrom("replica").where("reference", "=", "v1");
  expect(await known.select(["arrived", "sent"]).execute()).toEqual([
    { arrived: there, sent: there },
  ]);
});

test("a task that finds its content gone does not undo what an event wants since", async () => {
  const { source, calls, push, arrives, rest, catalog } = await pairOf();
  await arrives("v1", await push("v1"));
  await rest();
  const doomed = sampleImage();
  const { call, reached, open } = gate(
    (method, [reference]) => method === "resolve" && reference === doomed.content.digest,
  );
  calls.atSource = call;
  await pushSample(source, doomed, ["v1"]);
  await reached;
  await source.delete(doomed.content.digest);
  const newer = await push("v1");
  await vi.waitFor(async () => expect(await wantedOf(catalog, "v1")).toBe(newer));
  open();
  await arrives("v1", newer);
  await rest();
});

test("catching up does not undo what an event wants meanwhile", async () => {
  const { catalog, jobs, replication, push, arrives, rest } = await pairOf();
  const old = await push("v1");
  await arrives("v1", old);
  await rest();
  const replica = catalog.db.updateTable("replica").where("reference", "=", "v1");
  await replica.set({ arrived: null, next_attempt: new Date(0) }).execute();
  const newer = digestOf(Buffer.from("newer"));

  const { gated, reached, open } = gateAfter(catalog, (row) => "digest" in row);
  const { endpoints } = replication;
  const onError = (error: unknown) => expect.unreachable(String(error));
  const catching = reconcile({ catalog: gated, jobs, endpoints, pace: PACE, onError });
  await reached;
  const event = replica.set({ wanted: newer }).execute();
  await vi.waitFor(async () => {
    const isDone = (await wantedOf(catalog, "v1")) === newer;
    expect(isDone || (await waitsForLock(catalog))).toBe(true);
  });
  open();
  await Promise.all([catching, event]);
  expect(await wantedOf(catalog, "v1")).toBe(newer);
});

test("a tag is deleted though the answer to the one before last was lost", async () => {
  const { catalog, target, source, calls, push, arrives, rest } = await pairOf();
  await arrives("v1", await push("v1"));
  await rest();
  const second = sampleImage();
  let isDown = false;
  let refused = 0;
  calls.atTarget = async (method, [content]) => {
    if (isDown) {
      refused++;
      throw new Error("simulated: it is down");
    }
    if (method !== "push" || !isOf(content, second)) return;
    // It is applied, and then nobody hears anything from there any more.
    isDown = true;
    await pushSample(target.repository(NAME), second, ["v1"]);
    throw new Error("simulated: the answer was lost");
  };
  await pushSample(source, second, ["v1"]);
  await arrives("v1", second.content.digest);
  const third = await push("v1");
  await vi.waitFor(async () => expect(await wantedOf(catalog, "v1")).toBe(third));
  const before = refused;
  await vi.waitFor(() => expect(refused).toBeGreaterThan(before + 1), { timeout: 10_000 });
  await source.delete("v1");
  isDown = false;
  await arrives("v1", undefined);
});

test.each(["resolve", "delete"])(
  "a digest whose deletion is about to %s there is not missing to a tag that comes meanwhile",
  async (stop) => {
    const pair = await pairOf();
    const { source, calls, push, at, arrives, rest } = pair;
    const shared = sampleImage();
    const { digest } = shared.content;
    await arrives("other", await push("other"));
    await pushSample(source, shared, ["v1"]);
    await arrives("v1", digest);
    await rest();
    const { call, reached, open } = gate(
      (method, [reference]) => method === stop && reference === digest,
    );
    calls.atTarget = call;
    await source.delete(digest);
    await reached;
    // The target has it still, so that nothing but the tag is sent; then it is deleted with that.
    await pushSample(source, shared, ["v2"]);
    await arrives("v2", digest);
    open();
    await rest(() => catchUp(pair));
    expect(await at("v2")).toBe(digest);
    expect(await at("v1")).toBeUndefined();
  },
);

test("a run does not take for settled what was being deleted while it looked", async () => {
  const { catalog, replication, policyId, push, arrives, rest, target } = await pairOf();
  const digest = await push("v1");
  await arrives("v1", digest);
  await rest();
  const policy = (await replication.policies.get(policyId))!;
  const rows = catalog.db.updateTable("replica").where("reference", "=", "v1");
  await rows.set({ wanted: null }).execute();
  const site = siteOf(
    () => target,
    async function* () {
      yield { repository: NAME, reference: "v1", digest };
    },
  );
  const origin = { registry: catalog.registryId, seq: 0, path: [] };
  const rules = { origin, peerId: null, giveBack: false };
  const { signal } = new AbortController();
  const sides = { policy, source: site, target: site, rules, catalog, signal };
  for await (const found of compareAll(sides)) {
    expect(found).toMatchObject([{ atSource: digest, atTarget: digest }]);
    // The deletion arrives, and leaves no row behind.
    await catalog.db.deleteFrom("replica").execute();
    const steps = stepsOf(planRun(policy, await readAgain(catalog.db, sides, found), rules));
    expect(steps).toMatchObject([{ operation: "copy", reference: "v1" }]);
  }
});

/** A target that refuses, as an Entrepot does, to delete what an index that it has holds. */
async function withPart() {
  const pair = await pairOf();
  const { source, target, calls, arrives, rest } = pair;
  const image = sampleImage();
  const index = sampleIndex([image]);
  await pushSample(source, index, ["v1"]);
  await pushSample(source, image, ["part"]);
  await arrives("v1", index.content.digest);
  await arrives("part", image.content.digest);
  await rest();
  const [part, whole] = [image.content.digest, index.content.digest];
  const there = target.repository(NAME);
  let refused = 0;
  const call: Call = async (method, [reference]) => {
    if (method !== "delete" || reference !== part || !(await there.resolve(whole))) return;
    refused++;
    throw new RegistryError("DENIED", "part of an index", { detail: { partOf: whole } });
  };
  calls.atTarget = call;
  return { ...pair, call, part, whole, there, refused: () => refused };
}

test("a digest that an index there needs is kept where the index stays", async () => {
  const { catalog, source, part, there, rest, refused } = await withPart();
  // The index goes here alone, as one would that this policy has not brought.
  await catalog.db.deleteFrom("replica").where("reference", "=", "v1").execute();
  await catalog.db.deleteFrom("manifest_reference").where("digest", "=", part).execute();
  await source.delete(part);
  await vi.waitFor(() => expect(refused()).toBeGreaterThan(0), { timeout: 10_000 });
  await rest();
  expect(await there.resolve(part)).not.toBeNull();
});

test("a digest that an index there needs is deleted once the index has gone", async () => {
  const { source, calls, call, part, whole, there, rest, refused } = await withPart();
  calls.atTarget = async (method, args) => {
    if (method === "delete" && args[0] === whole) {
      await vi.waitFor(() => expect(refused()).toBeGreaterThan(0), { timeout: 10_000 });
    }
    await call(method, args);
  };
  await source.delete(whole);
  await source.delete(part);
  await vi.waitFor(() => expect(refused()).toBeGreaterThan(0), { timeout: 10_000 });
  await rest();
  expect(await there.resolve(part)).toBeNull();
});

/** One round of looking after what is behind. */
async function catchUp(pair: Awaited<ReturnType<typeof pairOf>>): Promise<void> {
  const { catalog, jobs, replication } = pair;
  const onError = (error: unknown) => expect.unreachable(String(error));
  await reconcile({ catalog, jobs, endpoints: replication.endpoints, pace: PACE, onError });
}

const isOf = (content: unknown, { content: { digest } }: Sample) =>
  (content as { digest?: unknown }).digest === digest;

async function wantedOf({ db }: Catalog, reference: string) {
  const row = db.selectFrom("replica").select("wanted").where("reference", "=", reference);
  return asDigest((await row.executeTakeFirst())?.wanted ?? "");
}

/** `catalog`, whose transactions stop once when they have read a row that `matches`. */
function gateAfter(catalog: Catalog, matches: (row: object) => boolean) {
  const { call, reached, open } = gate((_, [row]) => matches(row as object));
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      const [row] = result.rows;
      if (row) await call("read", [row]);
      return result;
    },
  };
  const transaction: Catalog["transaction"] = (work) =>
    catalog.transaction((db) => work(db.withPlugin(plugin)));
  return { gated: { ...catalog, transaction }, reached, open };
}

async function waitsForLock({ db }: Catalog): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
  `.execute(db);
  return rows.length > 0;
}
