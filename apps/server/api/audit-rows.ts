import type { Identity } from "@entrepot/access";
import { AUDIT_FIELDS, type AuditRecord, type Filter, parseQuery } from "@entrepot/api";
import type { AuditLogTable } from "@entrepot/catalog";
import { type RawBuilder, type Selectable, sql, type SqlBool } from "kysely";
import type { ApiOptions } from "./app.ts";
import { type Columns, whereOf } from "./sql-filter.ts";

/** A record with where its request came from. */
export type FoundRecord = Selectable<AuditLogTable> & {
  /** Of a change, the address and user agent of its request. */
  readonly came_from: string;
  readonly came_with: string;
};

const COLUMNS: Columns<typeof AUDIT_FIELDS> = {
  id: sql`audit_log.n`,
  username: sql`audit_log.actor`,
  operation: sql`audit_log.operation`,
  resource: sql`audit_log.resource`,
  resource_type: sql`audit_log.resource_type`,
  op_time: sql`audit_log.at`,
  kind: sql`audit_log.kind`,
  result: sql`audit_log.result`,
  project: sql`audit_log.project`,
  client_address: sql`audit_log.address`,
  cause: sql`audit_log.cause`,
};

/** Of a change, its request tells from where it came. */
const ofRequest = (column: "address" | "user_agent") => sql<string>`
  CASE WHEN audit_log.kind <> 'change' THEN ${sql.ref(`audit_log.${column}`)}
  ELSE coalesce((SELECT ${sql.ref(`request.${column}`)} FROM audit_log request
    WHERE request.cause = audit_log.cause AND request.actor = audit_log.actor
      AND request.kind = 'access'
    ORDER BY request.n LIMIT 1), '') END`;

/** Which records are asked for. */
interface AuditQuery {
  readonly q: string | undefined;
  readonly only: string | null;
  /** Those of kind `access`, too. */
  readonly every?: boolean;
}

/**
 * Records that fit `q`, of the project named `only` or of those in which `identity` may list logs;
 * with that right in the whole registry, all. A registry token sees none.
 */
export async function auditRows(
  { catalog, access }: Pick<ApiOptions, "catalog" | "access">,
  identity: Identity,
  { q, only, every = false }: AuditQuery,
) {
  const filter = parseQuery(q, AUDIT_FIELDS);
  let rows = catalog.db
    .selectFrom("audit_log")
    .selectAll("audit_log")
    .select([ofRequest("address").as("came_from"), ofRequest("user_agent").as("came_with")])
    .where("audit_log.emptied_by", "is", null)
    .where(whereOf(filter, COLUMNS))
    .where(every ? sql<SqlBool>`true` : shownKinds(filter));
  if (only !== null) return rows.where("audit_log.project", "=", only);
  if (await access.maySystem(identity, "audit-log:list")) return rows;
  const projects = [...(await access.projectsWith(identity, "log", "list")).values()];
  return rows.where(sql<SqlBool>`audit_log.project = ANY(${projects}::text[])`);
}

function shownKinds(filter: Filter<typeof AUDIT_FIELDS>): RawBuilder<SqlBool> {
  if (filter.kind ?? filter.cause) return sql<SqlBool>`true`;
  return sql<SqlBool>`audit_log.kind <> 'access'`;
}

/** A record as the API shows it. */
export function shownRecord(row: FoundRecord): AuditRecord {
  const { operation, resource_type, resource, result } = row;
  return {
    id: row.n,
    username: row.actor,
    resource,
    resource_type,
    operation,
    operation_description: `${operation} ${resource_type} ${resource}`,
    operation_result: result === "success",
    op_time: row.at.toISOString(),
    kind: row.kind as AuditRecord["kind"],
    result: result as AuditRecord["result"],
    project: row.project,
    client_address: row.came_from,
    user_agent: row.came_with,
    cause: row.cause,
    seq: row.seq,
    detail: JSON.parse(row.detail) as Record<string, unknown>,
    hash: Buffer.from(row.hash).toString("hex"),
  };
}
