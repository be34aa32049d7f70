import type { Generated } from "kysely";
import type { Json, JsonWithDefault, OptionalJson } from "./json-column.ts";

/** Other registries; secrets are sealed. */
export interface RegistryEndpointTable {
  id: Generated<number>;
  name: string;
  description: Generated<string>;
  type: string;
  url: string;
  credential_type: Generated<string>;
  access_key: Generated<string>;
  access_secret_sealed: Buffer | null;
  proxy_password_sealed: Buffer | null;
  insecure: Generated<boolean>;
  ca_certificate: Generated<string>;
  status: Generated<"healthy" | "unhealthy">;
  status_text: Generated<string>;
  peer_id: string | null;
  options: JsonWithDefault<Record<string, unknown>>;
  checked_at: Date | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** What is replicated where, and when. */
export interface ReplicationPolicyTable {
  id: Generated<number>;
  name: string;
  description: Generated<string>;
  enabled: Generated<boolean>;
  dest_endpoint_id: number | null;
  src_endpoint_id: number | null;
  dest_namespace: Generated<string>;
  dest_namespace_replace_count: Generated<number>;
  filters: JsonWithDefault<unknown[]>;
  trigger_type: Generated<"manual" | "scheduled" | "event_based">;
  cron: Generated<string>;
  deletion: Generated<boolean>;
  override: Generated<boolean>;
  project_id: number | null;
  options: JsonWithDefault<Record<string, unknown>>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** What one policy wants at its target under one name, and what has arrived. */
export interface ReplicaTable {
  policy_id: number;
  repository: string;
  reference: string;
  target: string;
  wanted: string | null;
  arrived: string | null;
  sent: string | null;
  wanted_since: Date;
  arrived_at: Date | null;
  origin: JsonWithDefault<Record<string, unknown>>;
  attempts: Generated<number>;
  next_attempt: Date | null;
  last_error: string | null;
  failure: OptionalJson<Record<string, unknown>>;
}

/** Uploads of large blobs under way; where they are is sealed. */
export interface BlobTransferTable {
  endpoint_id: number;
  repository: string;
  digest: string;
  location_sealed: Buffer;
  offset: number;
  holder: string;
  updated_at: Generated<Date>;
}

/** What another registry says it is copying here, and under which name it has it. */
export interface AnnouncedCopyTable {
  repository: string;
  registry: string;
  source: string;
  until: Date;
}

/** What a run has planned: its names by verdict, and deletions held back until confirmed. */
export interface RunPlanTable {
  execution_id: number;
  counts: JsonWithDefault<Record<string, number>>;
  complete: Generated<boolean>;
  held: Generated<number>;
  moving: Generated<boolean>;
  compared_to: string | null;
}

/** Names of a run's plan; equal ones are only counted. */
export interface RunPlanItemTable {
  execution_id: number;
  n: Generated<number>;
  verdict: string;
  repository: string;
  reference: string;
  target: string;
  at_source: string | null;
  at_target: string | null;
}

/** What an all-or-nothing run brings by digest before its tags move. */
export interface StagedNameTable {
  execution_id: number;
  repository: string;
  reference: string;
  target: string;
  digest: string | null;
  origin: Json<Record<string, unknown>>;
  arrived: Generated<boolean>;
}

/** A disabled policy's place in the journal. */
export interface PolicyPauseTable {
  policy_id: number;
  seq: number;
}

/** The newest clock of every tag and manifest there ever was; see `clock.ts`. */
export interface NameClockTable {
  key: string;
  clock: string;
}

/** Changes of one tag that knew nothing of each other. */
export interface ReplicationConflictTable {
  id: Generated<number>;
  at: Date;
  repository: string;
  tag: string;
  winner: string | null;
  loser: string | null;
  winner_origin: string | null;
  loser_origin: string | null;
  policy_id: number | null;
}

/** Who is told of what happens. */
export interface WebhookPolicyTable {
  id: Generated<number>;
  project_id: number | null;
  name: string;
  description: Generated<string>;
  enabled: Generated<boolean>;
  event_types: string[];
  address: string;
  payload_format: string;
  auth_header_sealed: Buffer | null;
  secret_sealed: Buffer | null;
  skip_cert_verify: Generated<boolean>;
  options: JsonWithDefault<Record<string, unknown>>;
  creator: Generated<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** What a webhook was told or is to be told, and how the last attempt went. */
export interface WebhookDeliveryTable {
  id: Generated<number>;
  policy_id: number;
  event_id: string;
  event_type: string;
  content_type: string;
  body: string;
  execution_id: number | null;
  status: Generated<"Pending" | "Success" | "Error">;
  attempts: Generated<number>;
  status_code: number | null;
  duration_ms: number | null;
  answer: Generated<string>;
  error: Generated<string>;
  created_at: Generated<Date>;
  attempted_at: Date | null;
}

/** Lag over a limit that a webhook has been told of. */
export interface WebhookLagTable {
  webhook_id: number;
  replication_id: number;
  since: Generated<Date>;
}
