import { type Actor, type Catalog, followJournal } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { RegistryError } from "@entrepot/oci";
import type { Throttle, Transfers } from "@entrepot/registry";
import { sql } from "kysely";
import { type DiffEntry, diffPolicy } from "./diff.ts";
import { type Endpoints, openEndpoints } from "./endpoints.ts";
import { openPolicies, type Policies, VENDOR } from "./policies.ts";
import { checkPolicy } from "./policy-rules.ts";
import { type PreviewEvent, type PreviewOptions, previewRun } from "./preview.ts";
import { DEFAULT_PACE, type Pace } from "./pace.ts";
import type { Connect, Policy, PolicySettings, SecretBox, Site } from "./ports.ts";
import { promoteTask, type Promotion, startPromotion } from "./promote-task.ts";
import { reconcile } from "./reconcile.ts";
import { replicateTask } from "./replicate-task.ts";
import { runTask } from "./run-task.ts";
import { openLifecycle } from "./lifecycle.ts";
import { startIfFree } from "./start-run.ts";
import { moveTask, stageTask } from "./stage-task.ts";
import { forgetOldTransfers } from "./blob-transfers.ts";
import { openTransport } from "./transport.ts";
import { STOPPED } from "./waiting.ts";
import { replicationTrigger } from "./trigger.ts";

/** What replication is made of. */
export interface ReplicationOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly box: SecretBox;
  readonly connect: Connect;
  /** Our own registry. */
  readonly local: Site;
  readonly onError?: (error: unknown) => void;
  /** How soon to try again. */
  readonly pace?: Pace | undefined;
}

/** Endpoints, policies, and the machinery that brings about what they say. */
export interface Replication {
  readonly endpoints: Endpoints;
  readonly policies: Policies;
  /** Copies everything that matches; returns the execution's id. Throws NOT_FOUND, PRECONDITION. */
  run(
    policyId: number,
    trigger: "manual" | "scheduled",
    actor: Actor,
    options?: { readonly confirmDeletions?: number },
  ): Promise<number>;
  /** Source and target side by side; see `diffPolicy`. Throws NOT_FOUND at once. */
  diff(policyId: number, signal?: AbortSignal): Promise<AsyncGenerator<DiffEntry>>;
  /**
   * What a run by hand would do, as it is found out; stores nothing. Settings need not be stored:
   * with the id of a stored policy they are planned as a change of that one.
   */
  plan(policy: Policy | PolicySettings, options: PreviewOptions): AsyncGenerator<PreviewEvent>;
  /** Brings one artifact to an endpoint, without a policy: the execution's id. NOT_FOUND. */
  promote(promotion: Promotion, actor: Actor): Promise<number>;
  /** Bounds all transfers with an endpoint together, on this node, as its settings say. */
  throttle(endpointId: number): Throttle;
  /** Remembers uploads of large blobs to an endpoint, for whoever goes on with them. */
  transfers(endpointId: number): Transfers;
  /** Stops an execution; its names stay as they are until they change or the policy runs again. */
  stop(executionId: number): Promise<boolean>;
  /** Starts reading the journal and looking after what is behind. Call on nodes that work. */
  start(): void;
  /** Ends what `start` began, and all connections. */
  close(): Promise<void>;
}

/** Opens replication; its task handlers are registered with `jobs`, so call before `jobs.start`. */
export function openReplication(options: ReplicationOptions): Replication {
  const { catalog, jobs, box, connect, local, pace = DEFAULT_PACE } = options;
  const onError = options.onError ?? (() => undefined);
  const endpoints = openEndpoints({ catalog, box, connect, jobs });
  const policies = openPolicies(catalog, jobs, openLifecycle(catalog, jobs));
  const transport = openTransport({ catalog, box, policies, endpoints });
  const parts = { catalog, policies, endpoints, local, pace, transport };
  jobs.handle(replicateTask(parts));
  jobs.handle(runTask(parts));
  jobs.handle(stageTask(parts));
  jobs.handle(moveTask(parts));
  jobs.handle(promoteTask(parts));

  const run: Replication["run"] = (policyId, trigger, actor, given = {}) =>
    startIfFree({ catalog, jobs }, { policyId, trigger, actor, ...given });
  jobs.onSchedule(VENDOR, async (policyId) => {
    await run(policyId, "scheduled", { name: "system:scheduler", cause: `schedule:${policyId}` });
  });

  let ended = (): Promise<unknown> => Promise.resolve();
  return {
    endpoints,
    policies,
    run,
    async diff(id, signal) {
      const policy = await policies.get(id);
      if (policy)
        return diffPolicy({ catalog, endpoints, local, policy, ...(signal && { signal }) });
      throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
    },
    plan: (policy, given) => previewRun(parts, plannable(policy), given),
    async promote(promotion, actor) {
      const { endpointId: id } = promotion;
      if (await endpoints.get(id)) return startPromotion(jobs, promotion, actor);
      throw new RegistryError("NOT_FOUND", `registry endpoint ${id} does not exist`);
    },
    throttle: (endpointId) => transport.to(endpointId).throttle,
    transfers: (endpointId) => transport.to(endpointId).transfers,
    stop: (executionId) => stopExecution(catalog, jobs, executionId),

    start() {
      forgetOldTransfers(catalog).catch(onError);
      const trigger = replicationTrigger(catalog, jobs);
      const reader = followJournal(catalog, trigger, { gatherMs: trigger.gatherMs, onError });
      const looking = every(pace.reconcileMs, () =>
        reconcile({ catalog, jobs, endpoints, pace, onError }).catch(onError),
      );
      ended = () => Promise.all([reader.stop(), looking()]);
    },

    async close() {
      await ended();
      await Promise.all([endpoints.close(), local.close()]);
    },
  };
}

/** Settings as the policy that they would be. Throws BAD_REQUEST for what could not be stored. */
function plannable(settings: Policy | PolicySettings): Policy {
  checkPolicy(settings);
  const at = new Date(0);
  return { id: 0, createdAt: at, updatedAt: at, ...settings };
}

/** Its tasks are cancelled; what they wanted is not taken up again by catching up. */
async function stopExecution(catalog: Catalog, jobs: Jobs, id: number): Promise<boolean> {
  if (!(await jobs.stopExecution(id))) return false;
  await sql`
    UPDATE replica SET next_attempt = 'infinity', last_error = ${`${STOPPED} ${id}`}
    FROM task
    WHERE task.execution_id = ${id} AND task.status <> 'Success'
      AND replica.policy_id = (task.payload ->> 'policyId')::integer
      AND replica.repository = task.payload ->> 'repository'
      AND replica.reference = task.payload ->> 'reference'
      AND replica.wanted IS DISTINCT FROM replica.arrived
  `.execute(catalog.db);
  return true;
}

/** Calls `work` every `ms`, never twice at once. Returns the call that ends it. */
function every(ms: number, work: () => Promise<void>): () => Promise<void> {
  let stopped = false;
  let wake = (): void => undefined;
  const loop = (async () => {
    while (!stopped) {
      await work();
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  return () => {
    stopped = true;
    wake();
    return loop;
  };
}
