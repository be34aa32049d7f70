import { compareWithTables } from "@entrepot/catalog";
import { seededRandom, seeds } from "@entrepot/catalog/testing";
import type { Sample } from "@entrepot/registry/samples";
import { bytesOf } from "@entrepot/registry";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { SWEEP_BEGIN, type SweepContext, sweepRun } from "./sweep-run.ts";
import {
  allPulls,
  DAY_MS,
  GRACE_MS,
  heldIsThere,
  HOUR_MS,
  imagesIn,
  isHeld,
  partsOf,
  REPOSITORIES,
  restoreImage,
  type Span,
  sweepWorld,
  type SweepWorld,
} from "./sweep-world.ts";

const ACTS = 250;
const PARAMETERS = { dryRun: false, deleteUntagged: false, workers: 2 };

test.each(seeds("packages/service/retention/sweep/sweep.property.test.ts", process.env))(
  "however its steps fall between everybody else's, nothing that is needed goes: %s",
  async (_replay, seed) => {
    const world = await sweepWorld(seededRandom(seed));
    const sweeping = sweeper(world);
    const clients = [client(world), client(world), client(world)];
    const holds: number[] = [];
    for (let n = 0; n < ACTS; n++) {
      await act(world, clients, sweeping, holds);
      if (n % 5 === 0) await heldIsThere(world, holds);
      // Pulling takes back what is in quarantine, so it is not done every time.
      if (world.random() < 0.05) await allPulls(world);
    }
    for (const { end } of clients) await end();
    await allPulls(world);
    await heldIsThere(world, holds);
    await nothingElseStays(world);
    expect(await compareWithTables(world.catalog)).toEqual([]);
    await world.close();
  },
  120_000,
);

type Client = ReturnType<typeof client>;
type Sweeper = ReturnType<typeof sweeper>;

/** One or two things at the same moment: a step of a sweep, and what anybody else may do. */
async function act(world: SweepWorld, clients: Client[], sweeping: Sweeper, holds: number[]) {
  const { random, pick } = world;
  const others: [weight: number, run: () => Promise<unknown>][] = [
    [10, () => pick(clients).step()],
    [3, () => deleteSomething(world, clients)],
    [1, () => retag(world)],
    [2, () => restoreSomething(world, holds)],
    [0.3, async () => void (holds.length < 2 && holds.push(await hold(world)))],
    [0.6, () => letGo(world, holds)],
    [2, async () => passTime(world, clients)],
    [1.5, () => daysLater(world, clients)],
  ];
  let at = random() * others.reduce((sum, [weight]) => sum + weight, 0);
  const other = others.find(([weight]) => (at -= weight) < 0)![1];
  const isSweeping = random() < 0.9;
  await Promise.all([other(), isSweeping && sweeping.step()]);
}

/** A sweep after the other; cut off now and then, and begun again from where it was or anew. */
function sweeper(world: SweepWorld) {
  let state = SWEEP_BEGIN;
  let run = sweepRun(failing(world), PARAMETERS);
  return {
    async step() {
      try {
        state = await run.step(state);
      } catch (error) {
        expect(String(error)).toMatch(/cut off/);
        run = sweepRun(failing(world), PARAMETERS);
        if (world.random() < 0.3) state = SWEEP_BEGIN;
      }
      if (state.stage !== "done") return;
      state = SWEEP_BEGIN;
      run = sweepRun(failing(world), PARAMETERS);
    },
  };
}

/** The world as a sweep sees it that is cut off, now and then, before or after it moves a blob. */
function failing({ context, random, store }: SweepWorld): SweepContext {
  const cut =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (random() < 0.02) throw new Error("cut off");
      // Others come in between what it has asked and what it does.
      if (random() < 0.3) await sleep(random() * 20);
      const result = await change(...args);
      if (random() < 0.02) throw new Error("cut off");
      return result;
    };
  const cutting = { ...store, quarantine: cut(store.quarantine), remove: cut(store.remove) };
  return { ...context, store: { ...cutting, stat: cut(store.stat) } };
}

/** Somebody who pushes images, one request after the other, with time between them. */
function client(world: SweepWorld) {
  let left: (() => Promise<void>)[] = [];
  let busy: { since: number; repository: string } | null = null;

  function begin(): void {
    const repository = world.pick(REPOSITORIES);
    const image = world.pick(world.images);
    const all = imagesIn(image);
    const tag = `v${Math.floor(world.random() * 4)}`;
    busy = { since: world.now(), repository };
    left = all.flatMap((one) => [
      ...(one === image && all.length > 1 ? [] : one.children).map(
        (blob) => () => pushBlob(world, repository, blob),
      ),
      () => pushManifest(world, repository, one, one === image ? tag : null),
    ]);
  }

  async function step(): Promise<void> {
    if (left.length === 0) begin();
    await left.shift()!();
    if (left.length === 0) busy = null;
  }
  return {
    step,
    busy: () => busy,
    async end() {
      while (left.length > 0) await step();
    },
  };
}

