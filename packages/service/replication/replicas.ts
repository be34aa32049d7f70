import type { Database } from "@entrepot/catalog";
import type { NewTask } from "@entrepot/jobs";
import type { Digest } from "@entrepot/oci";
import { type Kysely, sql, type Transaction } from "kysely";
import { companionsOf } from "./companions.ts";
import { groupsOf } from "./limit-groups.ts";
import { keyOf, type ReplicaState, type Step } from "./planner.ts";
import type { Origin, Policy } from "./ports.ts";

/** The kind of the tasks that bring one name to one target. */
export const REPLICATE = "replicate";

/** The kind of the task that lists and compares both sides and plans what a whole run does. */
export const RUN = "plan";

/** What a replicate task carries: which name of which policy. The replica's row says what to do. */
export interface ReplicatePayload extends Record<string, unknown> {
  readonly policyId: number;
  readonly operation: "copy" | "delete";
  readonly repository: string;
  readonly reference: string;
  readonly target: string;
}

/** A replica's row as a task needs it. */
export interface Replica extends ReplicaState {
  readonly policyId: number;
  readonly target: string;
  readonly origin: Origin;
  /** Since when this is wanted, exactly: another value means that it is wanted anew. */
  readonly since: string;
  /** No other tag here names what is wanted, so that this target hardly has it by another. */
  readonly isAlone?: boolean;
}

/** The lane of a name at a target: one task at a time works on it. */
export function laneOf(policy: Policy, step: { target: string; reference: string }): string {
  const endpoint = policy.destEndpointId ?? "local";
  return `${endpoint}/${keyOf({ repository: step.target, reference: step.reference })}`;
}

/**
 * The same digest, but another change, which the target has not been told of: its clock is a later
 * one. What had arrived, then, was the earlier change.
 */
const CHANGED = sql`excluded.arrived_at IS NULL
  AND replica.origin ->> 'clock' IS DISTINCT FROM excluded.origin ->> 'clock'`;

/**
 * Notes in `db` what the steps asked want, and what cosign's tags on it want, and returns the tasks
 * that bring it about. What had arrived under another target name no longer counts.
 */
export async function storeSteps(
  db: Transaction<Database>,
  policy: Policy,
  asked: readonly Step[],
): Promise<NewTask[]> {
  if (asked.length === 0) return [];
  const steps = [...asked, ...(await companionsOf(db, policy, asked))];
  const column = <T>(value: (step: Step) => T) => steps.map(value);
  await sql`
    INSERT INTO replica (policy_id, repository, reference, target, wanted, arrived, wanted_since,
                         arrived_at, origin)
    SELECT ${policy.id}, repository, reference, target, digest,
           CASE WHEN settled THEN digest END, clock_timestamp(),
           CASE WHEN settled THEN clock_timestamp() END, origin
    FROM unnest(${column((step) => step.repository)}::text[],
                ${column((step) => step.reference)}::text[],
                ${column((step) => step.target)}::text[],
                ${column((step) => step.digest)}::text[],
                ${column((step) => step.operation === "settle")}::boolean[],
                ${column((step) => JSON.stringify(step.origin))}::jsonb[])
      AS step (repository, reference, target, digest, settled, origin)
    ON CONFLICT (policy_id, repository, reference) DO UPDATE SET
      target = excluded.target,
      wanted = excluded.wanted,
      wanted_since = CASE WHEN replica.wanted IS DISTINCT FROM excluded.wanted OR ${CHANGED}
                          THEN excluded.wanted_since ELSE replica.wanted_since END,
      arrived = CASE WHEN excluded.arrived_at IS NOT NULL THEN excluded.arrived
                     WHEN replica.target <> excluded.target
                       OR replica.arrived = excluded.wanted AND ${CHANGED} THEN NULL
                     ELSE replica.arrived END,
      arrived_at = coalesce(excluded.arrived_at, replica.arrived_at),
      sent = CASE WHEN replica.target <> excluded.target THEN NULL
                  WHEN replica.arrived = excluded.wanted AND ${CHANGED} THEN excluded.wanted
                  ELSE replica.sent END,
      origin = excluded.origin, attempts = 0, next_attempt = NULL, last_error = NULL
  `.execute(db);
  await forgetGone(db, policy.id, steps);

  return steps
    .filter((step) => step.operation !== "settle")
    .map((step) => replicateTaskOf(policy, step));
}

