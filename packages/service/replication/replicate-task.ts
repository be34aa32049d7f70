import { batched, type Catalog } from "@entrepot/catalog";
import type { Task, TaskHandler, TaskRun } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import { sharedTransfers } from "@entrepot/registry";
import { carryOut } from "./carry-out.ts";
import type { Endpoints } from "./endpoints.ts";
import { messageOf } from "./message-of.ts";
import type { Pace } from "./pace.ts";
import type { Policies } from "./policies.ts";
import type { Site } from "./ports.ts";
import { runWindow } from "./run-window.ts";
import {
  type Arrival,
  deletionsOf,
  noteArrivals,
  noteFound,
  REPLICATE,
  type Replica,
  type ReplicaKey,
  type ReplicatePayload,
  takeReplicas,
  wantNoMore,
} from "./replicas.ts";

/** Attempts of one task; afterwards its replica stays wanted, and catching up takes it on. */
const ATTEMPTS = 6;
/** How often one run of a task begins anew because something else has come to be wanted. */
const ROUNDS = 3;

/** What the tasks of replication need. */
export interface ReplicateOptions {
  readonly catalog: Catalog;
  readonly policies: Pick<Policies, "get">;
  readonly endpoints: Pick<Endpoints, "get" | "site">;
  /** Our own registry. */
  readonly local: Site;
  readonly pace: Pace;
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

  return {
    kind: REPLICATE,
    maxAttempts: ATTEMPTS,
    waits: runWindow(policies),

    async run(run) {
      const payload = run.task.payload as ReplicatePayload;
      const policy = await policies.get(payload.policyId);
      if (!policy) return run.log("warn", "the policy has been deleted since; nothing to do");
      if (!policy.enabled) return run.log("warn", "the policy is disabled; nothing is done");
      const remote = await endpoints.site((policy.destEndpointId ?? policy.srcEndpointId)!);
      const push = policy.destEndpointId !== null;
      const [source, target] = push ? [local, remote] : [remote, local];
      const peerId = async () =>
        push ? ((await endpoints.get(policy.destEndpointId!))?.peerId ?? null) : null;
      const goingTags = (of: Replica) => deletionsOf(catalog.db, of);

      // Again where something else has come to be wanted meanwhile that has no task of its own.
      for (let round = 0; round < ROUNDS; round++) {
        run.signal.throwIfAborted();
        const taken = await take(payload);
        if (!taken) return run.log("info", "nothing is wanted here any more");
        const returning = await cameFrom(taken, target, peerId, run);
        const replica = returning ? taken : await resolved(taken, target, catalog);
        const errand = { policy, replica, source, target, run, once, goingTags };
        const arrived = returning ? replica.wanted! : await carryOut(errand);
        if (arrived === undefined) return wantNoMore(catalog.db, replica);
        if (await note({ ...replica, digest: arrived })) return;
      }
    },

    retryDelayMs: retryDelays(pace),

    async failed(task, error, db) {
      const { policyId, repository, reference } = (task as Task).payload as ReplicatePayload;
      await db
        .updateTable("replica")
        .set((row) => ({
          attempts: row("attempts", "+", 1),
          next_attempt: new Date(Date.now() + pace.catchUpMs),
          last_error: messageOf(error),
        }))
        .where("policy_id", "=", policyId)
        .where("repository", "=", repository)
        .where("reference", "=", reference)
        .execute();
    },
  };
}

/**
 * Whether what is wanted came through the target itself, so that what that has now can only be
 * newer: an event has settled it since the task was planned. Runs by hand give back what is gone.
 */
async function cameFrom(
  { wanted, origin, target: name, reference }: Replica,
  target: Site,
  peerId: () => Promise<string | null>,
  run: TaskRun,
): Promise<boolean> {
  // What was made here has passed through nobody else, and needs no further look.
  if (wanted === null || origin.path.length < 2) return false;
  const peer = await peerId();
  if (peer === null || !origin.path.includes(peer)) return false;
  const there = await target.registry(origin).repository(name).resolve(reference);
  if (there === null && run.execution.trigger === "manual") return false;
  run.log("info", `${name}:${reference} came from the target and is not sent back`);
  return true;
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

/** How long after which failure: doubling up to half a minute; longer if the registry says so. */
export function retryDelays({ retryMs }: Pace): TaskHandler["retryDelayMs"] {
  return (error, attempt) => {
    const code = error instanceof RegistryError ? error.code : "UNKNOWN";
    if (code === "DENIED" || code === "UNAUTHORIZED" || code === "UNSUPPORTED") return null;
    const doubling = Math.min(retryMs * 2 ** (attempt - 1), 30_000);
    const detail =
      error instanceof RegistryError ? (error.detail as { retryAfterMs?: number }) : {};
    return Math.max(doubling, Math.min(detail?.retryAfterMs ?? 0, 10 * 60_000));
  };
}
