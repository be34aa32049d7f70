import type { KnownSetting } from "@entrepot/catalog";
import { LDAP_SETTINGS } from "./ldap-settings.ts";
import { OIDC_SETTINGS } from "./oidc-settings.ts";

/** Who judges passwords besides us. Source: Harbor's `auth_mode`. */
export const AUTH_MODE: KnownSetting<string> = {
  name: "auth_mode",
  type: "string",
  initial: "db_auth",
  choices: ["db_auth", "ldap_auth", "oidc_auth"],
  help: "where accounts come from beside local ones, which always work: nowhere, LDAP, OIDC",
};

/** The rows of the table of settings that directories have. */
export const DIRECTORY_SETTINGS: readonly KnownSetting[] = [
  AUTH_MODE,
  ...LDAP_SETTINGS,
  ...OIDC_SETTINGS,
];
