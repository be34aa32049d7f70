import { mergedClock, type NameClock, nextStamp, parseClock } from "@entrepot/catalog";
import { printClock, stampedClock } from "@entrepot/catalog";
import type { Digest } from "@entrepot/oci";
import type { Origin, Policy } from "@entrepot/replication";
import { EVERYTHING } from "@entrepot/replication/testing";
import { applies, rule } from "../../packages/service/content/name-clocks.ts";
import {
  keyOf,
  type NameChange,
  planEvents,
  planned,
  type ReplicaState,
} from "../../packages/service/replication/planner.ts";
import type { Edge } from "./world.ts";

/*
 * The protocol without the machines: registries are maps, a policy is the rows that it would store,
 * a request is a value in a bag. What decides is the real thing: the planner, the clocks, the rule.
 */

/** The one repository of a model. */
export const REPOSITORY = "library/app";
const START_MS = 1_700_000_000_000;

/** A registry: what its tables and its journal would hold. */
export interface ModelNode {
  readonly name: string;
  readonly id: string;
  /** How far its clock is off, in ms. */
  skewMs: number;
  readonly tags: Map<string, Digest>;
  readonly clocks: Map<string, NameClock>;
  readonly journal: NameChange[];
  readonly conflicts: ModelConflict[];
  /** What truly is known here of each tag, by the changes' ids: what its clock should say. */
  readonly known: Map<string, Set<string>>;
  /** The change that each tag is as it is by. */
  readonly heads: Map<string, string>;
}

/** A conflict as it is listed. */
export interface ModelConflict {
  readonly tag: string;
  readonly winner: Digest | null;
  readonly loser: Digest | null;
}

/** A change where it was first made, and what truly was known there. */
export interface ModelChange {
  readonly id: string;
  readonly tag: string;
  readonly digest: Digest | null;
  /** The registry's name. */
  readonly by: string;
  readonly knew: ReadonlySet<string>;
}

/** What a policy knows of one name at its target. */
export interface ModelReplica extends ReplicaState {
  readonly origin: Origin;
  /** The target has been told of this very change. */
  readonly isTold: boolean;
}

/** One direction: an event-based policy with deletions. */
export interface ModelLink {
  readonly from: ModelNode;
  readonly to: ModelNode;
  cursor: number;
  readonly replicas: Map<string, ModelReplica>;
  /** Names that a task is at work on: its lane is taken. */
  readonly lanes: Set<string>;
}

/** A request on its way. */
export interface ModelRequest {
  readonly link: ModelLink;
  readonly tag: string;
  readonly digest: Digest | null;
  readonly origin: Origin;
}

/** Registries and their links, and the time that truly is. */
export interface Model {
  readonly nodes: readonly ModelNode[];
  readonly links: readonly ModelLink[];
  nowMs: number;
  readonly changes: ModelChange[];
  /** What a change's carrier knew of its tag when it journalled it, by `carriedKey`. */
  readonly knowledge: Map<string, ReadonlySet<string>>;
  /** Where a meeting was judged otherwise than it was. */
  readonly misjudged: string[];
}

/** A model in which nothing has happened. */
export function makeModel(names: readonly string[], topology: readonly Edge[]): Model {
  const nodes = names.map((name, n): ModelNode => ({
    name,
    id: `00000000-0000-4000-8000-${String(n + 1).padStart(12, "0")}`,
    skewMs: 0,
    tags: new Map(),
    clocks: new Map(),
    journal: [],
    conflicts: [],
    known: new Map(),
    heads: new Map(),
  }));
  const named = (name: string) => nodes.find((node) => node.name === name)!;
  const links = topology.map(([from, to]): ModelLink => ({
    from: named(from),
    to: named(to),
    cursor: 0,
    replicas: new Map(),
    lanes: new Set(),
  }));
  const truth = { changes: [], knowledge: new Map(), misjudged: [] };
  return { nodes, links, nowMs: START_MS, ...truth };
}

/** Somebody points `tag` at `digest` at `node`, or deletes it. */
export function change(model: Model, node: ModelNode, tag: string, digest: Digest | null): void {
  if (digest === null && !node.tags.has(tag)) return;
  const { clock } = ruled(model, node, tag, undefined);
  keep(model, node, { tag, digest, clock, origin: null });
}

/** The trigger reads at most `most` entries and stores what the planner makes of them. */
export function plan(link: ModelLink, most: number): void {
  const { from, to, replicas } = link;
  const changes = from.journal.slice(link.cursor, link.cursor + most);
  link.cursor += changes.length;
  for (const step of planEvents(planned(POLICY, to.id), changes, [...replicas.values()])) {
    const before = replicas.get(keyOf(step));
    const isSettled = step.operation === "settle";
    if (isSettled && step.digest === null) {
      replicas.delete(keyOf(step));
      continue;
    }
    const arrived = isSettled ? step.digest : (before?.arrived ?? null);
    replicas.set(keyOf(step), {
      repository: step.repository,
      reference: step.reference,
      origin: step.origin,
      wanted: step.digest,
      arrived,
      sent: before?.sent ?? null,
      isTold: isSettled,
    });
  }
}