/** As clients do: asks first, mounts if it can, uploads if it must. */
async function pushBlob(world: SweepWorld, name: string, { content, bytes }: Sample) {
  const repository = world.repository(name);
  if (await repository.stat(content.digest)) return;
  const from = world.random() < 0.5 ? world.pick(REPOSITORIES) : undefined;
  if (world.random() < 0.5 && (await repository.mount(content, from))) return;
  if (world.random() < 0.5) return repository.push(content, bytesOf(bytes));
  const upload = await repository.startUpload();
  await upload.append(bytesOf(bytes));
  await upload.commit(content.digest);
}

async function pushManifest(world: SweepWorld, name: string, image: Sample, tag: string | null) {
  const tags = tag === null ? [] : [tag];
  await world.repository(name).push(image.content, bytesOf(image.bytes), tags);
  noteTag(world, spanOf(world, name, image), tag);
}

function spanOf(world: SweepWorld, repository: string, image: Sample): Span {
  const there = world.spans.find(
    (span) => span.repository === repository && span.image === image && span.endedAt === null,
  );
  if (there) return there;
  const span = { repository, image, endedAt: null, endSeq: 0, tags: new Set<string>() };
  world.spans.push(span);
  return span;
}

function noteTag(world: SweepWorld, span: Span, tag: string | null): void {
  if (tag === null) return;
  for (const other of world.spans) {
    if (other.repository === span.repository) other.tags.delete(tag);
  }
  span.tags.add(tag);
}

/** Deletes an image that is there; not from under a client who is pushing to the repository. */
async function deleteSomething(world: SweepWorld, clients: Client[]): Promise<void> {
  const there = world.spans.filter(({ endedAt }) => endedAt === null);
  const span = world.pick(there);
  if (!span || clients.some((one) => one.busy()?.repository === span.repository)) return;
  const indexed = there.some(
    (one) => one.repository === span.repository && one.image.children.includes(span.image),
  );
  if (indexed) return;
  expect(await world.repository(span.repository).delete(span.image.content.digest)).toBe(true);
  span.endedAt = world.now();
  span.endSeq = await world.catalog.head();
  span.tags.clear();
}

async function retag(world: SweepWorld): Promise<void> {
  const span = world.pick(world.spans.filter(({ endedAt }) => endedAt === null));
  if (!span) return;
  await world.repository(span.repository).tag("moved", span.image.content.digest);
  noteTag(world, span, "moved");
}

/** What is held can be put back. */
async function restoreSomething(world: SweepWorld, holds: readonly number[]): Promise<void> {
  const span = world.pick(
    world.spans.filter((one) => one.endedAt !== null && isHeld(world, one, holds)),
  );
  if (!span) return;
  const whole = imagesIn(span.image).every((image) =>
    world.spans.some(
      (one) =>
        one.repository === span.repository &&
        one.image === image &&
        (one.endedAt === null || image === span.image),
    ),
  );
  if (!whole) return;
  expect(await restoreImage(world, span)).toBe(true);
  noteTag(world, spanOf(world, span.repository, span.image), "restored");
}

/** Somebody holds all of history from now on. */
async function hold(world: SweepWorld): Promise<number> {
  const seq = await world.catalog.head();
  const values = { holder: `backup:${seq}`, seq, reason: "a test" };
  await world.catalog.db
    .insertInto("history_hold")
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return seq;
}

/** Lets go of what was held first. */
async function letGo(world: SweepWorld, holds: number[]): Promise<void> {
  const seq = holds.shift();
  if (seq === undefined || holds.includes(seq)) return;
  await world.catalog.db.deleteFrom("history_hold").where("seq", "=", seq).execute();
}

/** Hours; a push takes less than the grace. */
function passTime(world: SweepWorld, clients: Client[]): void {
  const begun = clients.map((one) => one.busy()?.since).filter((since) => since !== undefined);
  const ms = HOUR_MS * 6 * world.random();
  if (begun.some((since) => world.now() + ms - since > GRACE_MS * 0.9)) return;
  world.pass(ms);
}

/** Days, in which nobody is in the middle of a push. */
async function daysLater(world: SweepWorld, clients: Client[]): Promise<void> {
  for (const { end } of clients) await end();
  world.pass(DAY_MS * (0.5 + 2 * world.random()));
}

/** When all is past, the store holds what can be pulled and nothing else. */
async function nothingElseStays(world: SweepWorld): Promise<void> {
  await world.catalog.db.deleteFrom("history_hold").execute();
  for (let round = 0; round < 4; round++) {
    world.pass(10 * DAY_MS);
    const run = sweepRun(world.context, PARAMETERS);
    let state = SWEEP_BEGIN;
    while (state.stage !== "done") state = await run.step(state);
  }
  const there = new Set<string>();
  for await (const { digest } of world.store.list()) there.add(digest);
  for await (const { digest } of world.store.quarantined()) there.add(digest);
  const live = world.spans.filter(({ endedAt }) => endedAt === null);
  expect(there).toEqual(new Set(live.flatMap(({ image }) => partsOf(image))));
  const named = new Set(live.map(({ image }) => image.content.digest));
  const past = await world.catalog.db.selectFrom("past_manifest").select("digest").execute();
  expect(past.filter(({ digest }) => !named.has(digest as never))).toEqual([]);
  await allPulls(world);
}
