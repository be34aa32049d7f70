import type { Database } from "@entrepot/catalog";
import type { TaskRun } from "@entrepot/jobs";
import { type ErrorCode, RegistryError } from "@entrepot/oci";
import { type Kysely, sql, type Transaction } from "kysely";
import { type Failure, failureOf, type FailureKind, restMs } from "./failure.ts";
import type { Pace } from "./pace.ts";
import type { ReplicaKey } from "./replicas.ts";

/**
 * What `work` returns. If it throws, why is first kept on the replica and shown with the task: at
 * every attempt, not only at the last one. Being stopped, or handing over, is no failure.
 */
export async function notingFailure<T>(
  db: Kysely<Database>,
  run: TaskRun,
  key: ReplicaKey,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (run.draining.aborted && error === run.draining.reason) {
      run.log("info", "handed over: this node stops, and another goes on from here");
    } else if (!run.signal.aborted) {
      const failure = failureOf(error);
      run.progress({ stage: "failed", failure });
      // What failed is the news; a database that is away as well will be told of elsewhere.
      await storeFailure(db, key, failure).catch(() => undefined);
    }
    throw error;
  }
}

/** How the last attempt at a name failed; null if it did not. */
export async function lastFailureKind(
  db: Kysely<Database>,
  key: ReplicaKey,
): Promise<FailureKind | null> {
  const row = await db
    .selectFrom("replica")
    .select(sql<FailureKind | null>`failure ->> 'kind'`.as("kind"))
    .where("policy_id", "=", key.policyId)
    .where("repository", "=", key.repository)
    .where("reference", "=", key.reference)
    .where("last_error", "is not", null)
    .executeTakeFirst();
  return row?.kind ?? null;
}

/** A name whose task has failed for good: when it is taken up again depends on why. */
export async function rest(
  db: Transaction<Database>,
  key: ReplicaKey,
  error: unknown,
  pace: Pace,
): Promise<void> {
  const failure = failureOf(error);
  await storeFailure(db, key, failure);
  await db
    .updateTable("replica")
    .set((row) => ({
      attempts: row("attempts", "+", 1),
      // A deletion that the target refuses is not asked for again: see `reasonOf`.
      next_attempt: sql<Date>`CASE WHEN wanted IS NULL AND ${isRefusal(error)}
        THEN 'infinity'::timestamptz ELSE ${new Date(Date.now() + restMs(error, pace))} END`,
    }))
    .where("policy_id", "=", key.policyId)
    .where("repository", "=", key.repository)
    .where("reference", "=", key.reference)
    .execute();
}

const REFUSALS = new Set<ErrorCode>(["DENIED", "FORBIDDEN", "METHOD_NOT_ALLOWED", "UNSUPPORTED"]);

const isRefusal = (error: unknown): boolean =>
  error instanceof RegistryError && REFUSALS.has(error.code);

/**
 * Takes up again at once what rested because endpoint `id` did not let us in, and deletions that it
 * has refused for good: another account may be allowed more.
 */
export async function retryRefused(db: Kysely<Database>, id: number): Promise<void> {
  await sql`
    UPDATE replica SET next_attempt = now() FROM replication_policy policy
    WHERE policy.id = replica.policy_id
      AND ${id} IN (policy.dest_endpoint_id, policy.src_endpoint_id)
      AND last_error IS NOT NULL
      AND CASE WHEN next_attempt < 'infinity' THEN failure ->> 'kind' = 'auth'
               ELSE wanted IS NULL AND failure ->> 'message' = last_error END
  `.execute(db);
}

/** `failure` counts only while `last_error` stands: whoever clears that need not know of it. */
async function storeFailure(
  db: Kysely<Database>,
  key: ReplicaKey,
  failure: Failure,
): Promise<void> {
  await db
    .updateTable("replica")
    .set({ last_error: failure.message, failure: JSON.stringify(failure) })
    .where("policy_id", "=", key.policyId)
    .where("repository", "=", key.repository)
    .where("reference", "=", key.reference)
    .execute();
}
