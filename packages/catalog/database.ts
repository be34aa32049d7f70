import type {
  ExecutionTable,
  TaskTable,
  TaskLogTable,
  ScheduleTable,
  JobLineTable,
  JobLimitTable,
  JobPauseTable,
  WorkerPoolTable,
} from "./job-tables.ts";
import type {
  SettingTable,
  SystemSettingTable,
  SchemaVersionTable,
  JournalHeadTable,
  JournalTable,
  JournalCursorTable,
  AccountTable,
  ProjectTable,
  PulledTable,
  MemberTable,
  RepositoryTable,
  RepositoryBlobTable,
  ManifestTable,
  ManifestReferenceTable,
  TagTable,
  LabelTable,
  ArtifactLabelTable,
} from "./name-tables.ts";
import type {
  AccountGroupTable,
  OidcStandingTable,
  StandingMemberView,
  UserGroupTable,
} from "./group-tables.ts";
import type {
  BackupSampleTable,
  BackupTargetTable,
  NameArchiveTable,
  HistoryHoldTable,
  PastManifestTable,
  PastReferenceTable,
  ProjectDeletionTable,
  ProjectReturnTable,
  RestorePlanTable,
  RestoreItemTable,
  RestoreBlobTable,
  PastWebhookTable,
} from "./recovery-tables.ts";
import type { PastRobotTable, RobotTable } from "./robot-tables.ts";
import type {
  BlobVerifiedTable,
  CheckFindingTable,
  RepairItemTable,
  RepairPlanTable,
} from "./check-tables.ts";
import type {
  ImmutableRuleTable,
  QuotaTable,
  RetentionPlanTable,
  RetentionPolicyTable,
  StorageSampleTable,
} from "./retention-tables.ts";
import type {
  AccessTokenTable,
  AccessTokenUseTable,
  LoginAttemptTable,
  SessionTable,
} from "./session-tables.ts";
import type {
  AuditForwardTable,
  AuditHeadTable,
  AuditLogTable,
  AuditSealTable,
} from "./audit-tables.ts";
import type {
  AnnouncedCopyTable,
  RegistryEndpointTable,
  ReplicationPolicyTable,
  ReplicaTable,
  BlobTransferTable,
  RunPlanTable,
  RunPlanItemTable,
  StagedNameTable,
  PolicyPauseTable,
  NameClockTable,
  ReplicationConflictTable,
  WebhookPolicyTable,
  WebhookDeliveryTable,
  WebhookLagTable,
} from "./replication-tables.ts";

/**
 * The tables of `migrations/`, as Kysely types them. `bigint` arrives as a number, `timestamptz` as
 * a Date, `bytea` as a Buffer. Columns with a default may be left out of an insert.
 */
export interface Database {
  setting: SettingTable;
  system_setting: SystemSettingTable;
  audit_log: AuditLogTable;
  audit_head: AuditHeadTable;
  audit_seal: AuditSealTable;
  audit_forward: AuditForwardTable;
  schema_version: SchemaVersionTable;
  journal_head: JournalHeadTable;
  journal: JournalTable;
  journal_cursor: JournalCursorTable;
  account: AccountTable;
  session: SessionTable;
  access_token: AccessTokenTable;
  access_token_use: AccessTokenUseTable;
  oidc_standing: OidcStandingTable;
  login_attempt: LoginAttemptTable;
  project: ProjectTable;
  pulled: PulledTable;
  member: MemberTable;
  user_group: UserGroupTable;
  account_group: AccountGroupTable;
  standing_member: StandingMemberView;
  repository: RepositoryTable;
  repository_blob: RepositoryBlobTable;
  past_manifest: PastManifestTable;
  past_reference: PastReferenceTable;
  history_hold: HistoryHoldTable;
  backup_target: BackupTargetTable;
  backup_sample: BackupSampleTable;
  name_archive: NameArchiveTable;
  restore_plan: RestorePlanTable;
  project_return: ProjectReturnTable;
  project_deletion: ProjectDeletionTable;
  restore_item: RestoreItemTable;
  restore_blob: RestoreBlobTable;
  past_webhook: PastWebhookTable;
  robot: RobotTable;
  past_robot: PastRobotTable;
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
  announced_copy: AnnouncedCopyTable;
  name_clock: NameClockTable;
  replication_conflict: ReplicationConflictTable;
  run_plan: RunPlanTable;
  run_plan_item: RunPlanItemTable;
  staged_name: StagedNameTable;
  policy_pause: PolicyPauseTable;
  retention_policy: RetentionPolicyTable;
  retention_plan: RetentionPlanTable;
  immutable_rule: ImmutableRuleTable;
  quota: QuotaTable;
  storage_sample: StorageSampleTable;
  blob_verified: BlobVerifiedTable;
  check_finding: CheckFindingTable;
  repair_plan: RepairPlanTable;
  repair_item: RepairItemTable;
}

export type * from "./job-tables.ts";
export type * from "./name-tables.ts";
export type * from "./replication-tables.ts";
export type * from "./recovery-tables.ts";
export type * from "./retention-tables.ts";
export type * from "./check-tables.ts";
export type * from "./audit-tables.ts";
export type * from "./session-tables.ts";
export type * from "./group-tables.ts";
export type * from "./robot-tables.ts";
