import type { Catalog } from "@entrepot/catalog";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import type { Failure } from "./failure.ts";
import { IS_CHILD } from "./lag.ts";
import { DEFAULT_OPTIONS } from "./policy-options.ts";
import type { Policy } from "./ports.ts";
import { type Waiting, waitingReasons, type WaitingRow } from "./waiting.ts";

/** A name that a policy has replicated or is to replicate. */
export interface ListedReplica extends WaitingRow {
  readonly arrivedAt: Date | null;
  /** How the last attempt at it failed; null if it did not. */
  readonly failure: Failure | null;
  /** Why it has not arrived; null if it has. */
  readonly waiting: Pick<Waiting, "cause" | "why"> | null;
}

/** Which replicas of a policy. */
export interface ReplicaQuery {
  readonly policy: Policy;
  /** Only those that have not arrived. */
  readonly behind?: boolean;
  /** Children of an index that is behind as well, too. */
  readonly children?: boolean;
  /** A further condition on the table `replica`. */
  readonly where?: RawBuilder<SqlBool>;
  /** Longest behind first, instead of by name. */
  readonly oldestFirst?: boolean;
  readonly page: number;
  readonly pageSize: number;
}

type Row = WaitingRow & Pick<ListedReplica, "arrivedAt" | "failure">;

/** The replicas of a policy, one page, and how many there are on all. */
export async function listReplicas(
  { db }: Pick<Catalog, "db">,
  query: ReplicaQuery,
): Promise<{ items: ListedReplica[]; total: number }> {
  const { policy, page, pageSize } = query;
  const conditions = [
    sql`policy_id = ${policy.id}`,
    ...(query.behind ? [sql`wanted IS DISTINCT FROM arrived`] : []),
    ...(query.children ? [] : [sql`NOT (wanted IS DISTINCT FROM arrived AND ${IS_CHILD})`]),
    ...(query.where ? [query.where] : []),
  ];
  const where = sql.join(conditions, sql` AND `);
  const order = query.oldestFirst
    ? sql`wanted_since, repository, reference`
    : sql`repository, reference`;
  const [counted, found] = await Promise.all([
    sql<{ total: number }>`SELECT count(*) AS total FROM replica WHERE ${where}`.execute(db),
    sql<Row>`
      SELECT repository, reference, target, wanted, arrived, wanted_since AS "wantedSince",
             arrived_at AS "arrivedAt", attempts, last_error AS "lastError",
             CASE WHEN last_error IS NOT NULL THEN failure END AS failure,
             nullif(next_attempt, 'infinity') AS "nextAttempt",
             coalesce(next_attempt = 'infinity', false) AS stopped
      FROM replica WHERE ${where}
      ORDER BY ${order} LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}
    `.execute(db),
  ]);
  const items = await explained(db, policy, found.rows);
  return { items, total: Number(counted.rows[0]?.total ?? 0) };
}

async function explained(
  db: Catalog["db"],
  policy: Policy,
  rows: readonly Row[],
): Promise<ListedReplica[]> {
  const behind = rows.filter((row) => row.wanted !== row.arrived);
  const endpointId = (policy.destEndpointId ?? policy.srcEndpointId)!;
  const endpoint = await db
    .selectFrom("registry_endpoint")
    .select(["name", "status", "status_text"])
    .where("id", "=", endpointId)
    .executeTakeFirst();
  const about = {
    endpointId,
    endpointName: endpoint?.name ?? String(endpointId),
    push: policy.destEndpointId !== null,
    enabled: policy.enabled,
    options: { ...DEFAULT_OPTIONS, ...policy.options },
    status: endpoint?.status ?? "unhealthy",
    statusText: endpoint?.status_text ?? "",
  };
  const reasons = await waitingReasons(
    db,
    behind.map((row) => ({ ...about, row })),
  );
  const reasonOf = new Map(behind.map((row, i) => [row, reasons[i]!]));
  return rows.map((row) => {
    const reason = reasonOf.get(row);
    return { ...row, waiting: reason ? { cause: reason.cause, why: reason.why } : null };
  });
}
