import type { Database } from "@entrepot/catalog";
import { type Kysely, sql } from "kysely";
import { waitingBytes } from "./lag-bytes.ts";
import { DEFAULT_OPTIONS, type PolicyOptions } from "./policy-options.ts";
import { READER } from "./cursor.ts";
import { type Waiting, waitingReasons, type WaitingRow } from "./waiting.ts";

/** How far a policy's target is behind its source. */
export interface Lag {
  readonly policyId: number;
  readonly policyName: string;
  readonly projectId: number | null;
  readonly enabled: boolean;
  readonly triggerType: string;
  readonly endpointId: number;
  readonly endpointName: string;
  /** How long the oldest of what is behind has been wanted; 0 if nothing is behind. */
  readonly seconds: number;
  /** Names whose target is not as wanted; children of an index that is behind are not counted. */
  readonly items: number;
  /** Of these, the deletions. */
  readonly deletions: number;
  /** Of these, those that failed at least once. */
  readonly failing: number;
  /** What they hold, each blob once; null where the source's sizes are not known here. */
  readonly bytes: number | null;
  /** Entries of the journal that an event-based policy's trigger has yet to read. */
  readonly unread: number;
  /** What has been waiting longest, and why; null if nothing is behind. */
  readonly oldest: Waiting | null;
}

/** Of which policies. */
export interface LagQuery {
  /** All, if absent. */
  readonly policyIds?: readonly number[];
  /** Only those that belong to one of these projects. */
  readonly projectIds?: readonly number[];
  /** Leave out `bytes`, which cost most: null then. */
  readonly withoutBytes?: boolean;
}

type Row = Omit<Lag, "bytes" | "oldest" | "seconds"> & {
  readonly push: boolean;
  readonly options: Partial<PolicyOptions>;
  readonly status: string;
  readonly statusText: string;
  readonly since: Date | null;
  readonly oldest: WaitingRow | null;
};

/**
 * Whether a replica is a child of an index that its policy has yet to bring: it comes along. For
 * people it is one image.
 */
export const IS_CHILD = sql<boolean>`(replica.reference LIKE '%:%' AND EXISTS (
  SELECT FROM manifest_reference child
  JOIN manifest parent ON parent.id = child.manifest_id
  JOIN repository home ON home.id = parent.repository_id AND home.name = replica.repository
  JOIN replica index ON index.policy_id = replica.policy_id
    AND index.repository = replica.repository AND index.wanted = parent.digest
    AND index.wanted IS DISTINCT FROM index.arrived
  WHERE child.digest = replica.reference AND child.kind = 'manifest'))`;

/** How far each policy is behind, by id: three statements, however many there are. */
export async function readLag(
  db: Kysely<Database>,
  { withoutBytes, ...which }: LagQuery = {},
): Promise<Lag[]> {
  const rows = await readRows(db, which);
  const behind = rows.filter((row) => row.since !== null);
  const pushes = behind.filter((row) => row.push).map((row) => row.policyId);
  const [bytes, reasons] = await Promise.all([
    withoutBytes ? new Map<number, number>() : waitingBytes(db, pushes),
    waitingReasons(
      db,
      behind.map((row) => ({ ...row, options: optionsOf(row), row: row.oldest! })),
    ),
  ]);
  const oldest = new Map(behind.map((row, i) => [row.policyId, reasons[i]!]));
  const now = Date.now();
  return rows.map((row) => ({
    policyId: row.policyId,
    policyName: row.policyName,
    projectId: row.projectId,
    enabled: row.enabled,
    triggerType: row.triggerType,
    endpointId: row.endpointId,
    endpointName: row.endpointName,
    seconds: row.since ? Math.max(0, now - row.since.getTime()) / 1000 : 0,
    items: row.items,
    deletions: row.deletions,
    failing: row.failing,
    bytes: row.since ? (bytes.get(row.policyId) ?? null) : 0,
    unread: row.unread,
    oldest: oldest.get(row.policyId) ?? null,
  }));
}

const optionsOf = (row: Row): PolicyOptions => ({ ...DEFAULT_OPTIONS, ...row.options });

async function readRows(
  db: Kysely<Database>,
  { policyIds, projectIds }: Omit<LagQuery, "withoutBytes">,
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    SELECT policy.id AS "policyId", policy.name AS "policyName", policy.project_id AS "projectId",
           policy.enabled, policy.trigger_type AS "triggerType", policy.options,
           policy.dest_endpoint_id IS NOT NULL AS push,
           endpoint.id AS "endpointId", endpoint.name AS "endpointName",
           endpoint.status, endpoint.status_text AS "statusText",
           behind.since, behind.items, behind.deletions, behind.failing,
           CASE WHEN policy.enabled AND policy.trigger_type = 'event_based'
             THEN greatest(0, head.seq - coalesce(reader.seq, 0)) ELSE 0 END AS unread,
           to_jsonb(oldest) AS oldest
    FROM replication_policy policy
    JOIN registry_endpoint endpoint
      ON endpoint.id = coalesce(policy.dest_endpoint_id, policy.src_endpoint_id)
    CROSS JOIN journal_head head
    LEFT JOIN journal_cursor reader ON reader.reader = ${READER}
    CROSS JOIN LATERAL (
      SELECT min(wanted_since) AS since, count(*) FILTER (WHERE NOT ${IS_CHILD}) AS items,
             count(*) FILTER (WHERE wanted IS NULL) AS deletions,
             count(*) FILTER (WHERE attempts > 0) AS failing
      FROM replica WHERE policy_id = policy.id AND wanted IS DISTINCT FROM arrived
    ) AS behind
    LEFT JOIN LATERAL (
      SELECT repository, reference, target, wanted, arrived, wanted_since AS "wantedSince",
             attempts, nullif(next_attempt, 'infinity') AS "nextAttempt",
             coalesce(next_attempt = 'infinity', false) AS stopped, last_error AS "lastError"
      FROM replica WHERE policy_id = policy.id AND wanted IS DISTINCT FROM arrived
      ORDER BY wanted_since, repository, reference LIMIT 1
    ) AS oldest ON true
    WHERE ${policyIds ? sql`policy.id = ANY(${policyIds}::integer[])` : sql`true`}
      AND ${projectIds ? sql`policy.project_id = ANY(${projectIds}::integer[])` : sql`true`}
    ORDER BY policy.id
  `.execute(db);
  return rows.map((row) => ({ ...row, oldest: row.oldest && revived(row.oldest) }));
}

/** Times travel in JSON as text. */
function revived(row: WaitingRow): WaitingRow {
  return {
    ...row,
    wantedSince: new Date(row.wantedSince),
    nextAttempt: row.nextAttempt && new Date(row.nextAttempt),
  };
}
