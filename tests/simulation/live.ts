import { setTimeout as pause } from "node:timers/promises";
import { RegistryError } from "@entrepot/oci";
import { untilAtRest } from "./at-rest.ts";
import { type Clients, clientsOf } from "./changes.ts";
import { faultsOf, holesUnder, tagsOf } from "./checks.ts";
import { editsOf } from "./edits.ts";
import { CALM, type Weather } from "./faulty-link.ts";
import { chanceOf } from "./seed.ts";
import { untold } from "./untold.ts";
import { makeWorld, type World, type WorldOptions } from "./world.ts";

/** How a world's life goes. */
export interface Life extends WorldOptions {
  /** Who has clients that write. */
  readonly writers: readonly string[];
  readonly changes: number;
  readonly crashes: number;
  readonly partitions: number;
  /** Whole runs of a policy that somebody asks for. */
  readonly runs: number;
  /** Policies that are disabled or narrowed for a while. */
  readonly edits: number;
}

const STORM: Weather = { mishaps: 0.08, delayMs: 8 };
/** In a gale many a task uses up its attempts. */
const GALE: Weather = { mishaps: 0.5, delayMs: 30 };
/** A line on which a layer takes as long as a partition. */
const SLOW: Weather = { mishaps: 0.02, delayMs: 8, bytesPerSecond: 15_000 };

/**
 * Lives a life: changes at random under faults of all kinds, then everything is healed. Returns
 * what was ever wrong, which should be nothing.
 */
export async function live(life: Life): Promise<string[]> {
  const world = await makeWorld(life);
  const faults: string[] = [];
  let over = false;
  const watching = watch(world, faults, () => over).catch(
    (error: unknown) => void faults.push(`whoever looks gets ${String(error)}`),
  );
  try {
    const clients = clientsOf(world);
    const edits = editsOf(world, life.nodes);
    world.weather(STORM);
    await allOf([
      writing(world, clients, life),
      crashes(world, life),
      partitions(world, life),
      gales(world, life),
      runs(world, life),
      edits.make(life.edits),
    ]);
    world.weather(CALM);
    await edits.end();
    await untilAtRest(world);
    over = true;
    await watching;
    return [...faults, ...(await faultsOf(world, clients)), ...(await untold(world))];
  } finally {
    // Nobody asks a registry that is being closed.
    over = true;
    await watching;
    await world.close();
  }
}

/** Waits for all of `works` to end, however each does, and then throws the first one's error. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const ended = await Promise.allSettled(works);
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

async function writing(world: World, clients: Clients, { writers, changes }: Life): Promise<void> {
  for (let n = 0; n < changes; n++) {
    await clients.change(world.chance.oneOf(writers));
    if (world.chance.random() < 0.3) await pause(world.chance.between(0, 60));
  }
}

async function crashes(world: World, life: Life): Promise<void> {
  const chance = chanceOf(life.seed + 1);
  for (let n = 0; n < life.crashes; n++) {
    await pause(chance.between(0, 400));
    const node = world.nodes.get(chance.oneOf(life.nodes))!;
    await node.crash();
    await pause(chance.between(0, 200));
    await node.open();
  }
}

/** One link at a time is cut, one way or both; or the world into two halves. */
async function partitions(world: World, life: Life): Promise<void> {
  const chance = chanceOf(life.seed + 2);
  for (let n = 0; n < life.partitions; n++) {
    await pause(chance.between(0, 300));
    const side = new Set(world.names.filter(() => chance.random() < 0.5));
    const [one, other] = chance.oneOf(life.topology);
    const dice = chance.random();
    const cut = life.topology.filter(([from, to]) => {
      if (dice < 0.4) return side.has(from) !== side.has(to);
      return (from === one && to === other) || (dice < 0.8 && from === other && to === one);
    });
    for (const edge of cut) world.cut(...edge);
    await pause(chance.between(0, 400));
    for (const edge of cut) world.mend(...edge);
  }
}

async function gales(world: World, life: Life): Promise<void> {
  const chance = chanceOf(life.seed + 4);
  for (let n = 0; n < life.partitions; n++) {
    await pause(chance.between(0, 300));
    world.weather(chance.oneOf([GALE, SLOW]));
    await pause(chance.between(0, 500));
    world.weather(STORM);
  }
}

async function runs(world: World, life: Life): Promise<void> {
  const chance = chanceOf(life.seed + 5);
  for (let n = 0; n < life.runs; n++) {
    await pause(chance.between(0, 300));
    const node = world.nodes.get(chance.oneOf(life.nodes))!;
    const trigger = chance.oneOf(["manual", "scheduled"] as const);
    await node.whileAlive(async ({ replication }) => {
      for (const { id, enabled } of await replication.policies.list()) {
        if (!enabled) continue;
        const run = replication.run(id, trigger, { name: "somebody", cause: "by hand" });
        await run.catch((error: unknown) => {
          // Disabled in between.
          if (!(error instanceof RegistryError && error.code === "PRECONDITION")) throw error;
        });
      }
    });
  }
}

/** Whoever looks at any moment, sees whole artifacts only. */
async function watch(world: World, faults: string[], isOver: () => boolean): Promise<void> {
  const chance = chanceOf(world.seed + 3);
  while (!isOver()) {
    await pause(10);
    const name = chance.oneOf(world.names);
    const look = async () => {
      const keys = [...(await tagsOf(world, name)).keys()];
      return keys.length > 0 ? holesUnder(world, name, chance.oneOf(keys)) : [];
    };
    const node = world.nodes.get(name);
    faults.push(...((node ? await node.whileAlive(look) : await look()) ?? []));
  }
}
