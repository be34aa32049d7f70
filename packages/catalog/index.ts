export { batched, type BatchOptions } from "./batch.ts";
export {
  compareStamps,
  mergedClock,
  type NameClock,
  nextStamp,
  parseClock,
  printClock,
  type Stamp,
  stampedClock,
  type Standing,
  standingOf,
} from "./clock.ts";
export { compareWithTables, type Difference } from "./compare-with-tables.ts";
export { isTransient } from "./database-error.ts";
export type * from "./database.ts";
export { type Folded, foldJournal, type FoldLimits } from "./fold-journal.ts";
export { followJournal, type Following, type FollowOptions } from "./journal-reader.ts";
export { JOURNAL_CHANNEL } from "./journal.ts";
export { anyOf, list } from "./list.ts";
export { knownMigrations, migrate } from "./migrate.ts";
export { openCatalog, type CatalogOptions } from "./open-catalog.ts";
export { forgetNote, readNote, storeNote } from "./notes.ts";
export { openDatabase } from "./open-database.ts";
export type * from "./ports.ts";
export { type NameToPutBack, placeOfKey } from "./name-to-put-back.ts";
export { replayJournal, type State } from "./replay.ts";
export {
  accessTokenChange,
  accountChange,
  artifactLabelChange,
  endpointChange,
  immutableChange,
  labelChange,
  labelKey,
  manifestChange,
  memberChange,
  robotChange,
  policyChange,
  projectChange,
  quotaChange,
  repositoryChange,
  retentionChange,
  settingChange,
  tagChange,
  userGroupChange,
  webhookChange,
} from "./rows.ts";
export type { KnownSetting, SettingValue } from "./settings/known-setting.ts";
export {
  INITIAL_SETTINGS,
  openSettings,
  restoreSettings,
  type SettingBox,
  type Settings,
} from "./settings/open-settings.ts";
