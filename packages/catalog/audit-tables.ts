import type { Generated } from "kysely";

/** Who did what; see `0022-settings-and-audit.sql`. Written by the audit log's chain alone. */
export interface AuditLogTable {
  n: number;
  at: Date;
  kind: string;
  operation: string;
  resource_type: string;
  resource: string;
  project: string | null;
  actor: string;
  address: string;
  user_agent: string;
  result: string;
  cause: string;
  seq: number | null;
  detail: string;
  hash: Buffer;
  /** The record of the purge that has emptied this one; null: it says what it said. */
  emptied_by: number | null;
}

/** The newest record, and the journal's newest entry among the records. */
export interface AuditHeadTable {
  single: Generated<boolean>;
  n: number;
  hash: Buffer;
  seq: number;
}

/** Hashes that were signed. */
export interface AuditSealTable {
  n: number;
  hash: Buffer;
  at: Date;
  is_anchor: boolean;
  key_id: string;
  signature: Buffer;
}

/** The last record that was sent to syslog. */
export interface AuditForwardTable {
  single: Generated<boolean>;
  n: number;
}
