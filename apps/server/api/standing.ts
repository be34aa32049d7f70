import {
  LAG_FIELDS,
  type OldestWaiting,
  parseQuery,
  type PolicyLag,
  REPLICA_FIELDS,
  type Replica,
  routes,
} from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { type Lag, type ListedReplica, listReplicas, readLag } from "@entrepot/replication";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import { type ApiOptions, type App, requires } from "./app.ts";
import { addDiff } from "./diff.ts";
import { keeps } from "./keeps.ts";
import { pageOf, paged } from "./paged.ts";
import { ownedPolicy, ownedProjects } from "./policy-rights.ts";
import { standingShape } from "./replica-shape.ts";
import { whereOf } from "./sql-filter.ts";
import { addWait } from "./wait.ts";

const { replicas, standing } = routes;

/** Adds how replication stands: lag, names behind, waiting for them, and comparing both sides. */
export function addStanding(app: App, options: ApiOptions): void {
  addLag(app, options);
  addReplicas(app, options);
  addWait(app, options);
  addDiff(app, options);
}

function addLag(app: App, options: ApiOptions): void {
  const middleware = requires(options, "account");
  const { db } = options.catalog;

  app.openapi({ ...standing.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const filter = parseQuery(query.q, LAG_FIELDS);
    const owned = await ownedProjects(options, context.get("identity"), "replication-policy:list");
    const all = (await readLag(db, owned ? { projectIds: [...owned.keys()] } : {})).map(shownLag);
    const wanted = all.filter(
      (lag) => keeps(filter, lag) && (!query.behind || lag.oldest !== null),
    );
    return paged(context, query, pageOf(wanted, query));
  });

  app.openapi({ ...standing.get, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    await ownedPolicy(options, context.get("identity"), id, "replication-policy:read");
    const [lag] = await readLag(db, { policyIds: [id] });
    if (lag) return context.json(shownLag(lag), 200);
    throw new RegistryError("NOT_FOUND", `replication policy ${id} does not exist`);
  });
}

function shownLag(lag: Lag): PolicyLag {
  return {
    policy_id: lag.policyId,
    policy_name: lag.policyName,
    project_id: lag.projectId,
    enabled: lag.enabled,
    trigger: lag.triggerType,
    endpoint_id: lag.endpointId,
    endpoint_name: lag.endpointName,
    lag_seconds: lag.seconds,
    lag_items: lag.items,
    lag_deletions: lag.deletions,
    lag_failing: lag.failing,
    lag_bytes: lag.bytes,
    unread_entries: lag.unread,
    oldest: lag.oldest && shownWaiting(lag.oldest),
  };
}

function shownWaiting(waiting: NonNullable<Lag["oldest"]>): OldestWaiting {
  return {
    repository: waiting.repository,
    reference: waiting.reference,
    target: waiting.target,
    wanted: waiting.wanted,
    arrived: waiting.arrived,
    wanted_since: waiting.wantedSince.toISOString(),
    attempts: waiting.attempts,
    next_attempt: waiting.nextAttempt?.toISOString() ?? null,
    cause: waiting.cause,
    why: waiting.why,
  };
}

const COLUMNS: Readonly<Record<keyof typeof REPLICA_FIELDS, RawBuilder<unknown>>> = {
  repository: sql`replica.repository`,
  reference: sql`replica.reference`,
  target: sql`replica.target`,
};

function addReplicas(app: App, options: ApiOptions): void {
  const middleware = requires(options, "account");

  app.openapi({ ...replicas.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const identity = context.get("identity");
    const { id } = context.req.valid("param");
    const policy = await ownedPolicy(options, identity, id, "replication-policy:read");
    const where: RawBuilder<SqlBool> = whereOf(parseQuery(query.q, REPLICA_FIELDS), COLUMNS);
    const { items, total } = await listReplicas(options.catalog, {
      policy,
      where,
      behind: query.behind,
      children: query.children,
      oldestFirst: query.oldest_first,
      page: query.page,
      pageSize: query.page_size,
    });
    const now = Date.now();
    return paged(context, query, { items: items.map((item) => shownReplica(item, now)), total });
  });
}

function shownReplica(item: ListedReplica, now: number): Replica {
  return {
    repository: item.repository,
    ...standingShape(item, now),
    next_attempt: item.nextAttempt?.toISOString() ?? null,
    last_error: item.lastError,
    failure: item.failure,
  };
}
