import { randomBytes } from "node:crypto";
import { openJobs } from "@entrepot/jobs";
import { collect } from "@entrepot/registry";
import { pushSample, type Sample, sampleBlob, sampleImage } from "@entrepot/registry/samples";
import { type BlobStore } from "@entrepot/storage";
import { memoryStore } from "@entrepot/storage/memory";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openMending } from "./mend-pulls.ts";
import { openChecks } from "./open-checks.ts";
import { openRepairs } from "./open-repairs.ts";
import type { Copies } from "./ports.ts";
import { type CheckWorld, checkWorld } from "./test-world.ts";

const ANN = { name: "ann", cause: "test" };
let world: CheckWorld;
beforeEach(async () => {
  world = await checkWorld();
});
afterEach(() => world.close());

/** Copies in another store, which counts what it is asked for. */
function elsewhere(store: BlobStore) {
  const peer = { kind: "peer", id: 1, repository: "", label: "the peer" };
  const fetched: string[] = [];
  const copies: Copies = {
    places: async () => [peer],
    stat: (_copy, digest) => store.stat(digest),
    async fetch(_copy, { digest }) {
      fetched.push(digest);
      return store.read(digest);
    },
  };
  return { copies, fetched };
}

/** Runs a whole check and a repair by jobs, and returns the plan's items at the end. */
async function checkAndRepair(from: Copies) {
  const { catalog, store, context } = world;

  const jobs = await openJobs({ catalog });
  const checks = openChecks({ ...context, jobs });
  const repairs = openRepairs({ catalog, store, jobs, checks, copies: from });
  await jobs.start({ workers: 2 });
  try {
    const ended = (id: number | null) =>
      expect
        .poll(async () => (await jobs.execution(id!))?.status, { timeout: 60_000 })
        .toBe("Success");
    await ended(await checks.start({ quick: false, scope: "", bytesPerSecond: 0 }, "ann"));
    const plan = await repairs.plan(ANN);
    const planned = (await repairs.items(plan.id, { page: 1, pageSize: 100 })).items;
    await ended(await repairs.execute(plan.id, ANN));
    await expect(repairs.execute(plan.id, ANN)).rejects.toMatchObject({ code: "CONFLICT" });
    const { items } = await repairs.items(plan.id, { page: 1, pageSize: 100 });
    const acts = (of: typeof items) => of.map((one) => [one.name, one.act, one.copies]);
    expect(acts(items)).toEqual(acts(planned));
    return new Map(items.map((item) => [item.name, item]));
  } finally {
    await jobs.stop();
  }
}

async function pushed(size = 64): Promise<{ image: Sample; layer: Sample }> {
  const layer = sampleBlob(randomBytes(size));
  const image = sampleImage({}, [layer]);
  await pushSample(world.repository("library/app"), image, ["v1"]);
  return { image, layer };
}

test("what a copy has is healed; what none has is set aside, and a push heals it", async () => {
  const peer = memoryStore();
  const { layer: flipped } = await pushed(3 << 20);
  const { layer: cut } = await pushed();
  const { layer: lost, image } = await pushed();
  const { layer: hopeless } = await pushed();
  const { layer: damagedThere } = await pushed();
  for (const { content, bytes } of [flipped, cut, lost]) await peer.put(content.digest, bytes);
  await world.flip(flipped.content.digest);
  await world.cut(cut.content.digest, 5);
  await world.lose(lost.content.digest);
  await world.lose(image.content.digest);
  await world.flip(hopeless.content.digest);
  await world.flip(damagedThere.content.digest);
  const bad = { ...peer } as BlobStore;
  bad.stat = async (digest) =>
    digest === damagedThere.content.digest ? damagedThere.content.size : peer.stat(digest);
  bad.read = async (digest) =>
    digest === damagedThere.content.digest ? peer.read(cut.content.digest) : peer.read(digest);

  const items = await checkAndRepair(elsewhere(bad).copies);
  const outcomeOf = ({ content }: Sample) => items.get(content.digest)?.outcome;
  expect([flipped, cut, lost, image].map(outcomeOf)).toEqual(Array(4).fill("healed"));
  expect(items.get(image.content.digest)?.result).toBe("from the database");
  expect([hopeless, damagedThere].map(outcomeOf)).toEqual(["set-aside", "set-aside"]);
  expect(await world.store.stat(hopeless.content.digest)).toBe(null);
  expect(await world.repository("library/app").stat(hopeless.content.digest)).toBe(null);

  const left = (await world.check()).said;
  expect(left).toEqual(
    [hopeless, damagedThere].map(({ content }) => `missing ${content.digest}`).toSorted(),
  );
  for (const one of [hopeless, damagedThere])
    await pushSample(world.repository("library/app"), one);
  expect((await world.check()).said).toEqual([]);
});

