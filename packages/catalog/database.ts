import type { ColumnType, Generated } from "kysely";

/** A jsonb column: read as a value, written as JSON text (`pg` would turn an array into text[]). */
type Json<T> = ColumnType<T, string, string>;
type JsonWithDefault<T> = ColumnType<T, string | undefined, string>;
type OptionalJson<T> = ColumnType<T | null, string | null | undefined, string | null>;

/**
 * The tables of `migrations/`, as Kysely types them. `bigint` arrives as a number, `timestamptz` as
 * a Date, `bytea` as a Buffer. Columns with a default may be left out of an insert.
 */
export interface Database {
  setting: SettingTable;
  schema_version: SchemaVersionTable;
  journal_head: JournalHeadTable;
  journal: JournalTable;
  journal_cursor: JournalCursorTable;
  account: AccountTable;
  project: ProjectTable;
  pulled: PulledTable;
  member: MemberTable;
  repository: RepositoryTable;
  repository_blob: RepositoryBlobTable;
  manifest: ManifestTable;
  manifest_reference: ManifestReferenceTable;
  tag: TagTable;
  label: LabelTable;
  artifact_label: ArtifactLabelTable;
  execution: ExecutionTable;
  task: TaskTable;
  task_log: TaskLogTable;
  schedule: ScheduleTable;
  job_line: JobLineTable;
  job_limit: JobLimitTable;
  job_pause: JobPauseTable;
  worker_pool: WorkerPoolTable;
  registry_endpoint: RegistryEndpointTable;
  replication_policy: ReplicationPolicyTable;
  replica: ReplicaTable;
  webhook_policy: WebhookPolicyTable;
  webhook_delivery: WebhookDeliveryTable;
  webhook_lag: WebhookLagTable;
  blob_transfer: BlobTransferTable;
  name_clock: NameClockTable;
  replication_conflict: ReplicationConflictTable;
  run_plan: RunPlanTable;
  run_plan_item: RunPlanItemTable;
  staged_name: StagedNameTable;
  policy_pause: PolicyPauseTable;
}

/** One value each, by key: `registry_id` and what an administrator sets. */
export interface SettingTable {
  key: string;
  value: Json<unknown>;
}

/** The migrations that were applied, and when. */
export interface SchemaVersionTable {
  version: number;
  name: string;
  applied_at: Generated<Date>;
}

/** One row, whose lock gives out `seq`. */
export interface JournalHeadTable {
  id: Generated<boolean>;
  timeline: number;
  seq: number;
  at: Date;
}

/** The journal. See `JournalEntry`; written by `commit` alone. */
export interface JournalTable {
  seq: number;
  timeline: number;
  at: Date;
  origin: string;
  origin_seq: number;
  path: string[];
  actor: string;
  cause: string;
  kind: string;
  key: string;
  after: OptionalJson<Record<string, unknown>>;
  /** Of tags and manifests; see `clock.ts`. */
  clock: string | null;
}

/** How far each reader of the journal has come. */
export interface JournalCursorTable {
  reader: string;
  seq: number;
}

