import type { Generated } from "kysely";
import type { Json, JsonWithDefault, OptionalJson } from "./json-column.ts";

/** A manifest that some repository no longer has, by digest; written by a trigger alone. */
export interface PastManifestTable {
  digest: string;
  media_type: string;
  /** Bytes. */
  size: number;
  artifact_type: string | null;
  subject: string | null;
  annotations: OptionalJson<Record<string, string>>;
  bytes: Buffer;
  /** When it was last deleted from a repository. */
  since: Generated<Date>;
  /** `history`, or the holder of a `history_hold`; null: nobody needed it when last looked at. */
  held_by: Generated<string | null>;
  held_until: Date | null;
}

/** What a past manifest refers to, in its order. */
export interface PastReferenceTable {
  manifest: string;
  digest: string;
  kind: "blob" | "manifest";
  position: number;
}

/** Who needs history from `seq` on, whatever its window says. */
export interface HistoryHoldTable {
  holder: string;
  seq: number;
  reason: string;
  expires_at: Date | null;
}

/** What is to be put back, planned once and then done; see recovery's `restore/`. */
export interface RestorePlanTable {
  id: Generated<number>;
  created_at: Generated<Date>;
  actor: string;
  request: Json<unknown>;
  moment: number | null;
  head: number;
  counts: OptionalJson<unknown>;
  bytes: Generated<number>;
  objections: Generated<string[]>;
  execution_id: number | null;
  done_phase: Generated<number>;
  done_rank: Generated<number>;
  done: Generated<number>;
  left_alone: Generated<number>;
}

/** A project's deletion that a restore has made good, by its seq. */
export interface ProjectReturnTable {
  name: string;
  deleted: number;
}

/** A project's deletion with all that is in it, until it is done. */
export interface ProjectDeletionTable {
  project_id: number;
  cause: string;
  at: Generated<Date>;
}

/** One name of a restore's plan. */
export interface RestoreItemTable {
  plan_id: number;
  kind: string;
  key: string;
  phase: number;
  rank: number;
  verdict: string;
  wanted: OptionalJson<Record<string, unknown>>;
  present: OptionalJson<Record<string, unknown>>;
  changed_since: Generated<boolean>;
  source: string | null;
  why: string | null;
}

/** A blob that a plan's manifests need; its size in bytes. */
export interface RestoreBlobTable {
  plan_id: number;
  digest: string;
  size: number;
}

/** What the journal does not say of a deleted webhook; written by a trigger. */
export interface PastWebhookTable {
  id: number;
  key: string;
  address: string;
  auth_header_sealed: Buffer | null;
  secret_sealed: Buffer | null;
  creator: string;
  gone_at: Generated<Date>;
}

/** Where backups go; see `0016-backups.sql`. */
export interface BackupTargetTable {
  id: Generated<number>;
  name: string;
  description: Generated<string>;
  address: string;
  /** The registry that `registry:` addresses are in. */
  endpoint_id: number | null;
  enabled: Generated<boolean>;
  cron: Generated<string>;
  time_zone: Generated<string>;
  continuous: Generated<boolean>;
  options: JsonWithDefault<Record<string, unknown>>;
  tip: OptionalJson<Record<string, unknown>>;
  lease_holder: string | null;
  lease_until: Date | null;
  last_error: Generated<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** What a backup target held at the end of a day, in bytes. */
export interface BackupSampleTable {
  target_id: number;
  /** `2026-07-01`. */
  day: string;
  bytes: number;
}

/** How far the archive of names in the blob store has come; one row. */
export interface NameArchiveTable {
  single: Generated<boolean>;
  tip: OptionalJson<Record<string, unknown>>;
  lease_holder: string | null;
  lease_until: Date | null;
  last_error: Generated<string>;
}
