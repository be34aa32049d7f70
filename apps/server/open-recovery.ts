import { setTimeout as pause } from "node:timers/promises";
import {
  openBackups,
  openChecks,
  openDrills,
  openMending,
  openRepairs,
  openRestores,
} from "@entrepot/recovery";
import { tokenBucket } from "@entrepot/replication";
import { backupPlaces } from "./backup-places.ts";
import { backupReader } from "./backup-reader.ts";
import { registryPlaces } from "./backup-registries.ts";
import { blobCopies } from "./blob-copies.ts";
import type { Parts, PartsOptions } from "./open-parts.ts";
import { pauseReplication } from "./pause-replication.ts";
import { reporting } from "./reporting.ts";
import { restorableKinds } from "./restorable-kinds.ts";
import { GRACE_MS, type OnStop } from "./stopping.ts";

/** What recovery is built on. */
type Ground = Pick<
  Parts,
  | "catalog"
  | "store"
  | "content"
  | "jobs"
  | "pacing"
  | "replication"
  | "retention"
  | "upstreams"
  | "log"
>;

/** What puts back, backs up, tries backups, and finds and heals damage. */
export function openRecovery(
  { catalog, store, content, jobs, pacing, replication, retention, upstreams, log }: Ground,
  options: Pick<PartsOptions, "backupFolders" | "storage" | "drill">,
  onStop: OnStop,
): Pick<Parts, "restores" | "backups" | "drills" | "checks" | "repairs" | "mending"> {
  const onError = reporting(log);
  const kinds = restorableKinds({ content, jobs, replication, retention });
  const { backupFolders: folders = [], storage } = options;
  const registries = registryPlaces(catalog, replication);
  const places = backupPlaces({ folders, keys: storage?.keys ?? undefined, registries });
  const { scratch, key, isElsewhere = false } = options.drill ?? { scratch: null, key: null };
  const canDrill = (recipients: readonly string[]) =>
    recipients.length === 0 || key !== null || isElsewhere;
  const backups = openBackups({
    catalog,
    store,
    jobs,
    checkAddress: places.check,
    canDrill,
    openObjects: places.open,
    throttle: tokenBucket,
    pacing,
    onError,
  });
  onStop(() => backups.close());
  const { targets } = backups;
  const restores = openRestores({
    catalog,
    store,
    jobs,
    kinds,
    openBackup: backupReader({ targets, open: places.open, key }),
    pause: (what, actor) => pauseReplication({ catalog, replication }, what, actor),
  });
  const drills = openDrills({
    catalog,
    jobs,
    targets,
    openObjects: places.open,
    scratch,
    key,
    canDrill,
  });

  const copies = blobCopies(catalog, replication.endpoints, upstreams, backups);
  const checks = openChecks({ catalog, store, jobs, throttle: tokenBucket, pacing });
  const repairs = openRepairs({ catalog, store, jobs, checks, copies });
  const onDamage = (text: string) => log.warn({ damage: text }, "damaged blob");
  const mending = openMending({ catalog, store, copies, onDamage, onError });
  onStop(() => Promise.race([mending.settled(), pause(GRACE_MS, null, { ref: false })]));
  return { restores, backups, drills, checks, repairs, mending };
}
