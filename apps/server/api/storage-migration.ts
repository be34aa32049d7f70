import { routes, type StorageMigration } from "@entrepot/api";
import type { StorageMove } from "../storage-move.ts";
import { type ApiOptions, type App, requires } from "./app.ts";

const { storageMigration } = routes;

/** Adds moving the storage to another place. */
export function addStorageMigration(app: App, options: ApiOptions): void {
  const { storageMove } = options;
  const middleware = requires(options, "system");

  app.openapi({ ...storageMigration.start, middleware }, async (context) => {
    await storageMove.start(context.get("actor").name);
    return context.json(await shown(storageMove), 200);
  });

  app.openapi({ ...storageMigration.status, middleware }, async (context) => {
    return context.json(await shown(storageMove), 200);
  });
}

async function shown({ configured, newest }: StorageMove): Promise<StorageMigration> {
  const run = await newest();
  if (!run) return { configured };
  const { execution, task } = run;
  const { moved, bytesSent, damaged } = task?.progress ?? {};
  return {
    configured,
    execution_id: execution.id,
    status: execution.status,
    status_text: execution.statusText || (task?.statusText ?? ""),
    moved: Number(moved ?? 0),
    bytes_sent: bytesSent ?? 0,
    damaged: Number(damaged ?? 0),
    start_time: execution.startTime.toISOString(),
    ...(execution.endTime && { end_time: execution.endTime.toISOString() }),
  };
}
