import { ACCESS_SETTINGS, DIRECTORY_SETTINGS } from "@entrepot/access";
import type { KnownSetting } from "@entrepot/catalog";
import { AUDIT_SETTINGS } from "@entrepot/events";
import { announcementOf } from "./announcement.ts";

/** Nothing may be changed. Source: Harbor's `read_only`. */
export const READ_ONLY: KnownSetting<boolean> = {
  name: "read_only",
  type: "boolean",
  initial: false,
  help: "refuses pushes, deletions and all other changes; pulls and replication out go on",
};

/** Who may create projects. Source: Harbor's `project_creation_restriction`. */
export const PROJECT_CREATION: KnownSetting<string> = {
  name: "project_creation_restriction",
  type: "string",
  initial: "adminonly",
  choices: ["everyone", "adminonly"],
  help: "who may create projects: everyone signed in, or system administrators only",
};

/** Source: Harbor's `storage_per_project`, in bytes. */
export const PROJECT_STORAGE: KnownSetting<number> = {
  name: "storage_per_project",
  type: "number",
  initial: -1,
  least: -1,
  most: 1_125_899_906_842_624,
  help: "bytes that a new project may take up where nobody says otherwise; -1: no limit",
};

/** What everybody is told. Source: Harbor's `banner_message`. */
export const BANNER: KnownSetting<string> = {
  name: "banner_message",
  type: "string",
  initial: "",
  longest: 10_000,
  help:
    "what everybody is told, as JSON: message, message_zh, type (success, info, warning or " +
    "danger), closable, fromDate and toDate; empty: nothing",
  wrong(value) {
    try {
      announcementOf(value);
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  },
};

/** The whole table of settings: every area adds its rows here. */
export const KNOWN_SETTINGS: readonly KnownSetting[] = [
  READ_ONLY,
  BANNER,
  PROJECT_CREATION,
  PROJECT_STORAGE,
  ...ACCESS_SETTINGS,
  ...AUDIT_SETTINGS,
  ...DIRECTORY_SETTINGS,
];
