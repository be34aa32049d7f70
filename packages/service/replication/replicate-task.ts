import { batched, type Catalog } from "@entrepot/catalog";
import type { Task, TaskHandler, TaskRun } from "@entrepot/jobs";
import { asDigest, type Digest, RegistryError } from "@entrepot/oci";
import {
  type CopyOptions,
  copyGraph,
  copyTag,
  type Repository,
  sharedTransfers,
} from "@entrepot/registry";
import type { Endpoints } from "./endpoints.ts";
import { messageOf } from "./message-of.ts";
import type { Pace } from "./pace.ts";
import type { Policies } from "./policies.ts";
import type { Policy, Site } from "./ports.ts";
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

/** What the task needs. */
export interface ReplicateOptions {
  readonly catalog: Catalog;
  readonly policies: Pick<Policies, "get">;
  readonly endpoints: Pick<Endpoints, "get" | "site">;
  /** Our own registry. */
  readonly local: Site;
  readonly pace: Pace;
}

/** What one run of the task works with. */
interface Errand {
  readonly policy: Policy;
  readonly replica: Replica;
  readonly source: Site;
  readonly target: Site;
  readonly run: TaskRun;
  readonly once: NonNullable<CopyOptions["once"]>;
  /** Tags of the replica's target that this policy is about to delete there. */
  readonly goingTags: (replica: Replica) => Promise<ReadonlySet<string>>;
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

    async run(run) {
      const payload = run.task.payload as ReplicatePayload;
      const policy = await policies.get(payload.policyId);
      if (!policy) return run.log("warn", "the policy has been deleted since; nothing to do");
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
        const arrived = returning ? replica.wanted! : await bring(errand);
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

const bring = (errand: Errand) => (errand.replica.wanted ? copy(errand) : remove(errand));

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

/** Returns the digest that the target has now, or undefined if nothing more is wanted of it. */
async function copy(errand: Errand): Promise<Digest | undefined> {
  const { policy, replica, run } = errand;
  const { repository, reference, origin } = replica;
  const wanted = replica.wanted!;
  const isTag = asDigest(reference) === null;
  const source = errand.source.registry(origin).repository(repository);
  const content = await source.resolve(wanted);
  if (!content) {
    run.log("warn", `${repository}@${wanted} has been deleted at the source since`);
    return undefined;
  }
  await errand.target.prepare(replica.target, () => errand.source.isPublic(repository));
  const target = errand.target.registry(origin).repository(replica.target);
  if (isTag && !policy.override && (await keepsItsOwn(target, reference, wanted))) {
    run.log("warn", `${target.name}:${reference} has another digest there and is kept (override)`);
    return undefined;
  }
  run.log("info", `copying ${repository}:${reference} (${wanted}) to ${target.name}`);
  const options = copyOptions(errand);
  const result = isTag
    ? await copyTag(source, target, reference, content, options)
    : await copyGraph(source, target, content, options);
  run.log(
    "info",
    `done: sent ${result.manifestsSent} manifests and ${result.blobsSent} blobs, ` +
      `${result.bytesSent} bytes; mounted ${result.blobsMounted}, found ${result.blobsSkipped}`,
  );
  return wanted;
}

async function keepsItsOwn(target: Repository, tag: string, wanted: Digest): Promise<boolean> {
  const there = await target.resolve(tag);
  return there !== null && there.digest !== wanted;
}

function copyOptions({ run, target, policy, once }: Errand): CopyOptions {
  let bytesSent = 0;
  let bytesTotal = 0;
  const show = () => run.progress({ stage: "copying", bytesSent, bytesTotal });
  const mountFrom = target.mountFrom?.bind(target);
  return {
    signal: run.signal,
    referrers: true,
    onBytes: (bytes) => {
      bytesSent += bytes;
      show();
    },
    onExpected: (bytes) => {
      bytesTotal += bytes;
      show();
    },
    once: (key, work) => once(`${policy.destEndpointId ?? "local"}/${key}`, work),
    ...(mountFrom && { mountFrom: (blob) => mountFrom(blob.digest) }),
  };
}

/**
 * Deletes at the target what this policy had sent, and only while the target still has it. Returns
 * null when it is gone, or undefined when the target's own is left alone.
 */
async function remove(errand: Errand): Promise<null | undefined> {
  const { replica, target, run } = errand;
  const { reference, origin, arrived, sent } = replica;
  const there = await target.registry(origin).repository(replica.target).resolve(reference);
  if (!there) {
    run.log("info", `${replica.target}:${reference} is not there any more`);
    return null;
  }
  const isTag = asDigest(reference) === null;
  if (isTag && there.digest !== arrived && there.digest !== sent) {
    run.log("warn", `${replica.target}:${reference} has been changed there and is kept`);
    return undefined;
  }
  if (isTag) {
    await target.deleteTag(replica.target, reference, origin);
  } else if (!(await removeManifest(errand))) {
    return undefined;
  }
  run.log("info", `deleted ${replica.target}:${reference} (${there.digest})`);
  return null;
}

/**
 * A manifest is deleted only if no tag there names it but those that are to be deleted as well:
 * deleting it deletes them all.
 */
async function removeManifest({ replica, target, run, goingTags }: Errand): Promise<boolean> {
  const going = await goingTags(replica);
  const repository = target.registry(replica.origin).repository(replica.target);
  let last: string | undefined;
  do {
    const page = await repository.tags({ n: 100, ...(last !== undefined && { last }) });
    for (const tag of page.items) {
      run.signal.throwIfAborted();
      if (going.has(tag) || (await repository.resolve(tag))?.digest !== replica.reference) continue;
      run.log("warn", `${replica.target}@${replica.reference} is kept: tag ${tag} names it there`);
      return false;
    }
    last = page.next ?? undefined;
  } while (last !== undefined);
  await repository.delete(replica.reference);
  return true;
}