test("rows and counts are made what the bytes say", async () => {
  const { image, layer } = await pushed();
  await sql`INSERT INTO quota (project_id, storage, used)
    SELECT id, 1000000, 5 FROM project WHERE name = 'library'`.execute(world.catalog.db);
  await sql`UPDATE repository_blob SET size = 7 WHERE digest = ${layer.content.digest}`.execute(
    world.catalog.db,
  );
  await sql`UPDATE manifest SET size = 3, bytes = set_byte(bytes, 5, 1)`.execute(world.catalog.db);
  const items = await checkAndRepair(elsewhere(memoryStore()).copies);
  const name = `library/app@${image.content.digest}`;
  expect(items.get(name)).toMatchObject({ class: "manifest-bytes", outcome: "corrected" });
  expect(items.get(layer.content.digest)).toMatchObject({ outcome: "corrected" });
  expect(items.get("library")).toMatchObject({ class: "usage", outcome: "corrected" });
  // The quota came by hand: only the journal knows nothing of it.
  expect((await world.check()).said).toEqual(["journal quota library"]);
});

test("a blob that was healed meanwhile is not set aside", async () => {
  const { layer } = await pushed();
  await world.flip(layer.content.digest);
  const { repairItem } = await import("./repair-task.ts");
  const copies = elsewhere(memoryStore()).copies;
  await world.store.put(layer.content.digest, layer.bytes);
  const item = { class: "corrupt", name: layer.content.digest, size: 64 } as const;
  const planned = { ...item, act: "set-aside", copies: [], why: "" } as const;
  const { catalog, store } = world;
  const { outcome } = await repairItem({ catalog, store, copies }, planned, ANN);
  expect(outcome).toBe("whole");
  expect(await store.stat(layer.content.digest)).toBe(64);
});

/** Pulls as clients do: first stat, then fetch. */
async function pull(mending: ReturnType<typeof openMending>, { content }: Sample) {
  const repository = mending.over(world.content.as(ANN)).repository("library/app");
  const found = await repository.stat(content.digest);
  if (!found) return null;
  return Buffer.from(await collect(await repository.fetch(found), found.size));
}

function mendingWith(copies: Copies) {
  const { catalog, store } = world;
  const told: string[] = [];
  const onError = (error: unknown) => told.push(String(error));
  const onDamage = (text: string) => told.push(text);
  return { mending: openMending({ catalog, store, copies, onDamage, onError }), told };
}

const FIVE_MIB = 5 << 20;
for (const [what, damage, size] of [
  ["flipped", (one: Sample) => world.flip(one.content.digest), 64],
  ["cut off", (one: Sample) => world.cut(one.content.digest, 9), 64],
  ["lost", (one: Sample) => world.lose(one.content.digest), 64],
  ["cut off and large", (one: Sample) => world.cut(one.content.digest, 9), FIVE_MIB],
] as const) {
  test(`a pull of a blob that is ${what} gets it whole where a peer has it`, async () => {
    const peer = memoryStore();
    const { layer } = await pushed(size);
    await peer.put(layer.content.digest, layer.bytes);
    await damage(layer);
    const { mending, told } = mendingWith(elsewhere(peer).copies);
    const [one, other] = await Promise.all([pull(mending, layer), pull(mending, layer)]);
    expect(one?.equals(layer.bytes) && other?.equals(layer.bytes)).toBe(true);
    await mending.settled();
    expect(told.some((text) => text.includes("healed from the peer"))).toBe(true);
    expect((await world.check()).said).toEqual([]);
  });

  test(`a pull of a blob that is ${what} is told so if nobody has it; a push heals`, async () => {
    const { layer } = await pushed(size);
    await damage(layer);
    const { mending } = mendingWith(elsewhere(memoryStore()).copies);
    await expect(pull(mending, layer)).rejects.toMatchObject({
      code: "BLOB_UNKNOWN",
      message: expect.stringContaining("entrepot repair"),
    });
    await pushSample(world.repository("library/app"), layer);
    expect((await pull(mending, layer))?.equals(layer.bytes)).toBe(true);
    await mending.settled();
  });
}

test("a large blob that is flipped is cut off before its end, then whole", async () => {
  const peer = memoryStore();
  const { layer } = await pushed(FIVE_MIB);
  await peer.put(layer.content.digest, layer.bytes);
  await world.flip(layer.content.digest);
  const { mending } = mendingWith(elsewhere(peer).copies);
  await expect(pull(mending, layer)).rejects.toMatchObject({ code: "INTEGRITY" });
  await mending.settled();
  expect((await pull(mending, layer))?.equals(layer.bytes)).toBe(true);
});

test("a blob that was verified costs no statement, in this process and the next", async () => {
  const { layer } = await pushed();
  const { mending } = mendingWith(elsewhere(memoryStore()).copies);
  await pull(mending, layer);
  await mending.settled();
  const { rows } = await sql`SELECT FROM blob_verified`.execute(world.catalog.db);
  expect(rows).toHaveLength(1);
  // Nobody reads it again within a week: that it is damaged now is for a check to find.
  await world.flip(layer.content.digest);
  expect((await pull(mending, layer))?.length).toBe(64);
  const next = mendingWith(elsewhere(memoryStore()).copies);
  expect((await pull(next.mending, layer))?.length).toBe(64);
  await next.mending.settled();
});
