import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { loadMasterKey } from "@entrepot/access";
import { openCatalog } from "@entrepot/catalog";
import { RegistryError } from "@entrepot/oci";
import { noteFinished, type RestorePoint, stayCalm } from "@entrepot/recovery";
import type { BlobStore } from "@entrepot/storage";
import type { Config } from "./config.ts";
import { openLog } from "./log.ts";
import { openParts, type Parts } from "./open-parts.ts";
import { stoppable } from "./stopping.ts";

/** What going back to a moment came to. */
export interface WentBack {
  /** The journal's seq at that moment. */
  readonly seq: number;
  /** Names that were put back to what they were. */
  readonly names: number;
  /** Those that could not be. */
  readonly left: number;
}

const POLL_MS = 100;

/**
 * Takes a registry that was restored from a backup, and does not run yet, back to `point`, as
 * ordinary commits of one cause. Policies stay off. Throws UNPROCESSABLE for a moment that history
 * does not hold, PRECONDITION where a quota is in the way. Cut off, it may be run again.
 */
export async function goBack(
  parts: Pick<Parts, "catalog" | "jobs" | "restores">,
  point: RestorePoint,
): Promise<WentBack> {
  const { catalog, jobs, restores } = parts;
  const actor = { name: "system:restore", cause: "restore" };
  const { at, seq } = point;
  const request = { name: "", ...(at && { at }), ...(seq !== undefined && { seq }) };
  const plan = await restores.plan(request, actor);
  const { create, change, remove, conflict } = plan.counts;
  if (create + change + remove > 0) {
    const execution = await restores.execute(plan.id, actor);
    await jobs.start({ workers: 1 });
    while ((await jobs.execution(execution))?.status === "Running") await pause(POLL_MS);
    const end = await jobs.execution(execution);
    if (end?.status !== "Success") {
      await catalog.transaction(stayCalm);
      throw halfway(plan.moment!, end?.statusText ?? "");
    }
  }
  await catalog.transaction(async (db) => {
    await stayCalm(db);
    await noteFinished(db);
  });
  const { done = 0, left = 0 } = (await restores.get(plan.id)) ?? {};
  return { seq: plan.moment!, names: done, left: left + conflict };
}

/** `goBack` over the database and the storage of a server that does not run. */
export async function goBackOffline(
  { dataDir, secretKey }: Pick<Config, "dataDir" | "secretKey">,
  { databaseUrl, store }: { readonly databaseUrl: string; readonly store: BlobStore },
  point: RestorePoint,
): Promise<WentBack> {
  const { stop, ...went } = await stoppable(async (onStop) => {
    const masterKey = await loadMasterKey(join(dataDir, "secret.key"), secretKey ?? undefined);
    const catalog = await openCatalog({ url: databaseUrl });
    onStop(() => catalog.close());
    const options = { catalog, store, masterKey, log: openLog("silent") };
    return await goBack(await openParts(options, onStop), point);
  });
  await stop();
  return went;
}

function halfway(seq: number, why: string): RegistryError {
  return new RegistryError(
    "UNKNOWN",
    `the backup is restored, and going back to seq ${seq} stopped (${why}); start the registry ` +
      `with 'entrepot serve' and go on with 'entrepot restore --all --seq ${seq}'`,
  );
}