/** What tasks could be at work on. */
export function waiting(link: ModelLink): ModelReplica[] {
  return [...link.replicas.values()].filter(
    (replica) => !replica.isTold && !link.lanes.has(keyOf(replica)),
  );
}

/** A task takes a replica: the request that it sends. */
export function send(link: ModelLink, { reference, wanted, origin }: ModelReplica): ModelRequest {
  link.lanes.add(keyOf({ repository: REPOSITORY, reference }));
  return { link, tag: reference, digest: wanted, origin };
}

/** The target applies a request, in time or late. */
export function apply(model: Model, { link, tag, digest, origin }: ModelRequest): void {
  const node = link.to;
  const there = node.tags.get(tag) ?? null;
  const { clock, standing } = ruled(model, node, tag, origin.clock);
  const before = node.clocks.get(tag) ?? null;
  const isContested = standing === "won" || standing === "lost";
  judge(model, node, { tag, origin, isContested });
  const isLate = digest === null ? standing === "won" : standing === "lost";
  // A deletion and a push that knew nothing of each other: the push stays, set anew.
  if (isContested && isLate && (digest === null) !== (there === null)) {
    const known = mergedClock(before, parseClock(origin.clock!)!);
    const stamp = nextStamp([known], node.id, model.nowMs + node.skewMs);
    const kept = there ?? digest;
    node.conflicts.push({ tag, winner: kept, loser: null });
    const made = printClock(stampedClock(known, stamp));
    keep(model, node, { tag, digest: kept, clock: made, origin: null });
    return;
  }
  const isWon = standing === "won";
  if (isContested && there !== digest) {
    const [winner, loser] = isWon ? [digest, there] : [there, digest];
    node.conflicts.push({ tag, winner, loser });
  }
  if (applies({ clock, standing })) keep(model, node, { tag, digest, clock, origin });
  else node.clocks.set(tag, parseClock(clock)!);
}

/** Compares what the clocks say of a meeting with what truly was known, and notes what is told. */
function judge(
  model: Model,
  node: ModelNode,
  { tag, origin, isContested }: { tag: string; origin: Origin; isContested: boolean },
): void {
  const known = knownOf(node, tag);
  const told = model.knowledge.get(carriedKey(origin))!;
  const head = node.heads.get(tag);
  const id = `${origin.registry}:${origin.seq}`;
  const isTruly = head !== undefined && !told.has(head) && !known.has(id);
  if (isTruly !== isContested) {
    const what = isTruly ? "no conflict, but was one" : "a conflict, but was none";
    model.misjudged.push(`${node.name}: ${id} meeting ${head} at ${tag} counted as ${what}`);
  }
  for (const one of told) known.add(one);
}

function knownOf(node: ModelNode, tag: string): Set<string> {
  const known = node.known.get(tag) ?? new Set();
  node.known.set(tag, known);
  return known;
}

const carriedKey = ({ registry, seq, path }: Origin) => `${registry}:${seq} ${path.join()}`;

/** The task hears that its request was answered. */
export function arrive({ link, tag, digest, origin }: ModelRequest): void {
  const key = keyOf({ repository: REPOSITORY, reference: tag });
  link.lanes.delete(key);
  const replica = link.replicas.get(key);
  if (!replica) return;
  if (replica.origin.clock !== origin.clock) return;
  if (digest === null) link.replicas.delete(key);
  else link.replicas.set(key, { ...replica, arrived: digest, sent: digest, isTold: true });
}

/** The task ends without an answer; another one will do it again. */
export function fail({ link, tag }: ModelRequest): void {
  link.lanes.delete(keyOf({ repository: REPOSITORY, reference: tag }));
}

function ruled(model: Model, node: ModelNode, tag: string, clock: string | undefined) {
  const catalog = { registryId: node.id, now: () => new Date(model.nowMs + node.skewMs) };
  const clocks = new Map([[tag, node.clocks.get(tag) ?? null]]);
  return rule({ catalog } as never, clock === undefined ? {} : { clock }, clocks).get(tag)!;
}

interface Kept {
  readonly tag: string;
  readonly digest: Digest | null;
  readonly clock: string;
  /** Null for a change that is made here. */
  readonly origin: Origin | null;
}

function keep(model: Model, node: ModelNode, { tag, digest, clock, origin }: Kept): void {
  if (digest === null) node.tags.delete(tag);
  else node.tags.set(tag, digest);
  node.clocks.set(tag, parseClock(clock)!);
  const seq = node.journal.length + 1;
  const made = origin ?? { registry: node.id, seq, path: [] };
  const carried = { registry: made.registry, seq: made.seq, path: [...made.path, node.id], clock };
  const id = `${made.registry}:${made.seq}`;
  const known = knownOf(node, tag);
  if (!origin) model.changes.push({ id, tag, digest, by: node.name, knew: new Set(known) });
  known.add(id);
  node.heads.set(tag, id);
  model.knowledge.set(carriedKey(carried), new Set(known));
  const name = { kind: "tag", repository: REPOSITORY, reference: tag } as const;
  node.journal.push({ ...name, digest, subject: null, origin: carried });
}

const POLICY: Policy = {
  id: 1,
  ...EVERYTHING,
  destEndpointId: 1,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};
