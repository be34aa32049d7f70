import { type RepositoryReplica, routes } from "@entrepot/api";
import { parseRepositoryName } from "@entrepot/oci";
import {
  type ListedReplica,
  listReplicas,
  noteAnnounced,
  type Policy,
} from "@entrepot/replication";
import { sql, type SqlBool } from "kysely";
import { type ApiOptions, type App, needing, requires } from "./app.ts";
import { standingShape } from "./replica-shape.ts";
import { repositoryNamed } from "./repository-rows.ts";

/** Names shown at most, over all policies. */
const MOST = 1_000;

/** Adds where the names of one repository are replicated to, and what is said to come to it. */
export function addRepositoryReplicas(app: App, options: ApiOptions): void {
  const { access, catalog, replication } = options;
  const middleware = requires(options, "artifact:list");

  app.openapi({ ...routes.replicas.ofRepository, middleware }, async (context) => {
    const project = context.get("project").name;
    const { repository_name: rest } = context.req.valid("param");
    const { name } = await repositoryNamed(options, `${project}/${rest}`);
    const { behind, registry_id: to = null, ...query } = context.req.valid("query");
    const references = query.references?.split(",");
    const tellsWhy = await access.may(context.get("identity"), project, "artifact", "create");
    const where = references
      ? sql<SqlBool>`(repository = ${name} AND reference = ANY(${references}::text[]))`
      : sql<SqlBool>`repository = ${name}`;
    const { rows } = await sql<{ id: number; endpoint: string }>`
      SELECT policy.id, endpoint.name AS endpoint FROM replication_policy AS policy
      JOIN registry_endpoint AS endpoint ON endpoint.id = policy.dest_endpoint_id
      WHERE EXISTS (SELECT FROM replica WHERE policy_id = policy.id AND ${where})
        AND (${to}::text IS NULL OR endpoint.peer_id = ${to} AND policy.enabled)
      ORDER BY policy.name, policy.id
    `.execute(catalog.db);

    const shown: RepositoryReplica[] = [];
    for (const { id, endpoint } of rows) {
      const policy = await replication.policies.get(id);
      if (!policy || shown.length >= MOST) continue;
      const pageSize = MOST - shown.length;
      const { items } = await listReplicas(catalog, { policy, where, behind, page: 1, pageSize });
      shown.push(...items.map((item) => shownReplica(item, policy, { endpoint, tellsWhy })));
    }
    return context.json(shown, 200);
  });

  app.openapi(needing(options, routes.replicas.announce), async (context) => {
    const { repository_name: rest } = context.req.valid("param");
    const { registry_id: registry, repository: source } = context.req.valid("json");
    const repository = parseRepositoryName(`${context.get("project").name}/${rest}`);
    await noteAnnounced(catalog, { repository, registry, source: parseRepositoryName(source) });
    await options.upstreams.refresh();
    return context.body(null, 200);
  });
}

function shownReplica(
  item: ListedReplica,
  policy: Policy,
  { endpoint, tellsWhy }: { readonly endpoint: string; readonly tellsWhy: boolean },
): RepositoryReplica {
  const shown = standingShape(item, Date.now());
  return {
    policy_id: policy.id,
    policy_name: policy.name,
    endpoint_name: endpoint,
    ...shown,
    why: tellsWhy ? shown.why : "",
  };
}
