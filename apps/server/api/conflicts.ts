import { routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/oci";
import { dismissConflict, listConflicts } from "@entrepot/replication";
import { type ApiOptions, type App, requires } from "./app.ts";
import { paged } from "./paged.ts";
import { ownedProjects } from "./policy-rights.ts";

const { conflicts } = routes;

/** Adds what came into each other's way. */
export function addConflicts(app: App, options: ApiOptions): void {
  const middleware = requires(options, "account");

  app.openapi({ ...conflicts.list, middleware }, async (context) => {
    const query = context.req.valid("query");
    const { items, total } = await listConflicts(options.catalog, {
      projects: await ownedProjects(options, context.get("identity"), "replication:list"),
      page: query.page,
      pageSize: query.page_size,
    });
    const shown = items.map((item) => ({
      id: item.id,
      at: item.at.toISOString(),
      repository: item.repository,
      tag: item.tag,
      winner: item.winner,
      loser: item.loser,
      winner_origin: item.winnerOrigin,
      loser_origin: item.loserOrigin,
      policy_id: item.policyId,
    }));
    return paged(context, query, { items: shown, total });
  });

  app.openapi({ ...conflicts.dismiss, middleware }, async (context) => {
    const { id } = context.req.valid("param");
    const owned = await ownedProjects(options, context.get("identity"), "replication:create");
    if (!(await dismissConflict(options.catalog, id, owned))) {
      throw new RegistryError("NOT_FOUND", `there is no conflict ${id}`);
    }
    return context.body(null, 200);
  });
}
