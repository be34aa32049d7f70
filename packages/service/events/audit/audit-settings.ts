import type { KnownSetting } from "@entrepot/catalog";
import { syslogTarget } from "./syslog.ts";

/** How long records are kept. */
export const AUDIT_DAYS: KnownSetting<number> = {
  name: "audit_retention_days",
  type: "number",
  initial: 365,
  least: 0,
  most: 36_500,
  help: "days that records of the audit log are kept; 0: for ever",
};

/** Whether pulls are recorded. Source: Harbor's `pull_audit_log_disable`, the other way round. */
export const AUDIT_PULLS: KnownSetting<boolean> = {
  name: "audit_log_pulls",
  type: "boolean",
  initial: false,
  help: "records pulls, too: one record for each manifest that is fetched",
};

/** Source: Harbor's `audit_log_forward_endpoint`. */
export const AUDIT_FORWARD: KnownSetting<string> = {
  name: "audit_log_forward_endpoint",
  type: "string",
  initial: "",
  help:
    "where records are sent as syslog (RFC 5424): tcp://host:port or udp://host:port; " +
    "empty: nowhere",
  wrong(value) {
    if (value === "") return null;
    return syslogTarget(value) ? null : "expected tcp://host:port or udp://host:port";
  },
};

/** The audit log's rows of the table of settings. */
export const AUDIT_SETTINGS: readonly KnownSetting[] = [AUDIT_DAYS, AUDIT_PULLS, AUDIT_FORWARD];