/** The task that makes a step's name at the target what its replica wants. */
export function replicateTaskOf(policy: Policy, step: Step): NewTask {
  const lane = laneOf(policy, step);
  return { kind: REPLICATE, lane, payload: payloadOf(policy, step), groups: groupsOf(policy) };
}

/** A row that wants nothing and has nothing is no longer needed. */
async function forgetGone(
  db: Transaction<Database>,
  policyId: number,
  steps: readonly Step[],
): Promise<void> {
  const gone = steps.filter((step) => step.operation === "settle" && step.digest === null);
  if (gone.length === 0) return;
  await sql`
    DELETE FROM replica USING unnest(${gone.map((step) => step.repository)}::text[],
                                     ${gone.map((step) => step.reference)}::text[])
      AS gone (repository, reference)
    WHERE replica.policy_id = ${policyId} AND replica.repository = gone.repository
      AND replica.reference = gone.reference AND wanted IS NULL
  `.execute(db);
}

function payloadOf(policy: Policy, step: Step): ReplicatePayload {
  const { repository, reference, target } = step;
  const operation = step.operation === "delete" ? "delete" : "copy";
  return { policyId: policy.id, operation, repository, reference, target };
}

/** Names of a policy that a replica is asked for by. */
export interface ReplicaKey {
  readonly policyId: number;
  readonly repository: string;
  readonly reference: string;
}

interface Row {
  i: number;
  target: string;
  wanted: Digest | null;
  arrived: Digest | null;
  sent: Digest | null;
  origin: Origin;
  since: string;
  isAlone: boolean;
}

/**
 * Takes replicas to be brought up to date: notes as `sent` what is wanted, durably, before anything
 * goes out, so that after a crash it is known what may be there. An earlier `sent` of which that is
 * still unknown stays: `noteFound` is due first. Null where there is no replica.
 */
export async function takeReplicas(
  db: Kysely<Database>,
  keys: readonly ReplicaKey[],
): Promise<(Replica | null)[]> {
  const { rows } = await sql<Row>`
    UPDATE replica SET sent = CASE WHEN sent IS NULL OR sent IS NOT DISTINCT FROM arrived
                                   THEN coalesce(wanted, sent) ELSE sent END
    FROM unnest(${keys.map((key) => key.policyId)}::integer[],
                ${keys.map((key) => key.repository)}::text[],
                ${keys.map((key) => key.reference)}::text[])
      WITH ORDINALITY AS k (policy_id, repository, reference, i)
    WHERE replica.policy_id = k.policy_id AND replica.repository = k.repository
      AND replica.reference = k.reference
    RETURNING k.i, target, wanted, arrived, sent, origin, wanted_since::text AS since,
      (SELECT count(*) FROM repository JOIN tag ON tag.repository_id = repository.id
       WHERE repository.name = replica.repository AND tag.digest = replica.wanted) = 1 AS "isAlone"
  `.execute(db);
  const found: (Replica | null)[] = keys.map(() => null);
  for (const { i, ...row } of rows) found[i - 1] = { ...keys[i - 1]!, ...row };
  return found;
}

/**
 * Notes what was found at the target of a replica that had been sent something else before: if it
 * is that, then it has arrived after all. Now what is wanted counts as sent. Repeating is safe.
 */
export async function noteFound(
  db: Kysely<Database>,
  replica: Replica,
  found: Digest | null,
): Promise<Replica> {
  const arrived = found === replica.sent ? found : replica.arrived;
  await db
    .updateTable("replica")
    .set({ arrived, sent: replica.wanted })
    .where("policy_id", "=", replica.policyId)
    .where("repository", "=", replica.repository)
    .where("reference", "=", replica.reference)
    .execute();
  return { ...replica, arrived, sent: replica.wanted };
}

