import { asDigest } from "@entrepot/oci";
import {
  apply,
  arrive,
  change,
  fail,
  makeModel,
  type Model,
  type ModelChange,
  type ModelLink,
  type ModelRequest,
  plan,
  send,
  waiting,
} from "./model.ts";
import { type Chance, chanceOf } from "./seed.ts";
import { reachedFrom, type Topology } from "./topologies.ts";

const TAGS = ["v1", "v2"];
const STEPS = 250;
const MINUTE_MS = 60_000;

/** A life of a model under faults, then all is healed. Returns what is wrong in the end. */
export function liveModel(topology: Topology, seed: number): string[] {
  const chance = chanceOf(seed);
  const model = makeModel(topology.nodes, topology.topology);
  for (const node of model.nodes) node.skewMs = chance.between(-5, 5) * MINUTE_MS;
  // Now and then one registry's clock is years ahead.
  if (chance.random() < 0.2) chance.oneOf(model.nodes).skewMs = 20 * 365 * 24 * 60 * MINUTE_MS;
  const life = { model, chance, underWay: [] as ModelRequest[], late: [] as ModelRequest[] };
  const parted = new Set<ModelLink>();
  const writers = model.nodes.filter(({ name }) => topology.writers.includes(name));
  for (let n = 0; n < STEPS; n++) {
    model.nowMs += chance.between(0, 2_000);
    const dice = chance.random();
    const link = chance.oneOf(model.links);
    if (dice < 0.2) {
      const digest = chance.random() < 0.25 ? null : digestOf(chance.between(1, 6));
      change(model, chance.oneOf(writers), chance.oneOf(TAGS), digest);
    } else if (dice < 0.25) {
      if (parted.has(link)) parted.delete(link);
      else parted.add(link);
    } else if (dice < 0.28) {
      // A crash: its tasks are gone, its requests may yet arrive.
      crash(life, link);
    } else if (dice < 0.3) {
      chance.oneOf(model.nodes).skewMs = chance.between(-5, 5) * MINUTE_MS;
    } else {
      work(life, link, parted);
    }
  }
  settle(life);
  return [...model.misjudged, ...faultsOf(model, topology), ...untold(model, topology)];
}

interface Life {
  readonly model: Model;
  readonly chance: Chance;
  readonly underWay: ModelRequest[];
  /** Copies of requests that somebody on the way still holds. */
  readonly late: ModelRequest[];
}

const digestOf = (n: number) => asDigest(`sha256:${String(n).repeat(64)}`);

function work({ model, chance, underWay, late }: Life, link: ModelLink, parted: Set<ModelLink>) {
  const dice = chance.random();
  const tasks = waiting(link);
  if (dice < 0.3) plan(link, chance.between(1, 4));
  else if (dice < 0.6 && tasks.length > 0) underWay.push(send(link, chance.oneOf(tasks)));
  else if (dice < 0.7 && late.length > 0) apply(model, take(chance, late));
  else if (underWay.length > 0) {
    const request = take(chance, underWay);
    const fate = parted.has(request.link) ? 0 : chance.random();
    if (chance.random() < 0.2) late.push(request);
    if (fate < 0.15) return fail(request);
    apply(model, request);
    if (fate < 0.3) fail(request);
    else arrive(request);
  }
}

function crash({ underWay, late }: Life, { from }: ModelLink): void {
  for (const request of underWay.splice(0)) {
    if (request.link.from !== from) underWay.push(request);
    else {
      fail(request);
      late.push(request);
    }
  }
}

function take<T>(chance: Chance, items: T[]): T {
  return items.splice(chance.between(0, items.length - 1), 1)[0]!;
}

/** Everything arrives, what is late too, until nobody has anything to do. */
function settle({ model, chance, underWay, late }: Life): void {
  for (let rounds = 0; ; rounds++) {
    if (rounds > 10_000) throw new Error("it does not come to rest");
    model.nowMs += 10;
    if (late.length > 0) apply(model, take(chance, late));
    if (underWay.length > 0) {
      const request = take(chance, underWay);
      apply(model, request);
      arrive(request);
      continue;
    }
    let isIdle = late.length === 0;
    for (const link of model.links) {
      if (link.cursor < link.from.journal.length) isIdle = false;
      plan(link, 3);
      for (const replica of waiting(link)) {
        isIdle = false;
        underWay.push(send(link, replica));
      }
    }
    if (isIdle) return;
  }
}

/** Names that differ where they should be alike; a digest lost without a trace. */
function faultsOf(model: Model, { topology }: Topology): string[] {
  const faults: string[] = [];
  for (const tag of TAGS) {
    for (const [from, to] of topology) {
      const [one, other] = [from, to].map((name) => model.nodes.find((of) => of.name === name)!);
      const isMutual =
        topology.some(([a, b]) => a === to && b === from) || reachedFrom(topology, to).has(from);
      const [mine, theirs] = [one!.tags.get(tag), other!.tags.get(tag)];
      const isOwn = !isMutual && theirs !== mine && wroteLater(one!, other!, tag);
      if (mine !== theirs && !isOwn) {
        faults.push(`${tag}: ${from} has ${mine?.slice(7, 9)}, ${to} ${theirs?.slice(7, 9)}`);
      }
    }
  }
  for (const node of model.nodes) {
    const replayed = new Map<string, string>();
    for (const { reference, digest } of node.journal) {
      if (digest) replayed.set(reference, digest);
      else replayed.delete(reference);
    }
    for (const tag of TAGS) {
      if (replayed.get(tag) !== node.tags.get(tag))
        faults.push(`${node.name}: ${tag} is not replayed`);
    }
  }
  return faults;
}

/**
 * Changes that nobody who made another knew of, that no registry shows or lists as having lost. Two
 * that made a tag the same count as one: whoever knew either, knew what it was. A push that lost
 * against another is told, and may be deleted with the winner by somebody who knew only that.
 */
function untold(model: Model, { topology }: Topology): string[] {
  const lost = new Set(
    model.nodes.flatMap(({ conflicts }) => conflicts.map((one) => `${one.tag} ${one.loser}`)),
  );
  const outdated = new Set(model.changes.flatMap(({ knew }) => [...knew]));
  const isOutdated = (made: ModelChange) =>
    outdated.has(made.id) ||
    model.changes.some((twin) => outdated.has(twin.id) && isTwin(twin, made));
  const last = model.changes.filter((made) => !isOutdated(made));
  const faults: string[] = [];
  for (const { name, tags } of model.nodes) {
    const heard = last.filter(({ by }) => reachedFrom(topology, by).has(name));
    for (const { id, tag, digest } of heard) {
      const there = tags.get(tag) ?? null;
      if (there === digest || lost.has(`${tag} ${digest}`)) continue;
      faults.push(`${name} has ${tag} as ${there}; ${id} (${digest}) is lost, and nobody is told`);
    }
  }
  return faults;
}

/** Whether both made the tag the same, in ignorance of each other. */
function isTwin(one: ModelChange, other: ModelChange): boolean {
  const isSame = one.tag === other.tag && one.digest === other.digest;
  return isSame && !one.knew.has(other.id) && !other.knew.has(one.id);
}

/** Downstream somebody has changed it later, or in ignorance: one way, nobody hears of that. */
function wroteLater(
  one: Model["nodes"][number],
  other: Model["nodes"][number],
  tag: string,
): boolean {
  const theirs = other.clocks.get(tag)?.stamp.registry;
  return theirs !== undefined && theirs !== one.clocks.get(tag)?.stamp.registry;
}