/** Who may log in. */
export interface AccountTable {
  id: Generated<number>;
  username: string;
  email: Generated<string>;
  realname: Generated<string>;
  sysadmin: Generated<boolean>;
  password_hash: string;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Projects; `metadata` as Harbor has it, `public` among it. */
export interface ProjectTable {
  id: Generated<number>;
  name: string;
  owner: Generated<string>;
  metadata: JsonWithDefault<Record<string, string>>;
  /** The endpoint that it is a proxy of. */
  registry_id: number | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** When a manifest was last pulled, and how often. */
export interface PulledTable {
  repository: string;
  digest: string;
  at: Date;
  count: Generated<number>;
}

/** Who has which of Harbor's roles in which project. */
export interface MemberTable {
  id: Generated<number>;
  project_id: number;
  account_id: number;
  role: number;
}

/** Repositories, by their full names. */
export interface RepositoryTable {
  id: Generated<number>;
  project_id: number;
  name: string;
  description: Generated<string>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Which blobs a repository may serve; sizes in bytes. */
export interface RepositoryBlobTable {
  repository: string;
  digest: string;
  size: number;
  project_id: number;
  created_at: Generated<Date>;
}

/** Manifests with their bytes exactly as pushed. */
export interface ManifestTable {
  id: Generated<number>;
  repository_id: number;
  digest: string;
  media_type: string;
  size: number;
  artifact_type: string | null;
  subject: string | null;
  annotations: OptionalJson<Record<string, string>>;
  bytes: Buffer;
  pushed_at: Generated<Date>;
}

/** What a manifest points at, in its order. */
export interface ManifestReferenceTable {
  manifest_id: number;
  digest: string;
  kind: "blob" | "manifest";
  position: number;
}

/** Tags, each at a manifest of its repository. */
export interface TagTable {
  id: Generated<number>;
  repository_id: number;
  name: string;
  digest: string;
  pushed_at: Generated<Date>;
}

/** Labels; of the whole registry where there is no project. */
export interface LabelTable {
  id: Generated<number>;
  name: string;
  description: Generated<string>;
  color: Generated<string>;
  project_id: number | null;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

/** Which artifact carries which label. */
export interface ArtifactLabelTable {
  manifest_id: number;
  label_id: number;
}

/** Runs of plans. */
export interface ExecutionTable {
  id: Generated<number>;
  vendor: string;
  vendor_id: number;
  trigger: string;
  status: "Running" | "Success" | "Error" | "Stopped";
  status_text: Generated<string>;
  plan: OptionalJson<unknown>;
  actor: string;
  priority: Generated<number>;
  stop_requested: Generated<boolean>;
  start_time: Generated<Date>;
  end_time: Date | null;
}

/** Steps of executions. */
export interface TaskTable {
  id: Generated<number>;
  execution_id: number;
  kind: string;
  lane: string;
  payload: Json<Record<string, unknown>>;
  status: "Pending" | "Scheduled" | "Running" | "Success" | "Error" | "Stopped";
  status_text: Generated<string>;
  attempts: Generated<number>;
  progress: JsonWithDefault<Record<string, unknown>>;
  worker: string | null;
  line_id: number;
  ready: Generated<boolean>;
  not_before: Date | null;
  stop_requested: Generated<boolean>;
  lost: Generated<number>;
  log_bytes: Generated<number>;
  start_time: Generated<Date>;
  end_time: Date | null;
}

/** What tasks have said. */
export interface TaskLogTable {
  id: Generated<number>;
  task_id: number;
  at: Generated<Date>;
  level: string;
  text: string;
}

/** When a vendor's thing is due. */
export interface ScheduleTable {
  id: Generated<number>;
  vendor: string;
  vendor_id: number;
  cron: string;
  time_zone: Generated<string>;
  next_at: Date;
  updated_at: Generated<Date>;
}

/** Tasks that are alike to whoever claims them. */
export interface JobLineTable {
  id: Generated<number>;
  vendor: string;
  vendor_id: number;
  priority: number;
  groups: string[];
  served_at: Generated<Date>;
}

/** How many tasks of a group may run at a time, over all nodes. */
export interface JobLimitTable {
  name: string;
  most: number;
}

/** Vendors whose tasks are not claimed. */
export interface JobPauseTable {
  job_type: string;
  paused_at: Generated<Date>;
}

/** Processes that run tasks. */
export interface WorkerPoolTable {
  id: string;
  host: string;
  pid: number;
  concurrency: number;
  draining: Generated<boolean>;
  start_at: Generated<Date>;
  heartbeat_at: Generated<Date>;
}

/** Other registries; the secret is sealed. */
export interface RegistryEndpointTable {
  id: Generated<number>;
  name: string;
  description: Generated<string>;
  type: string;
  url: string;
  credential_type: Generated<string>;
  access_key: Generated<string>;
  access_secret_sealed: Buffer | null;
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

/** What a run has planned: its names by verdict, and deletions held back until confirmed. */
export interface RunPlanTable {
  execution_id: number;
  counts: JsonWithDefault<Record<string, number>>;
  complete: Generated<boolean>;
  held: Generated<number>;
  moving: Generated<boolean>;
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
