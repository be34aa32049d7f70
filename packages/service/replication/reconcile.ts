import { anyOf, type Catalog, type Database } from "@entrepot/catalog";
import type { Jobs } from "@entrepot/jobs";
import { sql, type Transaction } from "kysely";
import type { Endpoints } from "./endpoints.ts";
import { endpointGroup } from "./limit-groups.ts";
import type { Step } from "./planner.ts";
import { VENDOR } from "./policies.ts";
import { policyOf } from "./policy-rows.ts";
import type { Pace } from "./pace.ts";
import type { Policy } from "./ports.ts";
import { laneOf, storeSteps } from "./replicas.ts";

/** How often a healthy endpoint is asked how it is, as Harbor does. */
const HEALTH_EVERY_MS = 5 * 60_000;
/** Names taken up at a time, per policy. */
const MOST = 500;

/** What looking after needs. */
export interface ReconcileOptions {
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  readonly endpoints: Endpoints;
  readonly pace: Pace;
  /** Told of what failed in the background. */
  readonly onError: (error: unknown) => void;
}

/**
 * Looks after what is behind: asks endpoints how they are (one that is unhealthy, or has names
 * behind or tasks that wait, at every call, the others every five minutes). Where one answers
 * again, what waits for it starts; of one that answers, names that it lacks and that no task is
 * working on are taken up. So a target that was down for a night catches up by itself.
 * May run on many nodes at once.
 */
export async function reconcile(options: ReconcileOptions): Promise<void> {
  const { catalog, jobs, endpoints, onError } = options;
  for (const { id, behind, status } of await endpointsToAsk(catalog)) {
    try {
      const now = await endpoints.check(id);
      if (now.status !== "healthy") continue;
      if (status === "unhealthy") await jobs.hurry(endpointGroup(id));
      if (behind > 0) await catchUp(options, id, status === "unhealthy");
    } catch (error) {
      onError(error);
    }
  }
}

interface Asked {
  readonly id: number;
  readonly behind: number;
  readonly status: string;
}

async function endpointsToAsk(catalog: Catalog): Promise<Asked[]> {
  const since = new Date(Date.now() - HEALTH_EVERY_MS);
  const { rows } = await sql<Asked>`
    SELECT * FROM (
      SELECT endpoint.id, endpoint.status, endpoint.checked_at,
             (SELECT count(*) FROM replica
              JOIN replication_policy policy ON policy.id = replica.policy_id
              WHERE endpoint.id = coalesce(policy.dest_endpoint_id, policy.src_endpoint_id)
                AND policy.enabled AND wanted IS DISTINCT FROM arrived
                AND (next_attempt IS NULL OR next_attempt < 'infinity')) AS behind,
             EXISTS (SELECT FROM task JOIN job_line ON job_line.id = task.line_id
                     WHERE task.status = 'Scheduled'
                       AND 'endpoint:' || endpoint.id = ANY(job_line.groups)) AS waited_for
      FROM registry_endpoint endpoint
    ) AS endpoint
    WHERE behind > 0 OR waited_for OR status = 'unhealthy'
      OR checked_at IS NULL OR checked_at < ${since}
    ORDER BY id
  `.execute(catalog.db);
  return rows;
}

/** Starts an execution per policy for what is behind; `all` if the endpoint has just come back. */
async function catchUp(
  { catalog, jobs, pace }: ReconcileOptions,
  endpointId: number,
  all: boolean,
): Promise<void> {
  await catalog.transaction(async (db) => {
    const policies = await db
      .selectFrom("replication_policy")
      .selectAll()
      .where((where) =>
        where.or([
          where("dest_endpoint_id", "=", endpointId),
          where("src_endpoint_id", "=", endpointId),
        ]),
      )
      .where("enabled", "=", true)
      .orderBy("id")
      .forUpdate()
      .execute();
    for (const row of policies) {
      const policy = policyOf(row);
      const steps = await stepsBehind(db, policy, all, pace);
      const tasks = await storeSteps(db, policy, steps);
      if (tasks.length === 0) continue;
      await jobs.execute(
        {
          vendor: VENDOR,
          vendorId: policy.id,
          trigger: "catch_up",
          actor: "system:replication",
          plan: steps,
          tasks,
        },
        db,
      );
    }
  });
}

async function stepsBehind(
  db: Transaction<Database>,
  policy: Policy,
  all: boolean,
  pace: Pace,
): Promise<Step[]> {
  const now = new Date();
  // A name nobody is working on is taken up again, whatever became of its task.
  const forgotten = new Date(now.getTime() - pace.catchUpMs);
  // Locked: what an event wants of one of them meanwhile must not be undone by what is stored here.
  const rows = await sql<Omit<Step, "operation">>`
    SELECT repository, reference, target, wanted AS digest, origin FROM replica
    WHERE policy_id = ${policy.id} AND wanted IS DISTINCT FROM arrived
      AND CASE WHEN next_attempt IS NULL THEN ${all} OR wanted_since < ${forgotten}
               ELSE next_attempt <= ${now} OR (${all} AND next_attempt < 'infinity') END
    ORDER BY wanted_since, repository, reference LIMIT ${MOST}
    FOR UPDATE
  `.execute(db);
  const steps = rows.rows.map((row): Step => ({
    ...row,
    operation: row.digest === null ? "delete" : "copy",
  }));
  const lanes = steps.map((step) => laneOf(policy, step));
  if (lanes.length === 0) return [];
  const busy = await db
    .selectFrom("task")
    .select("lane")
    .where("lane", "=", anyOf(lanes))
    .where("status", "in", ["Pending", "Scheduled", "Running"])
    .execute();
  const inWork = new Set(busy.map((task) => task.lane));
  return steps.filter((step, i) => !inWork.has(lanes[i]!));
}
