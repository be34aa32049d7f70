import { routes } from "@entrepot/api";
import { type ApiOptions, type App, needing, requires } from "./app.ts";
import { heldShape, holderNames } from "./garbage.ts";
import { pageOf, paged } from "./paged.ts";

const { storageUse } = routes;

/** Adds what storage is used for. */
export function addStorageUse(app: App, options: ApiOptions): void {
  const { use } = options.retention;
  const inProject = requires(options, "project:read");

  app.openapi(needing(options, storageUse.total), async (context) => {
    const { days } = context.req.valid("query");
    const { bytes, historyBytes: history_bytes } = await use.total();
    const projects = (await use.projects()).map(({ historyBytes, ...project }) => ({
      ...project,
      history_bytes: historyBytes,
    }));
    const growth = await use.growth(null, days);
    const swept = await options.sweeps.last();
    const held = swept?.report && {
      held: heldShape(swept.report, await holderNames(options)),
      held_at: (swept.execution.endTime ?? swept.execution.startTime).toISOString(),
    };
    return context.json({ bytes, history_bytes, projects, growth, ...held }, 200);
  });

  app.openapi({ ...storageUse.repositories, middleware: inProject }, async (context) => {
    const query = context.req.valid("query");
    const { items, total } = pageOf(await use.repositories(context.get("project").id), query);
    const shown = items.map(({ repository, bytes, historyBytes }) => ({
      repository,
      bytes,
      history_bytes: historyBytes,
    }));
    return paged(context, query, { items: shown, total });
  });

  app.openapi({ ...storageUse.growth, middleware: inProject }, async (context) => {
    const { days } = context.req.valid("query");
    return context.json(await use.growth(context.get("project").name, days), 200);
  });
}
