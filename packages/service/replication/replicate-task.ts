import { batched, type Catalog } from "@entrepot/catalog";
import type { Task, TaskHandler, TaskRun } from "@entrepot/jobs";
import { seenBlobs, type SeenBlobs, sharedTransfers } from "@entrepot/registry";
import { openAnnouncing } from "./announcing.ts";
import { carryOut } from "./carry-out.ts";
import { errandFacts } from "./errand-facts.ts";
import { givenBack } from "./give-back.ts";
import type { Endpoints } from "./endpoints.ts";
import { ATTEMPTS, heldBack, retryDelayMs } from "./failure.ts";
import { lastFailureKind, notingFailure, rest } from "./note-failure.ts";
import type { Pace } from "./pace.ts";
import type { Policies } from "./policies.ts";
import type { Site } from "./ports.ts";
import { waitFor } from "./run-window.ts";
import type { Transport } from "./transport.ts";
import { waitingTags } from "./tags-together.ts";
import {
  type Arrival,
  noteArrivals,
  noteFound,
  REPLICATE,
  type Replica,
  type ReplicaKey,
  type ReplicatePayload,
  takeReplicas,
  wantNoMore,
} from "./replicas.ts";

/** How often one run of a task begins anew because something else has come to be wanted. */
const ROUNDS = 3;

/** What the tasks of replication need. */
export interface ReplicateOptions {
  readonly catalog: Catalog;
  readonly policies: Pick<Policies, "get">;
  readonly endpoints: Pick<Endpoints, "get" | "site" | "reach">;
  /** Our own registry. */
  readonly local: Site;
  readonly pace: Pace;
  readonly transport: Transport;
}

/**
 * Makes one name at a target what its replica wants: a repeatable step. It does not do what its
 * plan said then, but what is wanted now, so that an older plan never overwrites a newer tag.
 */
export function replicateTask(options: ReplicateOptions): TaskHandler {
  const { catalog, policies, endpoints, local, pace } = options;
  const take = batched((keys: ReplicaKey[]) => takeReplicas(catalog.db, keys), { max: 100 });
  const note = batched((arrivals: Arrival[]) => noteArrivals(catalog.db, arrivals), { max: 100 });
  const once = sharedTransfers();
  const waiting = waitingTags();
  const announcing = openAnnouncing(catalog.registryId);
  const seenAt = seenBySite();

  // Read when the task is about to start, for both its window and its work.
  const policyOf = ofTask((task) => policies.get((task.payload as ReplicatePayload).policyId));

  const attempt = async (run: TaskRun): Promise<void> => {
    const payload = run.task.payload as ReplicatePayload;
    const policy = await policyOf(run.task);
    if (!policy) return run.log("warn", "the policy has been deleted since; nothing to do");
    if (!policy.enabled) return run.log("warn", "the policy is disabled; nothing is done");
    const endpointId = (policy.destEndpointId ?? policy.srcEndpointId)!;
    const reached = await endpoints.reach(endpointId);
    const push = policy.destEndpointId !== null;
    const [source, target] = push ? [local, reached.site] : [reached.site, local];
    const peerId = push ? reached.peerId : null;
    const { db } = catalog;
    const deep = run.attempt > 1 && (await lastFailureKind(db, payload)) === "integrity";

    // Again where something else has come to be wanted meanwhile that has no task of its own.
    for (let round = 0; round < ROUNDS; round++) {
      run.signal.throwIfAborted();
      const found = await take(payload);
      const taken = found && {
        ...found,
        origin: { ...found.origin, cause: causeOf(run, catalog) },
      };
      if (!taken) return run.log("info", "nothing is wanted here any more");
      const judges = push && taken.origin.clock !== undefined && peerId !== null;
      const wanting = judges && (await isGone(taken, target, run)) ? givenBack : same;
      const returning = await cameFrom(taken, target, peerId, run);
      const sendable = returning ? taken : await wanting(taken, options);
      const replica = returning ? taken : await resolved(sendable, target, catalog);
      const sides = { policy, replica, source, target, waiting, how: options.transport.of(policy) };
      const known = { once, seen: seenAt(policy.destEndpointId), deep, judges };
      const errand = { ...sides, run, ...known, ...errandFacts(catalog, replica) };
      const told = { target: push && peerId !== null ? target : {}, endpointId, log: run.log };
      const carry = () => announcing.during({ ...told, replica }, () => carryOut(errand));
      const arrived = returning ? replica.wanted! : await carry();
      if (arrived === undefined) return wantNoMore(catalog.db, replica);
      if (await note({ ...taken, digest: arrived })) return;
    }
  };

  return {
    kind: REPLICATE,
    maxAttempts: ATTEMPTS,
    waits: async (task) => {
      const policy = await policyOf(task);
      return policy && waitFor(policy.options, new Date());
    },

    run: (run) =>
      notingFailure(catalog.db, run, run.task.payload as ReplicatePayload, () => attempt(run)),

    retryDelayMs: retryDelays(pace),

    heldBack,
    failed: (task, error, db) => rest(db, (task as Task).payload as ReplicatePayload, error, pace),
  };
}

