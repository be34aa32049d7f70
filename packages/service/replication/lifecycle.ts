import type { Actor, Catalog, Commit, Database } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { type Kysely, sql, type Transaction } from "kysely";
import { lockCursor } from "./cursor.ts";
import { compileFilters } from "./filters.ts";
import { VENDOR } from "./policies.ts";
import type { Policy } from "./ports.ts";
import { REPLICATE, type ReplicatePayload, RUN } from "./replicas.ts";
import { startRun } from "./start-run.ts";

/** How long a stopped task is waited for; it ends within a second. */
const STOPPED_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** What follows for a policy's work from a change of the policy. */
export interface Lifecycle {
  /** In the transaction that stores a new policy. */
  created(policy: Policy, actor: Actor, commit: Commit): Promise<void>;
  /** In the transaction that changes it. */
  updated(before: Policy, after: Policy, actor: Actor, commit: Commit): Promise<void>;
  /** After that: ends what is no longer to be done. Repeating is safe. */
  settle(before: Policy, after: Policy): Promise<void>;
  /** Stops all that is under way; what was copied stays. Repeating is safe. */
  stopAll(policyId: number, vendor: string): Promise<void>;
}

/** The lifecycle of policies whose work is done by `jobs`. */
export function openLifecycle(catalog: Catalog, jobs: Jobs): Lifecycle {
  const stopAll: Lifecycle["stopAll"] = async (vendorId, vendor) => {
    for (;;) {
      const running = { vendor, vendorId, status: "Running", page: 1, pageSize: 100 } as const;
      const { items } = await jobs.executions(running);
      const ids = items.map(({ id }) => id);
      const stopped = await Promise.all(ids.map((id) => jobs.stopExecution(id)));
      await ended(catalog.db, sql`execution_id = ANY(${ids})`);
      if (items.length < running.pageSize || !stopped.includes(true)) return;
    }
  };

  return {
    stopAll,

    async created(policy, actor, { db }) {
      if (followsEvents(policy)) await startRun(jobs, policy, "event_based", actor, { db });
    },

    async updated(before, after, actor, { db }) {
      if (followsEvents(before) && !after.enabled) await pause(catalog, db, after.id);
      const isSame = selectionOf(before) === selectionOf(after);
      if (!isSame || after.triggerType !== "event_based") await forget(db, after.id);
      if (!followsEvents(after) || followsEvents(before)) return;
      const payload = await resume(catalog, db, after.id);
      await startRun(jobs, after, "event_based", actor, { db, payload });
    },

    async settle(before, after) {
      if (!after.enabled) return stopAll(after.id, "REPLICATION");
      if (selectionOf(before) !== selectionOf(after)) await stopUnselected(catalog, jobs, after);
    },
  };
}

const followsEvents = (policy: Policy): boolean =>
  policy.enabled && policy.triggerType === "event_based";

/** What decides which names a policy is about and where they go; as text, to be compared. */
function selectionOf(policy: Policy): string {
  const { filters, destEndpointId, srcEndpointId, deletion } = policy;
  const { destNamespace, destNamespaceReplaceCount } = policy;
  const destination = [destEndpointId, srcEndpointId, destNamespace, destNamespaceReplaceCount];
  return JSON.stringify([filters, deletion, destination]);
}

/**
 * Notes up to where in the journal a policy has followed events. Where it still catches up, it has
 * followed them only to where that began; before its first run has gone through all, nowhere.
 */
async function pause(catalog: Catalog, db: Transaction<Database>, id: number): Promise<void> {
  const seq = await lockCursor(catalog, db);
  const { rows } = await sql<{ from: number | null }>`
    SELECT (task.payload ->> 'from')::bigint AS from
    FROM execution JOIN task ON task.execution_id = execution.id
    WHERE execution.vendor = ${VENDOR} AND execution.vendor_id = ${id}
      AND execution.status = 'Running' AND execution.trigger = 'event_based'
      AND task.kind = ${RUN} AND task.end_time IS NULL AND NOT task.payload ? 'held'
  `.execute(db);
  if (rows.some(({ from }) => from === null)) return;
  await db
    .insertInto("policy_pause")
    .values({ policy_id: id, seq: Math.min(seq, ...rows.map(({ from }) => Number(from))) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function forget(db: Transaction<Database>, id: number): Promise<void> {
  await db.deleteFrom("policy_pause").where("policy_id", "=", id).execute();
}

/** What a policy that is enabled again has missed; nothing if it has to begin at the beginning. */
async function resume(
  catalog: Catalog,
  db: Transaction<Database>,
  id: number,
): Promise<{ from?: number; to?: number }> {
  const paused = await db
    .deleteFrom("policy_pause")
    .where("policy_id", "=", id)
    .returning("seq")
    .executeTakeFirst();
  if (!paused) return {};
  // What has failed for good before is due again.
  await sql`
    UPDATE replica SET next_attempt = now()
    WHERE policy_id = ${id} AND wanted IS DISTINCT FROM arrived
      AND (next_attempt IS NULL OR next_attempt < 'infinity')
  `.execute(db);
  return { from: Number(paused.seq), to: await lockCursor(catalog, db) };
}

/** Ends the copying of names that the policy no longer selects, and wants them no more. */
async function stopUnselected(catalog: Catalog, jobs: Jobs, policy: Policy): Promise<void> {
  const { db } = catalog;
  const behind = await db
    .selectFrom("replica")
    .select(["repository", "reference"])
    .where("policy_id", "=", policy.id)
    .where("wanted", "is not", null)
    .where(sql<boolean>`wanted IS DISTINCT FROM arrived`)
    .execute();
  const selection = compileFilters(policy.filters);
  const keyOf = (name: { repository: string; reference: string }) =>
    `${name.repository} ${name.reference}`;
  const out = behind.filter(
    ({ repository, reference }) =>
      !selection.repository(repository) ||
      // What travels by digest or as a signature's tag goes with what it belongs to.
      (!reference.includes(":") && !/^sha\d+-/.test(reference) && !selection.tag(reference)),
  );
  if (out.length === 0) return;
  const keys = new Set(out.map(keyOf));
  const open = await db
    .selectFrom("task")
    .select(["id", "payload"])
    .where("kind", "=", REPLICATE)
    .where(sql<boolean>`payload ->> 'policyId' = ${String(policy.id)}`)
    .where("end_time", "is", null)
    .execute();
  const ids = open
    .filter(({ payload }) => keys.has(keyOf(payload as unknown as ReplicatePayload)))
    .map(({ id }) => Number(id));
  for (const id of ids) await jobs.stopTask(id);
  await ended(db, sql`id = ANY(${ids})`);
  await sql`
    UPDATE replica SET wanted = arrived, next_attempt = NULL, last_error = NULL
    FROM unnest(${out.map((name) => name.repository)}::text[],
                ${out.map((name) => name.reference)}::text[]) AS k (repository, reference)
    WHERE policy_id = ${policy.id} AND wanted IS NOT NULL
      AND replica.repository = k.repository AND replica.reference = k.reference
  `.execute(db);
}

/** Waits until the tasks `which` have ended, a few seconds at most. */
async function ended(db: Kysely<Database>, which: ReturnType<typeof sql>): Promise<void> {
  const until = performance.now() + STOPPED_WITHIN_MS;
  for (;;) {
    const { rows } = await sql`
      SELECT FROM task WHERE ${which} AND status = 'Running' LIMIT 1
    `.execute(db);
    if (rows.length === 0 || performance.now() > until) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
