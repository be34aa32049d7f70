import { type BackupTarget, routes } from "@entrepot/api";
import { RegistryError } from "@entrepot/api/client";
import type { Call } from "../call.ts";

/** The backup target that `text` names, by name or id. Throws NOT_FOUND. */
export async function backupTargetNamed(call: Call, text: string): Promise<BackupTarget> {
  let byId: BackupTarget | null = null;
  for await (const target of call.api.each(routes.backups.list, { query: {} })) {
    if (target.name === text) return target;
    if (String(target.id) === text) byId = target;
  }
  if (byId) return byId;
  throw new RegistryError("NOT_FOUND", `there is no backup target '${text}'`);
}
