export { checkStored, type MissingBlob, type Stored } from "./archive/check-stored.ts";
export { findManifests, type FoundManifests } from "./archive/find-manifests.ts";
export { type NameArchive, openNameArchive } from "./archive/open-name-archive.ts";
export { counted } from "./backup/counted.ts";
export { RESTORED as RESTORED_FROM_BACKUP, stayCalm } from "./backup/calm-down.ts";
export { decryptedWith, plain as unencrypted, readKeyFile } from "./backup/encryption.ts";
export { type Backups, openBackups } from "./backup/open-backups.ts";
export { noteFinished, unfinishedRestore } from "./backup/unfinished-restore.ts";
export {
  checkKey,
  planBackupRestore,
  type RestorePlan as BackupRestorePlan,
  type RestorePoint,
} from "./backup/plan-restore.ts";
export { restoreBackup, type Restored } from "./backup/restore-backup.ts";
export { readTargetFile } from "./backup/target-objects.ts";
export { registryObjects } from "./backup/registry-objects.ts";
export {
  BACKUP,
  DRILL,
  type BackupTarget,
  type KeptAddress,
  type TargetSettings,
} from "./backup/targets.ts";
export { type Drill, type Drills, openDrills } from "./drill/open-drills.ts";
export type { DrillReport, Scratch } from "./drill/run-drill.ts";
export { CHECK } from "./check/check-task.ts";
export { type Check, type Checks, openChecks } from "./check/open-checks.ts";
export {
  openRepairs,
  type RepairPlan,
  type Repairs,
  type StoredItem,
} from "./check/open-repairs.ts";
export {
  type CheckParameters,
  type Copies,
  type Copy,
  type Finding,
  type FindingClass,
  FINDING_CLASSES,
  INFORMATION,
  type Wanted,
} from "./check/ports.ts";
export { openMending, type Mending } from "./check/mend-pulls.ts";
export { REPAIR } from "./check/repair-task.ts";
export { type Band, bandOf } from "./history/band.ts";
export { asOf, type AsOfOptions, pastIsReadOnly } from "./history/as-of.ts";
export {
  countDifferences,
  diffMoments,
  type DifferenceCounts,
  type DiffQuery,
  type MomentDifference,
} from "./history/diff-moments.ts";
export { heldMoment, HISTORY_BEGINS, historyBegins } from "./history/held-moment.ts";
export { type Happening, history, type HistoryQuery } from "./history/history.ts";
export { lastDeletionOf, type NameAt, namesAt } from "./history/names-at.ts";
export { parseMoment, parseMomentComponent } from "./history/parse-moment.ts";
export { asJournalKind, rangeOf, type Scope } from "./history/scope.ts";
export { type Moment, momentOf, type MomentQuery } from "./moment.ts";
export type { Bin, BinEntry } from "./restore/bin.ts";
export { openRestores, RESTORE, type Restores } from "./restore/open-restores.ts";
export type {
  ComingBack,
  OpenBackup,
  PlanItem,
  RestorableKind,
  RestorePlan,
  RestoreRequest,
  Verdict,
} from "./restore/ports.ts";
export { parseScope, projectOfScope } from "./restore/scope.ts";
