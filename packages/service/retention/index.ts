export { RECOVERY_DAYS } from "./recovery-days.ts";
export { UPLOAD_REST_MS } from "./upload-rest.ts";
export { openRetention, type Retention, type RetentionOptions } from "./open-retention.ts";
export { RETENTION_KINDS } from "./put-back.ts";
export type { ImmutableRules, ProjectRef } from "./immutable/immutable-rules.ts";
export type { CompileGlob, ImmutableRule, ImmutableSettings } from "./immutable/rule-settings.ts";
export { putQuota, type Quota, type Quotas, UNLIMITED } from "./quota/quotas.ts";
export type { ProjectUse, RepositoryUse, Sample, StorageUse, Use } from "./quota/storage-use.ts";
export type { RetentionPlan, Verdict } from "./rules/plan-retention.ts";
export {
  type RetentionPolicy,
  type RetentionRule,
  type RetentionSettings,
  type Template,
  TEMPLATES,
} from "./rules/policy-settings.ts";
export { RETENTION } from "./rules/retention-policies.ts";
export type { RunPayload, RunPlan } from "./rules/retention-runs.ts";
export { openSweeps, type Sweep, type Sweeps } from "./sweep/open-sweeps.ts";
export type { Held, SweepReport } from "./sweep/sweep-report.ts";
export {
  SWEEP_BEGIN,
  type SweepContext,
  type SweepParameters,
  sweepRun,
} from "./sweep/sweep-run.ts";
export { GARBAGE_COLLECTION } from "./sweep/sweep-task.ts";