/** The same is wanted anew: what was brought for the first time may have gone since. */
const ANEW = sql`replica.wanted IS NOT DISTINCT FROM k.digest
  AND replica.wanted_since IS DISTINCT FROM coalesce(k.since, replica.wanted_since)`;
/** The deletion that was wanted, and no later one, which takes more, has arrived. */
const GONE = sql`replica.wanted IS NULL AND k.digest IS NULL AND NOT (${ANEW})`;

/** What a task has brought about. */
export interface Arrival extends ReplicaKey {
  /** What the target has now; null if nothing. */
  readonly digest: Digest | null;
  /** As the replica had it when it was taken; absent: whatever it has. */
  readonly since?: string;
}

/**
 * Notes what has arrived; rows whose deletion has arrived are forgotten. Repeating is safe. Returns
 * of each whether that is all: false if something else is wanted by now, or the same anew.
 */
export async function noteArrivals(
  db: Kysely<Database>,
  arrivals: readonly Arrival[],
): Promise<boolean[]> {
  const { rows } = await sql<ReplicaKey & { behind: boolean }>`
    WITH k AS (
      SELECT * FROM unnest(${arrivals.map((arrival) => arrival.policyId)}::integer[],
                           ${arrivals.map((arrival) => arrival.repository)}::text[],
                           ${arrivals.map((arrival) => arrival.reference)}::text[],
                           ${arrivals.map((arrival) => arrival.digest)}::text[],
                           ${arrivals.map(({ since }) => since ?? null)}::text[]::timestamptz[])
        AS k (policy_id, repository, reference, digest, since)
    ), gone AS (
      DELETE FROM replica USING k
      WHERE replica.policy_id = k.policy_id AND replica.repository = k.repository
        AND replica.reference = k.reference AND ${GONE}
    )
    UPDATE replica SET
      arrived = CASE WHEN ${ANEW} THEN replica.arrived ELSE k.digest END,
      arrived_at = clock_timestamp(), attempts = 0,
                       next_attempt = NULL, last_error = NULL
    FROM k
    WHERE replica.policy_id = k.policy_id AND replica.repository = k.repository
      AND replica.reference = k.reference
      AND NOT (${GONE})
    RETURNING replica.policy_id AS "policyId", replica.repository, replica.reference,
              (replica.wanted IS DISTINCT FROM k.digest OR ${ANEW}) AS behind
  `.execute(db);
  const nameOf = (key: ReplicaKey) => `${key.policyId}/${keyOf(key)}`;
  const behind = new Set(rows.filter((row) => row.behind).map(nameOf));
  return arrivals.map((arrival) => !behind.has(nameOf(arrival)));
}

/**
 * Gives up what was wanted of a name when it was taken, for good reason (the source no longer has
 * it, or the target's own is kept): what has arrived is all that is wanted. What an event has come
 * to want since stays wanted.
 */
export async function wantNoMore(
  db: Kysely<Database>,
  taken: Pick<Replica, keyof ReplicaKey | "wanted">,
): Promise<void> {
  await db
    .updateTable("replica")
    .set((row) => ({ wanted: row.ref("arrived"), next_attempt: null, last_error: null }))
    .where("policy_id", "=", taken.policyId)
    .where("repository", "=", taken.repository)
    .where("reference", "=", taken.reference)
    .where("wanted", "is not distinct from", taken.wanted)
    .execute();
}

/** References at `replica`'s target that its policy wants gone, each with why. */
export async function deletionsOf(
  db: Kysely<Database>,
  replica: Pick<Replica, "policyId" | "target">,
): Promise<Map<string, Origin>> {
  const rows = await db
    .selectFrom("replica")
    .select(["reference", "origin"])
    .where("policy_id", "=", replica.policyId)
    .where("target", "=", replica.target)
    .where("wanted", "is", null)
    .execute();
  return new Map(rows.map((row) => [row.reference, row.origin as unknown as Origin]));
}
