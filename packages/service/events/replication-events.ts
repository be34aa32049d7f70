import type { Catalog, Database } from "@entrepot/catalog";
import type { OnStatus, StatusChange } from "@entrepot/jobs";
import { sql, type Transaction } from "kysely";
import type { HookEvent } from "./hook-event.ts";
import type { LagOver } from "./ports.ts";
import { listenersTo, tell, type TellContext } from "./tell.ts";
import type { Webhook } from "./webhooks.ts";

/** The vendor of replication's executions. */
const REPLICATION = "REPLICATION";
/** Artifacts that an event names at most, of each outcome. */
const MOST_NAMED = 100;

/**
 * Tells of executions of replication that have ended, in the transaction that ends them: not of
 * every task. Once per end, also if an execution is tried again and ends again.
 */
export function onExecution(context: TellContext): OnStatus {
  return async (change, db) => {
    if (change.vendor !== REPLICATION || change.status === "Running") return;
    const all = await listenersTo(db, ["REPLICATION"]);
    if (all.length === 0) return;
    const policy = await policyOf(db, change.vendorId);
    const listeners = all.filter(
      ({ projectId, outcome }) =>
        (projectId === null || projectId === policy?.project_id) && wants(outcome, change),
    );
    if (listeners.length === 0) return;
    const event = await endOf(db, change, policy, context.host);
    await tell(
      context,
      db,
      listeners.map((webhook) => ({ webhook, event })),
    );
  };
}

function wants(outcome: Webhook["outcome"], { status }: StatusChange): boolean {
  if (outcome === "all") return true;
  return (outcome === "succeeded") === (status === "Success");
}

interface PolicyRow {
  readonly name: string;
  readonly project_id: number | null;
  readonly override: boolean;
  readonly description: string;
  readonly dest_namespace: string;
  readonly push: boolean;
  readonly type: string;
  readonly url: string;
  readonly endpoint: string;
}

async function policyOf(db: Transaction<Database>, id: number): Promise<PolicyRow | undefined> {
  const { rows } = await sql<PolicyRow>`
    SELECT policy.name, policy.project_id, policy.override, policy.description,
           policy.dest_namespace, policy.dest_endpoint_id IS NOT NULL AS push,
           endpoint.type, endpoint.url, endpoint.name AS endpoint
    FROM replication_policy policy JOIN registry_endpoint endpoint
      ON endpoint.id = coalesce(policy.dest_endpoint_id, policy.src_endpoint_id)
    WHERE policy.id = ${id}
  `.execute(db);
  return rows[0];
}

interface TaskRow {
  readonly status: string;
  readonly status_text: string;
  readonly repository: string;
  readonly reference: string;
  readonly count: number;
}

async function endOf(
  db: Transaction<Database>,
  change: StatusChange,
  policy: PolicyRow | undefined,
  host: string,
): Promise<HookEvent> {
  const { rows } = await sql<TaskRow>`
    SELECT * FROM (
      SELECT status, status_text, payload ->> 'repository' AS repository,
             payload ->> 'reference' AS reference, count(*) OVER (PARTITION BY status) AS count,
             row_number() OVER (PARTITION BY status ORDER BY id) AS place
      FROM task WHERE execution_id = ${change.id} AND payload ? 'repository'
    ) AS step WHERE place <= ${MOST_NAMED}
  `.execute(db);
  const named = (status: string) =>
    rows
      .filter((row) => row.status === status)
      .map((row) => ({
        type: "image",
        status: row.status,
        name_tag: `${row.repository}${row.reference.includes(":") ? "@" : ":"}${row.reference}`,
        ...(row.status_text !== "" && { status_text: row.status_text }),
      }));
  const at = new Date();
  const remote = {
    registry_name: policy?.endpoint ?? "",
    registry_type: policy?.type ?? "",
    endpoint: policy?.url ?? "",
    namespace: policy?.dest_namespace ?? "",
  };
  const here = { registry_name: "Local", registry_type: "harbor", endpoint: host, namespace: "" };
  return {
    // An execution that is tried again ends again, and is told of again.
    id: `execution:${change.id}:${at.getTime()}`,
    type: "REPLICATION",
    at,
    operator: change.actor,
    project: null,
    about: {
      replication: {
        harbor_hostname: host,
        job_status: change.status,
        description: policy?.description ?? "",
        artifact_type: "image",
        override_mode: policy?.override ?? true,
        trigger_type: change.trigger,
        policy_creator: change.actor,
        policy_id: change.vendorId,
        policy_name: policy?.name ?? "",
        execution_timestamp: Math.floor(at.getTime() / 1000),
        execution_id: change.id,
        src_resource: policy?.push === false ? remote : here,
        dest_resource: policy?.push === false ? here : remote,
        counts: Object.fromEntries(rows.map((row) => [row.status, row.count])),
        successful_artifact: named("Success"),
        failed_artifact: named("Error"),
      },
    },
  };
}

/**
 * Tells webhooks of targets that have come to be further behind than they allow: once, until the
 * target has caught up below the limit. May run on many nodes at once.
 */
export async function watchLag(
  catalog: Pick<Catalog, "transaction">,
  context: TellContext,
  lag: () => Promise<readonly LagOver[]>,
): Promise<void> {
  const listeners = await catalog.transaction((db) => listenersTo(db, ["REPLICATION_LAG"]));
  if (listeners.length === 0) return;
  const all = await lag();
  for (const webhook of listeners) {
    const mine = all.filter(
      ({ projectId }) => webhook.projectId === null || webhook.projectId === projectId,
    );
    const over = mine.filter(({ seconds }) => seconds > webhook.lagSeconds);
    await catalog.transaction(async (db) => {
      const ids = over.map((one) => one.policyId);
      await sql`
        DELETE FROM webhook_lag
        WHERE webhook_id = ${webhook.id} AND NOT replication_id = ANY(${ids}::integer[])
      `.execute(db);
      const { rows } = await sql<{ id: number; since: Date }>`
        INSERT INTO webhook_lag (webhook_id, replication_id)
        SELECT ${webhook.id}, policy.id FROM replication_policy policy
        WHERE policy.id = ANY(${ids}::integer[])
        ON CONFLICT DO NOTHING RETURNING replication_id AS id, since
      `.execute(db);
      const told = rows.map(({ id, since }) => ({
        webhook,
        event: lagEvent(
          over.find((one) => one.policyId === id)!,
          webhook.lagSeconds,
          since,
        ),
      }));
      await tell(context, db, told);
    });
  }
}

function lagEvent(lag: LagOver, limit: number, since: Date): HookEvent {
  return {
    id: `lag:${lag.policyId}:${since.getTime()}`,
    type: "REPLICATION_LAG",
    at: since,
    operator: "system:replication",
    project: null,
    about: {
      replication: {
        policy_id: lag.policyId,
        policy_name: lag.policyName,
        endpoint_name: lag.endpointName,
        limit_seconds: limit,
        lag_seconds: lag.seconds,
        lag_items: lag.items,
        lag_bytes: lag.bytes,
        why: lag.why,
      },
    },
  };
}