/** What was seen to be at an endpoint, or here. There are as many as endpoints. */
function seenBySite(): (endpointId: number | null) => SeenBlobs {
  const sites = new Map<number | null, SeenBlobs>();
  return (endpointId) => {
    const seen = sites.get(endpointId) ?? seenBlobs();
    sites.set(endpointId, seen);
    return seen;
  };
}

/** What the target calls all that one run does there. */
function causeOf(run: TaskRun, { registryId }: Catalog): string {
  return `execution-${run.execution.id}.${registryId}`;
}

/**
 * Whether what is wanted came through the target itself, so that what that has now can only be
 * newer: an event has settled it since the task was planned. Runs by hand give back what is gone.
 */
async function cameFrom(
  { wanted, origin, target: name, reference }: Replica,
  target: Site,
  peerId: string | null,
  run: TaskRun,
): Promise<boolean> {
  // What was made here has passed through nobody else, and needs no further look.
  if (wanted === null || origin.path.length < 2) return false;
  if (peerId === null || !origin.path.includes(peerId)) return false;
  const there = await target.registry(origin).repository(name).resolve(reference);
  if (there === null && run.execution.trigger === "manual") return false;
  run.log("info", `${name}:${reference} came from the target and is not sent back`);
  return true;
}

/** What `read` reads of a task, once for each time that it is run. */
function ofTask<T>(read: (task: Task) => Promise<T>): (task: Task) => Promise<T> {
  const known = new WeakMap<Task, Promise<T>>();
  return (task) => {
    const found = known.get(task) ?? read(task);
    known.set(task, found);
    return found;
  };
}

const same = async (replica: Replica) => replica;

/** Whether somebody asks by hand for a name that the target has had and has no more. */
async function isGone(replica: Replica, target: Site, run: TaskRun): Promise<boolean> {
  const { wanted, arrived, origin, reference } = replica;
  if (run.execution.trigger !== "manual" || wanted === null) return false;
  if (arrived === null && origin.path.length < 2) return false;
  return (await target.registry(origin).repository(replica.target).resolve(reference)) === null;
}

/**
 * `replica`, ready to be sent what is wanted. What was sent before without an answer may be there:
 * only who knows that may later tell it from what somebody else has put there.
 */
async function resolved(replica: Replica, target: Site, catalog: Catalog): Promise<Replica> {
  const { wanted, sent, origin, reference } = replica;
  if (wanted === null || sent === wanted) return replica;
  const there = await target.registry(origin).repository(replica.target).resolve(reference);
  return noteFound(catalog.db, replica, there?.digest ?? null);
}

/** How long after which failure the next attempt follows; see `retryDelayMs`. */
export function retryDelays(pace: Pace): TaskHandler["retryDelayMs"] {
  return (error, attempt) => retryDelayMs(error, attempt, pace);
}
