import type { Catalog } from "@entrepot/catalog";
import type { Pacing } from "@entrepot/jobs";
import { type NameArchive, openNameArchive } from "@entrepot/recovery";
import { openObjectsBeside } from "@entrepot/storage";
import type { Log } from "./log.ts";
import type { OnStop } from "./stopping.ts";
import type { StorageConfig } from "./storage-settings.ts";

/** Where in the storage names lie; see docs/formats/backup.md. */
export const NAMES_FOLDER = "names";

/**
 * The archive of names in the storage, to be started; null if it is not wanted. Open the storage
 * before it, and what changes names after it: it ends with what they did last.
 */
export async function openStoredNames(
  catalog: Catalog,
  { url, keys, names }: StorageConfig,
  { log, pacing }: { readonly log: Log; readonly pacing: Pacing },
  onStop: OnStop,
): Promise<NameArchive | null> {
  if (!names) return null;
  const objects = await openObjectsBeside(url, NAMES_FOLDER, { keys: keys ?? undefined });
  onStop(() => objects.close());
  const onError = (error: unknown) => log.warn(error instanceof Error ? error.message : `${error}`);
  const archive = openNameArchive({ catalog, objects, onError, pacing });
  onStop(() => archive.close());
  return archive;
}
