import type { KnownSetting } from "@entrepot/catalog";

/** How long a registry token lives. Source: Harbor's `token_expiration`. */
export const TOKEN_MINUTES: KnownSetting<number> = {
  name: "token_expiration",
  type: "number",
  initial: 30,
  least: 1,
  most: 1_440,
  help: "minutes that registry tokens live, and with them what was revoked since",
};

/** How long a session lasts without being used. Source: Harbor's `session_timeout`. */
export const SESSION_MINUTES: KnownSetting<number> = {
  name: "session_timeout",
  type: "number",
  initial: 720,
  least: 5,
  most: 43_200,
  help: "minutes after which an unused session of the portal ends",
};

/** How long a robot lives unless told. Source: Harbor's `robot_token_duration`. */
export const ROBOT_DAYS: KnownSetting<number> = {
  name: "robot_token_duration",
  type: "number",
  initial: 30,
  least: 1,
  most: 3_650,
  help: "days that a robot account lives where nobody says otherwise",
};

/** What robots' names begin with. Source: Harbor's `robot_name_prefix`. */
export const ROBOT_PREFIX: KnownSetting<string> = {
  name: "robot_name_prefix",
  type: "string",
  initial: "robot$",
  longest: 32,
  help: "what robot accounts' names begin with; those that exist keep their names",
  wrong: (value) =>
    /^[a-z0-9+_.-]{0,31}\$$/.test(value)
      ? null
      : "expected small letters, digits and . _ - + with $ at the end: no account has such a name",
};

/** Access' rows of the table of settings. */
export const ACCESS_SETTINGS: readonly KnownSetting[] = [
  TOKEN_MINUTES,
  SESSION_MINUTES,
  ROBOT_DAYS,
  ROBOT_PREFIX,
];
